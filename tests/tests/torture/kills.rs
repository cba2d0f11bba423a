//! The server is killed (SIGKILL) while it writes, and in its first start.

use std::time::Duration;

use aiconfig_proto::v1;
use aiconfig_tests::{Clients, Server};

use crate::ledger::Ledger;
use crate::load::Writers;
use crate::places::Ground;
use crate::table::{self, Row};
use crate::verify::verify;

/// Clients that write at the same time.
const CLIENTS: usize = 4;
/// Rounds on one database, so that checks of all that is stored stay short.
const ROUNDS_OF_A_PLACE: usize = 20;

async fn clients(server: &Server, count: usize) -> Vec<Clients> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(server.clients("admin").await);
    }
    clients
}

async fn killed_while_it_writes(ground: &Ground) {
    let mut random = table::random("killed while it writes");
    let mut row = Row {
        fault: "server killed while it writes",
        database: ground.name,
        ..Row::default()
    };
    let mut place = ground.place();
    let mut ledger = Ledger::default();
    while row.rounds < table::rounds() {
        if row.rounds.is_multiple_of(ROUNDS_OF_A_PLACE) {
            place = ground.place();
        }
        let server = Server::start(&place);
        let writers = clients(&server, CLIENTS).await;
        let writers = Writers::begin(writers, &mut random, Duration::ZERO, true);
        tokio::time::sleep(table::between(&mut random, 20, 1_200)).await;
        drop(server);
        ledger.0.clear();
        ledger.0.append(&mut writers.end().await.ledger.0);
        row.rounds += 1;
        row.acknowledged += ledger.taken();
        row.unknown += ledger.unknown();
        let server = Server::start(&place);
        let verdict = verify(&place, &ledger, &server.clients("admin").await).await;
        row.lost += verdict.lost;
        row.half_applied += verdict.half_applied;
        row.verified += 1;
    }
    table::report(row);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_it_is_killed_on_sqlite() {
    let _turn = crate::turn().await;
    killed_while_it_writes(&Ground::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_it_is_killed_on_postgres() {
    let _turn = crate::turn().await;
    killed_while_it_writes(&Ground::postgres()).await;
}

/// A first start that is killed at any point leaves something that the next one can complete, with
/// tokens that are known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_may_be_killed() {
    let _turn = crate::turn().await;
    let mut random = table::random("killed in its first start");
    let ground = Ground::sqlite();
    let mut row = Row {
        fault: "server killed in its first start",
        database: ground.name,
        ..Row::default()
    };
    while row.rounds < table::rounds().min(50) {
        let place = ground.place();
        for _ in 0..2 {
            let starting = Server::spawn(&place, &[], &[]);
            tokio::time::sleep(table::between(&mut random, 0, 1_500)).await;
            drop(starting);
        }
        let server = Server::start(&place);
        let mut backend = server.clients("backend").await;
        let plans = v1::ListPlansRequest::default();
        backend.accounts.list_plans(plans).await.unwrap();
        let admin = server.clients("admin").await;
        let verdict = verify(&place, &Ledger::default(), &admin).await;
        row.half_applied += verdict.half_applied;
        row.verified += 1;
        row.rounds += 1;
    }
    table::report(row);
}
