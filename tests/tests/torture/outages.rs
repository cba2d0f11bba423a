//! PostgreSQL is stopped, killed and frozen under reads and writes.

use std::time::{Duration, Instant};

use aiconfig_proto::v1;
use aiconfig_tests::{Place, Server};
use aiconfig_testsupport::{Frozen, PgServer};

use crate::ledger::cause;
use crate::load::{Readers, Writers, Written};
use crate::places::Ground;
use crate::table::{self, Row};
use crate::verify::verify;

/// From which age on the age of the state is told, with some more.
const TOLD_BY: Duration = Duration::from_millis(3_700);
/// How soon writes are taken again.
const WELL_WITHIN: Duration = Duration::from_secs(5);

#[derive(Clone, Copy)]
enum Outage {
    Stopped,
    Killed,
    Frozen,
}

impl Outage {
    fn begin(self, server: &PgServer) -> Option<Frozen> {
        match self {
            Self::Stopped => server.halt(),
            Self::Killed => server.kill(),
            Self::Frozen => return Some(server.freeze()),
        }
        None
    }
}

/// What everybody is told of the database: `up` or away.
async fn is_told(server: &Server, up: bool) {
    let page = server.page("/readyz");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let database = if up { "database: ok" } else { "database: away" };
    assert!(page.contains(database), "{page}");
    let channel = server.channel().await;
    let of = |service| aiconfig_tests::health(&channel, service);
    assert_eq!(of("").await.unwrap(), 1, "reads go on");
    let expected = if up { 1 } else { 2 };
    assert_eq!(of("aiconfig.database").await.unwrap(), expected);
    let metrics = server.page("/metrics");
    let gauge = format!("aiconfig_database_answers {}\n", u8::from(up));
    assert!(metrics.contains(&gauge), "{metrics}");
    let mut client = server.clients("admin").await;
    let plans = v1::ListPlansRequest::default();
    let read = client.accounts.list_plans(plans).await.unwrap();
    let stale = read.metadata().get("x-aiconfig-stale-seconds");
    let stale = stale.map(|age| age.to_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(stale.is_none(), up, "{stale:?}");
    assert!(stale.is_none_or(|age| age >= 3), "{stale:?}");
}

/// Failed writes of an outage: each was told what it means, and soon. The longest time to that.
fn told_at_once(written: &Written, from: Instant, until: Instant) -> Option<Duration> {
    let during = written.failures.iter();
    let during = during.filter(|failure| failure.ended >= from && failure.begun <= until);
    let times = during.filter_map(|failure| {
        // A rule may refuse it: the database is not asked then.
        let known = ["AWAY", "OUTCOME_UNKNOWN"].contains(&&*cause(&failure.status));
        let took = failure.ended - failure.begun.max(from);
        known.then_some(took)
    });
    times.max()
}

async fn outage(outage: Outage, fault: &'static str, ground: &Ground) {
    let mut random = table::random(fault);
    let place: Place = ground.place();
    let server = Server::start(&place);
    let pid = server.pid();
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(server.clients("admin").await);
    }
    let readers = Readers::begin(clients.split_off(4));
    let writers = Writers::begin(clients, &mut random, Duration::from_millis(5), false);
    tokio::time::sleep(Duration::from_secs(1)).await;

    let before = Instant::now();
    let frozen = tokio::task::block_in_place(|| outage.begin(ground.server()));
    let begun = Instant::now();
    tokio::time::sleep(TOLD_BY).await;
    is_told(&server, false).await;
    tokio::time::sleep(table::outage().saturating_sub(TOLD_BY)).await;
    if frozen.is_some() {
        drop(frozen);
    } else {
        tokio::task::block_in_place(|| ground.server().resume());
    }
    let over = Instant::now();
    while server.page("/readyz").contains("database: away") {
        assert!(over.elapsed() < WELL_WITHIN, "{}", server.page("/readyz"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    is_told(&server, true).await;

    let written = writers.end().await;
    let (answered, failed) = readers.end().await;
    assert_eq!(server.pid(), pid);
    let worst = told_at_once(&written, before, over);
    assert!(
        worst.is_some_and(|worst| worst <= table::at_once()),
        "{worst:?}"
    );
    let taken = written.taken_at.iter();
    // Once a stopped server accepts connections it may be used before that is known here.
    let first = taken.filter(|at| **at > begun + TOLD_BY).min().unwrap();
    let recovery = first.saturating_duration_since(over);
    assert!(recovery < WELL_WITHIN, "{recovery:?}");
    let verdict = verify(&place, &written.ledger, &server.clients("admin").await).await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert_eq!(failed.first().map(ToString::to_string), None);
    table::report(Row {
        fault,
        database: ground.name,
        rounds: 1,
        acknowledged: written.ledger.taken(),
        unknown: written.ledger.unknown(),
        lost: verdict.lost,
        half_applied: verdict.half_applied,
        verified: 1,
        reads: (answered, failed.len()),
        worst_error: worst,
        recovery: Some(recovery),
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_not_noticed_by_reads() {
    let _turn = crate::turn().await;
    let ground = Ground::postgres();
    outage(Outage::Stopped, "PostgreSQL stopped", &ground).await;
    outage(Outage::Killed, "PostgreSQL killed", &ground).await;
    outage(Outage::Frozen, "PostgreSQL frozen", &ground).await;
}
