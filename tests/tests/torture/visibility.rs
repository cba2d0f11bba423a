//! How soon a write through one server is read through another.

use std::time::{Duration, Instant};

use aiconfig_proto::v1;
use aiconfig_tests::{Server, query};

use crate::places::Ground;
use crate::requests::{ACCOUNTS, Write};
use crate::table::say;

const WRITES: u32 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_seen_on_another_server() {
    let _turn = crate::turn().await;
    let ground = Ground::postgres();
    let place = ground.place();
    let (one, other) = (Server::start(&place), Server::start(&place));
    let mut writes = one.clients("admin").await;
    let mut reads = other.clients("backend").await;
    let mut times = Vec::new();
    for number in 0..WRITES {
        let write = Write::certain(i64::from(number) % ACCOUNTS + 1);
        let id = format!("seen-{number}");
        let revision = write.send(&mut writes, &id).await.unwrap().revision;
        let begun = Instant::now();
        let read = v1::GetModelConfigRequest {
            min_revision: revision,
            ..query(ACCOUNTS + 1)
        };
        let read = reads.configs.get_model_config(read).await.unwrap();
        times.push(begun.elapsed());
        let seen = read.into_inner().model_config.unwrap().revision;
        assert!(seen >= revision);
        // Now and then after a rest, when nothing is warm.
        let pause = if number.is_multiple_of(20) { 300 } else { 5 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    say(&format!(
        "\n| a write is seen on another server | median | p99 | longest |\n|---|---|---|---|\n\
         | {WRITES} writes | {:.1} ms | {:.1} ms | {:.1} ms |\n",
        at(50),
        at(99),
        at(100),
    ));
}
