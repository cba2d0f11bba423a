//! A server whose files of key-encryption keys can be changed under it.

use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Clients, Place, Server, account};
use aiconfig_testsupport::PgServer;
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to notice something.
const PATIENCE: Duration = Duration::from_secs(20);

/// The providers whose keys are released.
pub(crate) const PROVIDERS: [&str; 2] = ["openai", "anthropic"];

/// Which database a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// A running server, and what it was started on.
pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) server: Server,
    pub(crate) admin: Clients,
    pub(crate) backend: Clients,
}

impl Stage {
    /// A server with a primary key-encryption key, a place for another one where none is yet, and
    /// a primary key of each provider.
    pub(crate) async fn new(on: On) -> Self {
        let place = match on {
            On::Sqlite => Place::sqlite(),
            On::Postgres => Place::postgres(&PgServer::shared().create_database()),
        };
        let paths = ["kek", "kek.other"].map(|name| file(&place, name));
        let [primary, other] = paths.map(|path| path.to_str().unwrap().to_owned());
        let place = place
            .with("AICONFIG_KEK_FILE", &primary)
            .with("AICONFIG_KEK_OPEN_FILES", &other)
            .with("AICONFIG_KEK_RELOAD_SECONDS", "1");
        std::fs::create_dir_all(place.data()).unwrap();
        make_kek(&place, "kek");
        let server = Server::start(&place);
        let mut stage = Self {
            admin: server.clients("admin").await,
            backend: server.clients("backend").await,
            server,
            place,
        };
        for provider in PROVIDERS {
            stage.add_key(provider, &secret(provider, 1)).await;
            stage.promote(provider, 1).await;
        }
        let made = stage
            .admin
            .accounts
            .upsert_account(account(1, Plan::Growth));
        assert!(made.await.unwrap().into_inner().applied);
        stage
    }

    pub(crate) async fn add_key(&mut self, provider: &str, key: &str) -> u64 {
        let add = v1::AddProviderKeyRequest {
            provider: provider.to_owned(),
            api_key: key.to_owned(),
            ..Default::default()
        };
        let added = self.admin.providers.add_provider_key(add).await.unwrap();
        added.into_inner().revision
    }

    pub(crate) async fn promote(&mut self, provider: &str, version: i32) {
        let promote = v1::PromoteProviderKeyRequest {
            provider: provider.to_owned(),
            version,
            ..Default::default()
        };
        let promoted = self.admin.providers.promote_provider_key(promote).await;
        promoted.unwrap();
    }

    /// Starts the server anew on the same place.
    pub(crate) async fn restart(&mut self) {
        self.server = Server::start(&self.place);
        self.admin = self.server.clients("admin").await;
        self.backend = self.server.clients("backend").await;
    }

    /// Runs a command, which must succeed; what it said.
    pub(crate) fn vault(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
        told(&output)
    }

    /// Runs a command, which must fail with exit code 1; what it said.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: {}",
            told(&output)
        );
        told(&output)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.place.run(&[&["vault"], arguments].concat())
    }

    /// Puts the file of one name in the place of another at once; gone if it was not there.
    pub(crate) fn move_file(&self, from: &str, to: &str) {
        std::fs::rename(file(&self.place, from), file(&self.place, to)).unwrap();
    }

    pub(crate) fn copy_file(&self, from: &str, to: &str) {
        let unfinished = file(&self.place, "unfinished");
        std::fs::copy(file(&self.place, from), &unfinished).unwrap();
        std::fs::rename(unfinished, file(&self.place, to)).unwrap();
    }

    pub(crate) fn remove_file(&self, name: &str) {
        std::fs::remove_file(file(&self.place, name)).unwrap();
    }

    /// The audit chain holds.
    pub(crate) async fn audit_holds(&mut self) {
        let checked = self
            .admin
            .audit
            .verify_audit_chain(v1::VerifyAuditChainRequest::default());
        let checked = checked.await.unwrap().into_inner();
        assert!(checked.valid, "{checked:?}");
    }
}

/// A file beside the data directory.
pub(crate) fn file(place: &Place, name: &str) -> PathBuf {
    place.data().parent().unwrap().join(name)
}

/// Makes a key-encryption key in a file; its id.
pub(crate) fn make_kek(place: &Place, name: &str) -> String {
    let unfinished = file(place, "made");
    let made = place.run(&["vault", "init", "--output", unfinished.to_str().unwrap()]);
    assert!(made.status.success(), "{}", told(&made));
    std::fs::rename(unfinished, file(place, name)).unwrap();
    let said = told(&made);
    let id = said.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert_eq!(id.len(), 32, "{said}");
    id.to_owned()
}

/// The key of a provider's version.
pub(crate) fn secret(provider: &str, version: u32) -> String {
    format!("sk-test-{provider}-{version:08}")
}

pub(crate) fn told(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(text).unwrap()
}

pub(crate) fn hang_up(server: &Server) {
    let pid = Pid::from_raw(server.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
}

/// A line of `/readyz`, without its name.
pub(crate) fn ready(server: &Server, name: &str) -> String {
    let page = server.page("/readyz");
    let line = page.lines().find_map(|line| line.strip_prefix(name));
    let found = line.and_then(|line| line.strip_prefix(": "));
    found
        .unwrap_or_else(|| panic!("{name} in {page}"))
        .to_owned()
}

/// A count or gauge by its name with labels; 0 if it is not there yet.
pub(crate) fn metric(server: &Server, name: &str) -> u64 {
    let page = server.page("/metrics");
    let line = page.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.strip_prefix(' '));
    number.map_or(0, |number| number.trim().parse().unwrap())
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
