//! PostgreSQL has no connection to give, and becomes read-only.

use std::time::{Duration, Instant};

use aiconfig_tests::{Clients, Place, Server};
use aiconfig_testsupport::{PgOptions, PgServer};
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tonic::Code;

use crate::ledger::{Attempt, Ledger, Told, cause};
use crate::load::{Readers, Writers};
use crate::places::Ground;
use crate::requests::Write;
use crate::table::{self, Row};
use crate::verify::verify;

const WELL_WITHIN: Duration = Duration::from_secs(5);
/// Ends all sessions of our servers.
const END_OURS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE \
                        application_name = 'aiconfig'";

/// Waits for a write that is taken; how long that was.
async fn well_again(admin: &mut Clients, ledger: &mut Ledger) -> Duration {
    let begun = Instant::now();
    loop {
        let write = Write::certain(1);
        let id = format!("well-{}", ledger.0.len());
        let outcome = write.send(admin, &id).await;
        let told = crate::ledger::told(&outcome);
        ledger.0.push(Attempt { id, write, told });
        if outcome.is_ok() {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < WELL_WITHIN, "{outcome:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn page_says(server: &Server, what: &str) {
    let begun = Instant::now();
    loop {
        let page = server.page("/readyz");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        if page.contains(what) {
            return;
        }
        assert!(begun.elapsed() < WELL_WITHIN, "{page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// All that there are, until none is left.
async fn take_all(url: &str, taken: &mut Vec<PgConnection>) {
    while let Ok(one) = PgConnection::connect(url).await {
        taken.push(one);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_may_take_all_connections() {
    const FAULT: &str = "no connection left";
    let _turn = crate::turn().await;
    let mut random = table::random(FAULT);
    let options = PgOptions { fsync: true };
    let database = PgServer::start_with_room(options, 16);
    let place = Place::postgres(&database.create_database());
    let url = place.database().unwrap().to_owned();
    let server = Server::start_with(&place, &[("AICONFIG_DATABASE_CONNECTIONS", "4")]);
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(server.clients("admin").await);
    }
    let mut admin = clients[0].clone();
    let mut others = Vec::new();
    take_all(&url, &mut others).await;

    // With what it has open it goes on, if more slowly.
    let readers = Readers::begin(clients.split_off(4));
    let writers = Writers::begin(clients, &mut random, Duration::from_millis(5), false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut written = writers.end().await;
    let mut worst = None;
    for failure in &written.failures {
        if failure.status.code() == Code::Unavailable {
            assert_eq!(cause(&failure.status), "AWAY", "{:?}", failure.status);
            worst = worst.max(Some(failure.ended - failure.begun));
        }
    }
    assert!(written.ledger.taken() > 0);

    // Without any it says so at once.
    let mut first = others.pop().unwrap();
    for _ in 0..50 {
        first.execute(END_OURS).await.unwrap();
        take_all(&url, &mut others).await;
        if server.page("/readyz").contains("database: away") {
            break;
        }
    }
    page_says(&server, "database: away").await;
    for _ in 0..20 {
        let begun = Instant::now();
        let refused = Write::certain(1).send(&mut admin, "refused").await;
        assert_eq!(cause(&refused.unwrap_err()), "AWAY");
        worst = worst.max(Some(begun.elapsed()));
    }
    assert!(
        worst.is_some_and(|worst| worst <= table::at_once()),
        "{worst:?}"
    );
    drop(first);
    drop(others);
    let recovery = well_again(&mut admin, &mut written.ledger).await;
    page_says(&server, "database: ok").await;
    let (answered, failed) = readers.end().await;
    let verdict = verify(&place, &written.ledger, &admin).await;
    table::report(Row {
        fault: FAULT,
        database: "PostgreSQL",
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

/// The setting holds for sessions that begin while it is there, as on a primary that was demoted:
/// they must not be kept once there is another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_becomes_read_only_is_left_for_one_that_is_not() {
    const FAULT: &str = "PostgreSQL becomes read-only";
    let _turn = crate::turn().await;
    let mut random = table::random(FAULT);
    let ground = Ground::postgres();
    let place: Place = ground.place();
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let readers = Readers::begin(vec![server.clients("backend").await]);
    // Of another database, where nothing becomes read-only.
    let elsewhere = ground.server().url("postgres");
    let mut operator = PgConnection::connect(&elsewhere).await.unwrap();
    let url = place.database().unwrap();
    let name = url.rsplit('/').next().unwrap();
    let mut ledger = Ledger::default();
    let mut row = Row {
        fault: FAULT,
        database: ground.name,
        ..Row::default()
    };
    let mut read_only = 0_usize;
    while row.rounds < table::rounds().min(20) {
        well_again(&mut admin, &mut ledger).await;
        let on = format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on");
        operator.execute(AssertSqlSafe(on)).await.unwrap();
        operator.execute(END_OURS).await.unwrap();
        page_says(&server, "database: read-only").await;
        for number in 0..5 {
            let begun = Instant::now();
            let write = Write::any(&mut random);
            let id = format!("refused-{}-{number}", row.rounds);
            let refused = write.send(&mut admin, &id).await.unwrap_err();
            if refused.code() == Code::Unavailable {
                // Where a new connection takes too long it counts as away, and nothing was changed.
                let cause = cause(&refused);
                assert!(["READ_ONLY", "AWAY"].contains(&cause.as_str()), "{cause}");
                read_only += usize::from(cause == "READ_ONLY");
            }
            row.worst_error = row.worst_error.max(Some(begun.elapsed()));
            let told = Told::Nothing;
            ledger.0.push(Attempt { id, write, told });
        }
        let off = format!("ALTER DATABASE \"{name}\" RESET default_transaction_read_only");
        operator.execute(AssertSqlSafe(off)).await.unwrap();
        let recovery = well_again(&mut admin, &mut ledger).await;
        row.recovery = row.recovery.max(Some(recovery));
        page_says(&server, "database: ok").await;
        row.rounds += 1;
    }
    assert!(read_only > row.rounds, "{read_only} of {}", row.rounds);
    let worst = row.worst_error.unwrap();
    assert!(worst <= table::at_once(), "{worst:?}");
    let (answered, failed) = readers.end().await;
    let verdict = verify(&place, &ledger, &admin).await;
    row.reads = (answered, failed.len());
    row.acknowledged = ledger.taken();
    row.unknown = ledger.unknown();
    row.lost = verdict.lost;
    row.half_applied = verdict.half_applied;
    row.verified = 1;
    table::report(row);
}
