//! Makes empty stores, and the commands that the cases write into them.

use std::time::Duration;

use aiconfig_persistence::{
    AuditEntry, AuditRow, Change, ChangeRow, Commit, Head, SideEffect, Store, StoreConfig,
    WriteTransaction,
};
use aiconfig_testsupport::PgServer;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

/// Where a store may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SqliteFile,
    SqliteMemory,
    Postgres,
}

/// One empty database.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    url: String,
    _folder: tempfile::TempDir,
}

pub(crate) const DEPLOYMENT: [u8; 16] = *b"sixteen bytes id";

impl Place {
    pub(crate) fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match kind {
            Kind::SqliteFile => {
                format!("sqlite://{}", folder.path().join("aiconfig.db").display())
            }
            Kind::SqliteMemory => "sqlite::memory:".to_owned(),
            Kind::Postgres => PgServer::shared().create_database(),
        };
        Self::at(kind, url, folder)
    }

    /// A database of a server that a case has for itself.
    pub(crate) fn on(server: &PgServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(Kind::Postgres, server.create_database(), folder)
    }

    fn at(kind: Kind, url: String, folder: tempfile::TempDir) -> Self {
        Self {
            kind,
            url,
            _folder: folder,
        }
    }

    pub(crate) fn config(&self) -> StoreConfig {
        StoreConfig {
            call_timeout: Duration::from_secs(20),
            acquire_timeout: Duration::from_secs(10),
            ..StoreConfig::new(self.url.as_str().into())
        }
    }

    /// The same with something put behind the URL.
    pub(crate) fn config_with(&self, suffix: &str) -> StoreConfig {
        StoreConfig {
            url: format!("{}{suffix}", self.url).into(),
            ..self.config()
        }
    }

    pub(crate) async fn connect(&self) -> Store {
        Store::connect(&self.config()).await.unwrap()
    }

    /// A store with all tables.
    pub(crate) async fn store(&self) -> Store {
        let store = self.connect().await;
        store.migrate(DEPLOYMENT).await.unwrap();
        store
    }

    /// Another store of the same database, as a second program would have it.
    pub(crate) async fn second(&self, first: &Store) -> Store {
        match self.kind {
            Kind::SqliteMemory => first.clone(),
            Kind::SqliteFile | Kind::Postgres => self.connect().await,
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The file of the database, where it has one.
    pub(crate) fn file(&self) -> Option<&str> {
        self.url.strip_prefix("sqlite://")
    }

    /// A connection past the store, to see and to spoil what it wrote.
    pub(crate) async fn raw(&self) -> DatabaseConnection {
        Database::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn spoil(&self, sql: &str) {
        let raw = self.raw().await;
        raw.execute_unprepared(sql).await.unwrap();
        raw.close().await.unwrap();
    }
}

pub(crate) fn put(kind: &str, key: &str, value: &str) -> ChangeRow {
    ChangeRow {
        kind: kind.to_owned(),
        key: key.to_owned(),
        change: Change::Put {
            codec: 1,
            value: value.to_owned(),
        },
    }
}

pub(crate) fn delete(kind: &str, key: &str) -> ChangeRow {
    ChangeRow {
        kind: kind.to_owned(),
        key: key.to_owned(),
        change: Change::Delete,
    }
}

/// The hash of the tests: it depends on the record before, as a real one does.
pub(crate) fn hash(previous: &[u8], sequence: u64, entry: &AuditEntry) -> Vec<u8> {
    let mut sum = sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in previous.iter().chain(entry.rpc.as_bytes()) {
        sum = sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
    }
    sum.to_be_bytes().repeat(4)
}

pub(crate) fn entry(rpc: &str, revision: Option<u64>) -> AuditEntry {
    AuditEntry {
        revision,
        time_us: 1_000,
        actor: "someone".to_owned(),
        rpc: rpc.to_owned(),
        resource: "things/1".to_owned(),
        outcome: "OK".to_owned(),
        before: None,
        after: Some("{}".to_owned()),
        ..AuditEntry::default()
    }
}

/// The command that follows this head: the records with one audit record.
pub(crate) fn command(head: &Head, changes: Vec<ChangeRow>) -> Commit {
    let revision = head.revision + 1;
    let entry = entry("Write", Some(revision));
    let sequence = head.audit_sequence + 1;
    let hash = hash(&head.audit_hash, sequence, &entry);
    let time_us = head.log_time_us + 1_000;
    Commit {
        revision: Some(revision),
        time_us,
        updated_by: "someone".to_owned(),
        changes,
        texts: Vec::new(),
        side: Vec::new(),
        audit: Some(AuditRow {
            sequence,
            entry,
            prev_hash: head.audit_hash.clone(),
            hash: hash.clone(),
        }),
        answer: None,
        ledger: Vec::new(),
        new_head: Head {
            revision,
            log_time_us: time_us,
            audit_sequence: sequence,
            audit_hash: hash,
            deployment_id: head.deployment_id,
        },
    }
}

/// A command that changes nothing in the log and leaves no audit record.
pub(crate) fn nothing(head: &Head) -> Commit {
    Commit {
        revision: None,
        time_us: head.log_time_us,
        updated_by: "someone".to_owned(),
        changes: Vec::new(),
        texts: Vec::new(),
        side: Vec::new(),
        audit: None,
        answer: None,
        ledger: Vec::new(),
        new_head: head.clone(),
    }
}

pub(crate) async fn begin(store: &Store) -> WriteTransaction {
    store.begin_write().await.unwrap()
}

pub(crate) async fn write(store: &Store, changes: Vec<ChangeRow>) -> Head {
    let open = begin(store).await;
    let commit = command(open.head(), changes);
    open.commit(commit).await.unwrap()
}

pub(crate) async fn write_with(store: &Store, side: Vec<SideEffect>) -> Head {
    let open = begin(store).await;
    let commit = Commit {
        side,
        ..command(open.head(), vec![put("thing", "with", "{}")])
    };
    open.commit(commit).await.unwrap()
}
