//! The connection is lost at the commit: before it, at its answer, and while it is still under way.

use std::time::{Duration, Instant};

use aiconfig_tests::{Place, Server};
use aiconfig_testsupport::{CommitFault, Proxy};
use rand::RngExt as _;
use sea_orm::{ConnectionTrait as _, Database};

use crate::ledger::{Attempt, Ledger, Told, cause, told};
use crate::places::Ground;
use crate::requests::Write;
use crate::table::{self, Row};
use crate::verify::verify;

/// A commit that arrives while its outcome is looked up, and one that arrives too late for that.
const SOON: CommitFault = CommitFault::Delayed(Duration::from_millis(300));
const LATE: CommitFault = CommitFault::Delayed(Duration::from_secs(2));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_commit_is_looked_up() {
    let _turn = crate::turn().await;
    let mut random = table::random("connection lost at the commit");
    let ground = Ground::postgres();
    let proxy = Proxy::start(ground.port());
    let direct = ground.place();
    let place = Place::postgres(&proxy.through(direct.database().unwrap()));
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let mut ledger = Ledger::default();
    let mut row = Row {
        fault: "connection lost at the commit",
        database: ground.name,
        ..Row::default()
    };
    let faults = [CommitFault::Before, CommitFault::After, SOON, LATE];
    while row.rounds < table::rounds().max(faults.len()) {
        let fault = faults[row.rounds % faults.len()];
        let write = Write::certain(random.random_range(1..=9));
        let id = format!("{:032x}", random.random::<u128>());
        proxy.at_next_commit(fault);
        let begun = Instant::now();
        let outcome = write.send(&mut admin, &id).await;
        let took = begun.elapsed();
        assert!(proxy.has_struck());
        match (fault, &outcome) {
            (CommitFault::After, Ok(_)) => {}
            (CommitFault::Delayed(_), Ok(_)) if fault == SOON => {}
            (CommitFault::Before, Err(status)) => assert_eq!(cause(status), "AWAY"),
            (CommitFault::Delayed(_), Err(status)) if fault == LATE => {
                assert_eq!(cause(status), "OUTCOME_UNKNOWN");
                assert!(took <= table::at_once(), "{took:?}");
                row.worst_error = row.worst_error.max(Some(took));
                // Until then it holds the lock that other writes wait for.
                tokio::time::sleep(Duration::from_millis(2_500)).await;
            }
            _ => panic!("{fault:?}: {outcome:?} after {took:?}"),
        }
        let told = told(&outcome);
        if let Told::Unknown = told {
            // Its answer is there for who asks again.
            write.send(&mut admin, &id).await.unwrap();
        }
        ledger.0.push(Attempt { id, write, told });
        // Others go on with what is there.
        let write = Write::certain(random.random_range(1..=9));
        let id = format!("{:032x}", random.random::<u128>());
        let answer = write.send(&mut admin, &id).await.unwrap();
        let told = Told::Taken(answer);
        ledger.0.push(Attempt { id, write, told });
        row.rounds += 1;
    }
    let verdict = verify(&place, &ledger, &admin).await;
    row.acknowledged = ledger.taken();
    row.unknown = ledger.unknown();
    row.lost = verdict.lost;
    row.half_applied = verdict.half_applied;
    row.verified = 1;
    table::report(row);
}

/// Has every audited write take this long before its commit, in seconds.
async fn slow_down(place: &Place, seconds: f64) {
    let database = Database::connect(place.database().unwrap()).await.unwrap();
    for sql in [
        format!(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql \
             AS $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$"
        ),
        "CREATE TRIGGER slow AFTER INSERT ON audit \
         FOR EACH STATEMENT EXECUTE FUNCTION slow()"
            .to_owned(),
    ] {
        database.execute_unprepared(&sql).await.unwrap();
    }
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_commit_is_looked_up_also_after_slow_statements() {
    let _turn = crate::turn().await;
    let ground = Ground::postgres();
    let proxy = Proxy::start(ground.port());
    let direct = ground.place();
    let place = Place::postgres(&proxy.through(direct.database().unwrap()));
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    // Longer than an outcome is looked up for, counted from the first statement.
    slow_down(&direct, 1.2).await;
    for (number, fault) in (1..).zip([CommitFault::Before, CommitFault::After]) {
        let id = format!("{number:032x}");
        proxy.at_next_commit(fault);
        let outcome = Write::certain(number).send(&mut admin, &id).await;
        assert!(proxy.has_struck());
        match outcome {
            Ok(_) => assert_eq!(fault, CommitFault::After),
            Err(status) => {
                assert_eq!(fault, CommitFault::Before, "{status:?}");
                assert_eq!(cause(&status), "AWAY");
            }
        }
    }
    // A command waits for a commit that comes too late for a call.
    proxy.at_next_commit(LATE);
    let made = place.new_token("RESOLVER", &[]);
    assert!(proxy.has_struck());
    assert!(made.starts_with("aic_"), "{made}");
}
