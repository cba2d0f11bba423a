//! Backups under load: what was copied while clients wrote is, restored into an empty place, the
//! state that the source had at that revision.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Clients, Place, Server, account, customize, number, query, save};
use aiconfig_testsupport::{PgOptions, PgServer};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tonic::{Code, Status};

/// A key for tests.
const KEY: &str = "sk-test-0123456789abcdefghij";
/// Clients that write at the same time.
const WRITERS: i64 = 4;
/// Revisions that they write before the backup begins, and after it.
const REVISIONS: u64 = 20;
/// How long that may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// One load at a time: each takes all that the machine has.
static TURN: Mutex<()> = Mutex::const_new(());

/// The digest of each revision.
type Seen = BTreeMap<u64, String>;

/// Clients that write, and what the server said of itself after each write.
struct Load {
    writing: JoinSet<()>,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Puts a key in, then has clients write and read it as fast as they can.
    async fn begin(server: &Server) -> Self {
        let mut admin = server.clients("admin").await;
        give_key(&mut admin).await;
        let mut load = Self {
            writing: JoinSet::new(),
            seen: Arc::new(Mutex::new(Seen::from([digest(&mut admin).await]))),
            stop: Arc::default(),
        };
        for writer in 0..WRITERS {
            let writer = Writer {
                id: writer * 1_000_000,
                admin: server.clients("admin").await,
                backend: server.clients("backend").await,
                seen: Arc::clone(&load.seen),
            };
            load.writing.spawn(writer.run(Arc::clone(&load.stop)));
        }
        load.go_on().await;
        load
    }

    /// Waits while some more is written.
    async fn go_on(&self) {
        let begun = Instant::now();
        let last = async || *self.seen.lock().await.keys().last().unwrap();
        let wanted = last().await + REVISIONS;
        while last().await < wanted {
            assert!(begun.elapsed() < PATIENCE, "nothing is written");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the load; the digest of each revision.
    async fn end(mut self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.writing.join_next().await {
            ended.unwrap();
        }
        let seen = self.seen.lock().await;
        seen.clone()
    }
}

/// One of the clients. The server takes one write after the other all the same, so that they queue
/// here, and each looks at what its write came to before the next one begins.
struct Writer {
    id: i64,
    admin: Clients,
    backend: Clients,
    seen: Arc<Mutex<Seen>>,
}

impl Writer {
    /// Accounts with overrides and prompts of their own, and releases of the key, until told to
    /// stop.
    async fn run(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            self.id += 1;
            if !self.write_account().await {
                continue;
            }
            let request = v1::GetModelConfigRequest {
                include_api_key: true,
                ..query(self.id)
            };
            self.backend
                .configs
                .get_model_config(request)
                .await
                .unwrap();
            self.write_settings().await;
            self.write_prompt().await;
        }
    }

    async fn write_account(&mut self) -> bool {
        let seen = Arc::clone(&self.seen);
        let mut seen = seen.lock().await;
        let grow = account(self.id, Plan::Growth);
        let written = self.admin.accounts.upsert_account(grow).await;
        seen.extend([digest(&mut self.admin).await]);
        done(written)
    }

    async fn write_settings(&mut self) {
        let seen = Arc::clone(&self.seen);
        let mut seen = seen.lock().await;
        let warm = save(self.id, &[("temperature", number(0.5))]);
        let written = self.backend.settings.save_integration_settings(warm).await;
        seen.extend([digest(&mut self.admin).await]);
        done(written);
    }

    async fn write_prompt(&mut self) {
        let seen = Arc::clone(&self.seen);
        let mut seen = seen.lock().await;
        let text = format!("Ideas for account {}, from: {{keywords}}", self.id);
        let own = customize(self.id, "ideas", &text);
        let written = self.backend.prompts.customize_prompt(own).await;
        seen.extend([digest(&mut self.admin).await]);
        done(written);
    }
}

/// Whether a write is done: one that a busy machine does not get to in time is left out.
fn done<T>(answer: Result<T, Status>) -> bool {
    let Err(status) = answer else {
        return true;
    };
    let late = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
    assert!(late, "{status:?}");
    false
}

async fn give_key(admin: &mut Clients) {
    let add = v1::AddProviderKeyRequest {
        provider: "openai".to_owned(),
        api_key: KEY.to_owned(),
        ..Default::default()
    };
    admin.providers.add_provider_key(add).await.unwrap();
    let promote = v1::PromoteProviderKeyRequest {
        provider: "openai".to_owned(),
        version: 1,
        ..Default::default()
    };
    admin.providers.promote_provider_key(promote).await.unwrap();
}

async fn digest(admin: &mut Clients) -> (u64, String) {
    let request = v1::GetStateDigestRequest::default();
    let answer = admin.history.get_state_digest(request).await.unwrap();
    let answer = answer.into_inner();
    (answer.revision, answer.digest)
}

async fn audit(admin: &mut Clients) -> v1::VerifyAuditChainResponse {
    let request = v1::VerifyAuditChainRequest::default();
    let answer = admin.audit.verify_audit_chain(request).await.unwrap();
    answer.into_inner()
}

/// Starts a server on what was restored and holds it against what the source had said.
async fn is_the_state_of_then(place: &Place, seen: &Seen, source: &v1::VerifyAuditChainResponse) {
    let check = out(&place.run(&["check"]));
    assert!(check.contains("1 stored keys open"), "{check}");
    assert!(out(&place.run(&["vault", "verify"])).contains("and 1 keys opened, 0 did not"));
    let server = Server::start(place);
    let mut admin = server.clients("admin").await;
    let (revision, restored) = digest(&mut admin).await;
    let first = *seen.keys().next().unwrap();
    assert!(revision > first, "the copy is from before the load");
    let Some(then) = seen.get(&revision) else {
        panic!("revision {revision} is none of {:?}", seen.keys());
    };
    assert_eq!(&restored, then, "the state of revision {revision}");
    // The chain holds in itself; that it is older shows beside the head that was noted elsewhere.
    let chain = audit(&mut admin).await;
    assert!(chain.valid, "{chain:?}");
    assert!(chain.head_sequence < source.head_sequence);
    let mut backend = server.clients("backend").await;
    let request = v1::GetModelConfigRequest {
        include_api_key: true,
        ..query(1)
    };
    let config = backend.configs.get_model_config(request).await.unwrap();
    assert_eq!(config.into_inner().model_config.unwrap().api_key, KEY);
    // It takes writes, which follow on.
    let again = account(77, Plan::Scale);
    admin.accounts.upsert_account(again).await.unwrap();
    let (next, changed) = digest(&mut admin).await;
    assert_eq!(next, revision + 1);
    assert_ne!(changed, restored);
    assert!(audit(&mut admin).await.valid);
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The tokens' texts lie outside of the database.
fn copy_tokens(from: &Place, to: &Place) {
    let tokens = to.data().join("tokens");
    std::fs::create_dir_all(&tokens).unwrap();
    for name in ["admin", "backend"] {
        std::fs::write(tokens.join(name), from.token(name)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_copied_under_load_is_one_state() {
    let _turn = TURN.lock().await;
    let place = Place::sqlite();
    let server = Server::start(&place);
    let load = Load::begin(&server).await;
    let file = place.data().join("copy.db");
    let path = file.to_str().unwrap();
    let told = out(&place.run(&["backup", "--output", path]));
    load.go_on().await;
    let seen = load.end().await;
    let source = audit(&mut server.clients("admin").await).await;
    drop(server);
    let restored = Place::sqlite();
    copy_tokens(&place, &restored);
    std::fs::copy(place.data().join("kek"), restored.data().join("kek")).unwrap();
    std::fs::copy(&file, restored.data().join("aiconfig.db")).unwrap();
    is_the_state_of_then(&restored, &seen, &source).await;
    // What the command says of the copy is so.
    let line = told.lines().next().unwrap();
    let (revision, digest) = line.split_once(", digest ").unwrap();
    let revision: u64 = revision.trim_start_matches("revision ").parse().unwrap();
    assert!(digest.starts_with(&seen[&revision]), "{told}");
    assert!(told.contains("1 stored keys open, 0 do not"), "{told}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // It is one file, packed, with nothing beside it.
    let names = names(&place.data());
    assert!(
        names
            .iter()
            .all(|name| !name.starts_with(".aiconfig") && !name.starts_with("copy.db-")),
        "{names:?}"
    );
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn backups_are_refused_where_they_would_do_harm() {
    let place = Place::sqlite();
    let file = place.write_private("other.txt", "something else");
    let path = file.to_str().unwrap();
    let beside = place.data().join("copy.db");
    let beside = beside.to_str().unwrap();
    let absent = failure(&place.run(&["backup", "--output", beside]));
    assert!(absent.contains("there is no database yet"), "{absent}");
    assert!(!place.data().exists(), "nothing is made by asking");
    assert!(Server::start(&place).stop());
    let refused = failure(&place.run(&["backup", "--output", path]));
    assert!(refused.contains("not touched"), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "something else");
    let nowhere = failure(&place.run(&["backup", "--output", "/nowhere/copy.db"]));
    assert!(nowhere.contains("/nowhere"), "{nowhere}");
    // Without the key it is a backup all the same, and it says what it could not look at.
    std::fs::remove_file(place.data().join("kek")).unwrap();
    let told = out(&place.run(&["backup", "--output", beside]));
    assert!(told.contains("the chain was not checked"), "{told}");
    assert!(told.contains("stored keys were not opened"), "{told}");
    let place = Place::postgres(&PgServer::shared().create_database());
    out(&place.run(&["migrate"]));
    let told = failure(&place.run(&["backup", "--output", "copy.db"]));
    assert!(told.contains("pg_dump"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_postgresql_under_load_is_one_state() {
    let _turn = TURN.lock().await;
    let postgres = PgServer::shared();
    let place = Place::postgres(&postgres.create_database());
    let server = Server::start(&place);
    let load = Load::begin(&server).await;
    let file = place.data().join("dump");
    let url = place.database().unwrap();
    let mut dump = Command::new(postgres.program("pg_dump"));
    let dump = dump.args(["--format=custom", "--file"]).arg(&file).arg(url);
    out(&dump.output().unwrap());
    load.go_on().await;
    let seen = load.end().await;
    let source = audit(&mut server.clients("admin").await).await;
    drop(server);
    let url = postgres.create_database();
    let mut restore = Command::new(postgres.program("pg_restore"));
    let restore = restore.args(["--exit-on-error", "--no-owner", "--dbname", &url]);
    out(&restore.arg(&file).output().unwrap());
    let restored = Place::postgres(&url);
    copy_tokens(&place, &restored);
    is_the_state_of_then(&restored, &seen, &source).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base_backup_of_postgresql_under_load_is_one_state() {
    let _turn = TURN.lock().await;
    let postgres = PgServer::start(PgOptions { fsync: true });
    let place = Place::postgres(&postgres.create_database());
    let server = Server::start(&place);
    let load = Load::begin(&server).await;
    let copy = postgres.base_backup();
    load.go_on().await;
    let seen = load.end().await;
    let source = audit(&mut server.clients("admin").await).await;
    drop(server);
    drop(postgres);
    let name = place.database().and_then(|url| url.rsplit('/').next());
    let restored = Place::postgres(&copy.url(name.unwrap()));
    copy_tokens(&place, &restored);
    is_the_state_of_then(&restored, &seen, &source).await;
}
