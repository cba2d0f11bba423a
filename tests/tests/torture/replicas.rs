//! Three servers over one PostgreSQL: killed, stopped, cut off and left without an answer at random,
//! while clients write through all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aiconfig_proto::v1;
use aiconfig_tests::{Bearer, Clients, Place, Server, query};
use aiconfig_testsupport::Proxy;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::Mutex;
use tonic::Code;

use crate::ledger::{Attempt, Ledger, Told, told};
use crate::places::Ground;
use crate::requests::{ACCOUNTS, Write};
use crate::table::{self, Row};
use crate::verify::verify;

const REPLICAS: usize = 3;
const WRITERS: usize = 4;
/// The longest until a write is taken by one of them: a server that is cut off in the middle of a
/// write holds up the others for five seconds, and then each waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

struct Replica {
    place: Place,
    proxy: Proxy,
    server: Option<Server>,
}

/// Where clients find the servers.
type Doors = Arc<Mutex<Vec<Clients>>>;

impl Replica {
    async fn start(&mut self, bearer: Option<&Bearer>) -> Clients {
        let server = tokio::task::block_in_place(|| Server::start(&self.place));
        let own = || server.token("admin");
        let bearer = bearer.cloned().unwrap_or_else(own);
        let clients = Clients::new(&server.channel().await, &bearer);
        self.server = Some(server);
        clients
    }

    /// Something goes wrong, and is over again.
    async fn suffer(&mut self, random: &mut StdRng, number: usize, bearer: &Bearer, doors: &Doors) {
        let pause = table::between(random, 50, 1_500);
        match random.random_range(0..5) {
            4 => {
                let pid = self.server.as_ref().unwrap().pid();
                let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
                kill_process(pid, Signal::STOP).unwrap();
                tokio::time::sleep(pause).await;
                kill_process(pid, Signal::CONT).unwrap();
            }
            0 => {
                self.server = None;
                tokio::time::sleep(pause).await;
                let clients = self.start(Some(bearer)).await;
                doors.lock().await[number] = clients;
            }
            1 => {
                for _ in 0..3 {
                    self.proxy.cut();
                    tokio::time::sleep(pause / 5).await;
                }
            }
            2 => {
                self.proxy.refuse(true);
                self.proxy.cut();
                tokio::time::sleep(pause).await;
                self.proxy.refuse(false);
            }
            _ => {
                self.proxy.stall(true);
                tokio::time::sleep(pause).await;
                self.proxy.stall(false);
            }
        }
    }
}

/// What a writer met.
#[derive(Default)]
struct Met {
    ledger: Ledger,
    /// Errors on the way, after which the request was repeated elsewhere.
    repeated: usize,
    longest: Duration,
    reads: (usize, usize),
}

async fn write(doors: Doors, mut random: StdRng, stop: Arc<AtomicBool>) -> Met {
    let mut met = Met::default();
    while !stop.load(Ordering::Relaxed) {
        let write = Write::any(&mut random);
        let id = format!("{:032x}", random.random::<u128>());
        let begun = Instant::now();
        let told = loop {
            let door = random.random_range(0..REPLICAS);
            let mut to = doors.lock().await[door].clone();
            let outcome = write.send(&mut to, &id).await;
            let code = outcome.as_ref().err().map(tonic::Status::code);
            match told(&outcome) {
                // One that was to change nothing may be tried elsewhere, as one that is not known.
                Told::Nothing if code != Some(Code::Unavailable) => break Told::Nothing,
                Told::Taken(answer) => break Told::Taken(answer),
                Told::Nothing | Told::Unknown => met.repeated += 1,
            }
            assert!(begun.elapsed() < PATIENCE, "{outcome:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        met.longest = met.longest.max(begun.elapsed());
        if let Told::Taken(answer) = &told {
            let door = random.random_range(0..REPLICAS);
            let mut from = doors.lock().await[door].clone();
            let read = v1::GetModelConfigRequest {
                min_revision: answer.revision,
                ..query(ACCOUNTS + 1)
            };
            match from.configs.get_model_config(read).await {
                Ok(read) => {
                    let seen = read.into_inner().model_config.unwrap().revision;
                    met.reads.0 += 1;
                    // The one thing that must never be.
                    met.reads.1 += usize::from(seen < answer.revision);
                }
                Err(status) => {
                    let expected = [Code::DeadlineExceeded, Code::Unavailable];
                    let gone = [Code::Unknown, Code::Cancelled];
                    let code = status.code();
                    assert!(
                        expected.contains(&code) || gone.contains(&code),
                        "{status:?}"
                    );
                }
            }
        }
        met.ledger.0.push(Attempt { id, write, told });
    }
    met
}

async fn digest(from: &Clients, min_revision: u64) -> (String, u64) {
    let request = v1::GetStateDigestRequest { min_revision };
    let mut from = from.clone();
    let answer = from.history.get_state_digest(request).await.unwrap();
    (answer.get_ref().digest.clone(), answer.get_ref().revision)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_converge() {
    let _turn = crate::turn().await;
    let mut random = table::random("three servers");
    let ground = Ground::postgres();
    let direct = ground.place();
    let mut replicas = Vec::new();
    for _ in 0..REPLICAS {
        let proxy = Proxy::start(ground.port());
        replicas.push(Replica {
            place: Place::postgres(&proxy.through(direct.database().unwrap())),
            proxy,
            server: None,
        });
    }
    let first = replicas[0].start(None).await;
    let bearer = replicas[0].server.as_ref().unwrap().token("admin");
    let mut doors = vec![first];
    for replica in &mut replicas[1..] {
        doors.push(replica.start(Some(&bearer)).await);
    }
    let doors = Arc::new(Mutex::new(doors));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let random = StdRng::seed_from_u64(random.random());
            tokio::spawn(write(Arc::clone(&doors), random, Arc::clone(&stop)))
        })
        .collect();
    let rounds = table::rounds() * 3;
    for _ in 0..rounds {
        tokio::time::sleep(table::between(&mut random, 100, 600)).await;
        let number = random.random_range(0..REPLICAS);
        let replica = &mut replicas[number];
        replica.suffer(&mut random, number, &bearer, &doors).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut row = Row {
        fault: "three servers, killed and cut off",
        database: ground.name,
        rounds,
        ..Row::default()
    };
    let mut ledger = Ledger::default();
    for writer in writers {
        let mut met = writer.await.unwrap();
        ledger.0.append(&mut met.ledger.0);
        row.unknown += met.repeated;
        row.reads.0 += met.reads.0;
        row.reads.1 += met.reads.1;
        row.recovery = row.recovery.max(Some(met.longest));
    }
    let revisions = ledger.0.iter().filter_map(|attempt| match &attempt.told {
        Told::Taken(answer) => Some(answer.revision),
        Told::Nothing | Told::Unknown => None,
    });
    let last = revisions.max().unwrap();
    let doors = doors.lock().await.clone();
    let state = digest(&doors[0], last).await;
    for door in &doors {
        assert_eq!(state, digest(door, last).await);
    }
    let fresh = Server::start(&replicas[0].place);
    let fresh = Clients::new(&fresh.channel().await, &bearer);
    assert_eq!(state, digest(&fresh, last).await, "a fresh start");
    let verdict = verify(&replicas[0].place, &ledger, &doors[1]).await;
    row.acknowledged = ledger.taken();
    row.lost = verdict.lost;
    row.half_applied = verdict.half_applied;
    row.verified = 1;
    table::report(row);
}
