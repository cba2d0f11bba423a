//! Applications over one database file, as processes beside each other would open it.

use std::path::PathBuf;
use std::sync::Arc;

use aiconfig_application::{
    Application, Caller, DekOptions, DekRotation, KeySlot, OpenOptions, RotationError, Sidecar,
    SystemClock, WriteCall,
};
use aiconfig_domain::{AddKey, Command, ProviderName};
use aiconfig_persistence::{SealedRows, Store, StoreConfig};
use aiconfig_vault::kek::{KekConfig, KekId, generate_file};
use aiconfig_vault::random::OsRandom;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

/// A database, and files of key-encryption keys: `primary`, and `other` that only opens.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// With a primary key-encryption key, an application on it, and so many keys of openai.
    pub(crate) async fn with_keys(count: u32) -> (Self, Arc<Application>) {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        bench.make("primary");
        let app = bench.open().await;
        for version in 1..=count {
            add_key(&app, version).await;
        }
        (bench, app)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a key-encryption key.
    pub(crate) fn make(&self, name: &str) -> KekId {
        generate_file(&self.file(name), &OsRandom).unwrap().id()
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.file(from), self.file(to)).unwrap();
    }

    pub(crate) async fn store(&self) -> Store {
        let url = format!("sqlite://{}", self.file("aiconfig.db").display());
        let store = Store::connect(&StoreConfig::new(url.into())).await.unwrap();
        store.migrate(*b"sixteen bytes id").await.unwrap();
        store
    }

    pub(crate) async fn open(&self) -> Arc<Application> {
        let options = OpenOptions {
            keks: KekConfig {
                file: Some(self.file("primary")),
                open_files: vec![self.file("other")],
                ..KekConfig::default()
            },
            clock: Box::new(SystemClock),
            random: Box::new(OsRandom),
            text_cache_bytes: 1024 * 1024,
            seed: true,
        };
        Application::open(self.store().await, options)
            .await
            .unwrap()
    }

    /// All that is sealed, as it is stored.
    pub(crate) async fn sealed(&self) -> SealedRows {
        self.store().await.sealed(None).await.unwrap()
    }

    /// The versions of the data keys that seal provider keys.
    pub(crate) async fn sealing_versions(&self) -> Vec<u32> {
        let sealed = self.sealed().await;
        let envelopes = sealed
            .envelopes
            .iter()
            .filter_map(|row| row.envelope.as_ref());
        let version = |bytes: &Vec<u8>| u32::from_be_bytes(bytes[8..12].try_into().unwrap());
        envelopes.map(version).collect()
    }
}

pub(crate) fn openai() -> ProviderName {
    ProviderName::parse("openai").unwrap()
}

pub(crate) fn secret(version: u32) -> String {
    format!("sk-test-openai-{version:08}")
}

pub(crate) fn call(app: &Application, validate_only: bool) -> WriteCall {
    WriteCall {
        caller: Caller::command_line(),
        rpc: "test",
        request_id: None,
        trace_id: app.new_trace_id(),
        body: Vec::new().into(),
        validate_only,
        reason: String::new(),
    }
}

pub(crate) async fn add_key(app: &Application, version: u32) {
    let key = secret(version).into();
    let provider = openai();
    let (mask, fingerprint) = app.describe_key(&provider, &key).unwrap();
    let command = Command::AddKey(AddKey {
        provider,
        mask,
        fingerprint,
        expected_etag: None,
    });
    let call = call(app, false);
    let written = app.write(
        &call,
        |_| Ok(command),
        Sidecar::Key(key),
        |_| (),
        |()| Vec::new(),
    );
    written.await.unwrap();
}

/// What an application has open of the keys 1 to `count`: each is the one that was added.
#[track_caller]
pub(crate) fn assert_open(app: &Application, count: u32) {
    let live = app.live();
    for version in 1..=count {
        match live.key(&openai(), version) {
            Some(KeySlot::Ready(sealed)) => {
                assert_eq!(sealed.open().unwrap().expose_secret(), secret(version));
            }
            Some(KeySlot::Unusable(error)) => assert_eq!(error.to_string(), "", "{version}"),
            None => assert_eq!(version, 0, "it is not there"),
        }
    }
}

pub(crate) const OPTIONS: DekOptions = DekOptions {
    resume: false,
    batch: 1,
};

pub(crate) async fn rotate_dek(
    app: &Application,
    resume: bool,
) -> Result<DekRotation, RotationError> {
    let options = DekOptions { resume, ..OPTIONS };
    app.rotate_dek(&call(app, false), options, &mut |_| {})
        .await
}

/// Everything opens for a process that starts now, and the audit chain holds.
pub(crate) async fn assert_whole(app: &Application) {
    let report = app.verify_vault().await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    let chain = app.verify_audit().await.unwrap();
    assert_eq!(chain.fault, None);
    assert!(app.vault_health().is_sound());
}
