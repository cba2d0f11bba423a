//! A clock that is set back and forth: the order of the log and of the audit, expiry, stored
//! answers and the age of the state hold.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use aiconfig_application::{
    Application, Caller, Clock, OpenOptions, Refusal, Sidecar, TokenSpec, WriteCall, Written,
};
use aiconfig_domain::{Account, AccountId, Command, Plan, Role, Timestamp, UpsertAccounts};
use aiconfig_persistence::{AuditFilter, Seek, Store, StoreConfig};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::OsRandom;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

const HOUR: i64 = 3_600;

/// Runs as time does, and is set by tests.
#[derive(Clone)]
struct SetClock {
    begun: Instant,
    set_by_us: Arc<AtomicI64>,
}

impl SetClock {
    fn set(&self, seconds: i64) {
        let by = seconds * 1_000_000;
        self.set_by_us.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        let noon = Timestamp::parse_rfc3339("2026-11-20T12:00:00Z").unwrap();
        let elapsed = i64::try_from(self.begun.elapsed().as_micros()).unwrap();
        let set = self.set_by_us.load(Ordering::Relaxed);
        Timestamp::from_micros(noon.as_micros() + elapsed + set)
    }
}

struct Bench {
    app: Arc<Application>,
    store: Store,
    clock: SetClock,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("aiconfig.db");
        let config = StoreConfig::new(format!("sqlite://{}", file.display()).into());
        let store = Store::connect(&config).await.unwrap();
        store.migrate(*b"sixteen bytes id").await.unwrap();
        let clock = SetClock {
            begun: Instant::now(),
            set_by_us: Arc::default(),
        };
        let options = OpenOptions {
            keks: KekConfig {
                generate_at: Some(folder.path().join("kek")),
                ..KekConfig::default()
            },
            clock: Box::new(clock.clone()),
            random: Box::new(OsRandom),
            text_cache_bytes: 1024 * 1024,
            seed: true,
        };
        let app = Application::open(store.clone(), options).await.unwrap();
        Self {
            app,
            store,
            clock,
            _folder: folder,
        }
    }

    fn call(&self, request_id: Option<&str>) -> WriteCall {
        WriteCall {
            caller: Caller::command_line(),
            rpc: "AccountService/UpsertAccount",
            request_id: request_id.map(str::to_owned),
            trace_id: self.app.new_trace_id(),
            body: Vec::new().into(),
            validate_only: false,
            reason: String::new(),
        }
    }

    /// Pushes an account; the bytes of a stored answer, if it was one.
    async fn push(&self, id: i64, request_id: Option<&str>) -> Option<Vec<u8>> {
        let account = Account {
            account_id: AccountId::new(id).unwrap(),
            plan: Plan::Growth,
            display_name: format!("account {id}"),
            active: true,
            source_version: 1,
        };
        let command = Command::UpsertAccounts(UpsertAccounts {
            pushes: vec![Ok(account)],
            partial: false,
            expected_etag: None,
        });
        let call = self.call(request_id);
        let written = self.app.write(
            &call,
            |_| Ok(command),
            Sidecar::None,
            |applied| applied.snapshot.revision(),
            |revision| revision.to_be_bytes().to_vec(),
        );
        match written.await.unwrap() {
            Written::Fresh(_) => None,
            Written::Replayed(bytes) => Some(bytes),
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_leaves_every_order() {
    let bench = Bench::new().await;
    bench.push(1, Some("one")).await;
    bench.push(2, None).await;
    assert!(bench.app.clock_behind() < Duration::from_secs(1));
    bench.clock.set(-HOUR);
    let behind = bench.app.clock_behind().as_secs();
    assert!((3_500..=3_600).contains(&behind), "{behind}");
    // A refused attempt is told with the time that it had.
    bench.app.note_refusal(&Refusal {
        caller: &Caller::command_line(),
        rpc: "AccountService/UpsertAccount",
        request_id: "refused",
        error_reason: "PLAN_FORBIDS_OVERRIDES",
        resource: "",
        reason: "",
    });
    bench.app.flush_audit().await.unwrap();
    for id in 3..20 {
        bench.push(id, None).await;
    }
    // The log has its order, and what is changed later is not changed earlier.
    let mut last = (0, 0);
    let tail = bench.store.tail(0, 1_000).await.unwrap();
    for revision in &tail.revisions {
        assert_eq!(revision.revision, last.0 + 1);
        assert!(revision.time_us > last.1, "{revision:?}");
        last = (revision.revision, revision.time_us);
    }
    assert_eq!(last.0, 1 + 19);
    let chain = bench.app.verify_audit().await.unwrap();
    assert_eq!(chain.fault, None);
    // The order of the audit is that of its sequence. Times of changes do not go back in it.
    let all = AuditFilter::default();
    let audit = bench.store.list_audit(&all, Seek::After(0), 1_000);
    let audit = audit.await.unwrap();
    let times: Vec<i64> = audit
        .iter()
        .filter(|row| row.entry.revision.is_some())
        .map(|row| row.entry.time_us)
        .collect();
    assert!(times.is_sorted_by(|one, next| one < next));
    // What was answered before is answered again.
    let again = bench.push(1, Some("one")).await.unwrap();
    assert_eq!(again, 2_u64.to_be_bytes());
    // Once the clock has caught up it counts again.
    bench.clock.set(2 * HOUR);
    bench.push(20, None).await;
    assert_eq!(bench.app.clock_behind(), Duration::ZERO);
}

#[tokio::test]
async fn an_expired_token_stays_expired() {
    let bench = Bench::new().await;
    let expire = bench.app.now().as_micros() + 400_000;
    let spec = TokenSpec {
        label: "short".to_owned(),
        role: Role::Auditor,
        account_ids: Vec::new(),
        expire_time: Some(Timestamp::from_micros(expire)),
        allow_key_roles: false,
    };
    let made = bench
        .app
        .create_token(&bench.call(None), spec, |_, _| (), |()| Vec::new())
        .await
        .unwrap();
    let authenticate = || {
        bench
            .app
            .authenticate(made.secret.expose_secret())
            .is_some()
    };
    assert!(authenticate());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!authenticate());
    bench.clock.set(-HOUR);
    assert!(!authenticate());
}

#[tokio::test]
async fn a_clock_that_is_set_forward_forgets_nothing() {
    let bench = Bench::new().await;
    bench.push(1, Some("one")).await;
    bench.clock.set(48 * HOUR);
    let day = Duration::from_hours(24);
    assert_eq!(bench.app.prune_answers(day).await.unwrap(), 0);
    assert!(bench.push(1, Some("one")).await.is_some());
    assert_eq!(bench.app.prune_answers(Duration::ZERO).await.unwrap(), 1);
}

#[tokio::test]
async fn the_age_of_the_state_is_that_of_time() {
    let bench = Bench::new().await;
    for seconds in [HOUR, -2 * HOUR] {
        bench.push(seconds.abs(), None).await;
        bench.clock.set(seconds);
        let before = bench.app.staleness();
        assert!(before < Duration::from_secs(10), "{before:?}");
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert!(bench.app.staleness() > before);
    }
}
