//! Ten times the load that the server can take. It prints a table; `docs/transport.md` holds that of
//! a release build with `AICONFIG_TEST_OVERLOAD_SECONDS=30`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use aiconfig_proto::v1::Plan;
use aiconfig_tests::{Place, Server, account};

use crate::cores::Cores;
use crate::load::{Load, Offer};
use crate::observe::{self, Observer};
use crate::turn;

/// Connections of a load that is too much, fewer than one address may have: each may have 256 calls open, so that there can be ten
/// times as many as the server takes in flight.
const CONNECTIONS: u16 = 40;
/// Seconds of each load in the short form.
const SHORT: u64 = 2;
/// KiB of memory that the server stays below: it begins with some 20 MiB, and the most calls that
/// are open here take some 6 KiB each.
const MEMORY: u64 = 512 << 10;

struct Table {
    server: Server,
    cores: Cores,
    text: String,
}

struct Row {
    /// Good answers a second.
    goodput: f64,
    /// Good answers a second of the server's processor time, which other work on the machine does
    /// not change.
    per_cpu: f64,
    /// Whether every health check was answered.
    healthy: bool,
}

impl Table {
    /// Connections that the server ended, by cause.
    fn cuts(&self) -> String {
        let page = self.server.page("/metrics");
        let causes = page.lines().filter_map(|line| {
            let line = line.strip_prefix("aiconfig_connections_cut_total{cause=\"")?;
            let (cause, count) = line.split_once("\"} ")?;
            (count != "0").then(|| format!("{cause} × {count}"))
        });
        causes.collect::<Vec<_>>().join(", ")
    }

    fn row(&mut self, name: &str, load: &Load, peak: Option<&Row>) -> Row {
        let pid = self.server.pid();
        let observer = Observer::begin(&load.address, pid, &self.cores);
        let (cpu, begun) = (observe::cpu(pid), Instant::now());
        let mut outcome = load.run(&self.cores);
        let took = begun.elapsed().as_secs_f64();
        let cpu = observe::cpu(pid).saturating_sub(cpu).as_secs_f64();
        let seen = observer.end();
        let cuts = self.cuts();
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let rate = |count: u64| count as f64 / took;
        let goodput = rate(outcome.good);
        let per_cpu = goodput * took / cpu;
        let of = |value: f64, peak: Option<f64>| {
            let percent = peak.map(|peak| format!(" ({:.0} %)", 100.0 * value / peak));
            format!("{value:.0}{}", percent.unwrap_or_default())
        };
        writeln!(
            self.text,
            "| {name} | {:.0} | {:.0} | {} | {} | {:.0} | {:.0} | {:.1}, {:.1} ms | {:.0} ms of {} | {} MiB | {cuts} |",
            rate(outcome.offered),
            rate(outcome.sent),
            of(goodput, peak.map(|peak| peak.goodput)),
            of(per_cpu, peak.map(|peak| peak.per_cpu)),
            rate(outcome.refused + outcome.reset),
            rate(outcome.late),
            outcome.percentile(50),
            outcome.percentile(99),
            seen.health.as_secs_f64() * 1e3,
            seen.healthy + seen.unhealthy,
            seen.memory >> 10,
        )
        .unwrap();
        assert!(outcome.good > 0, "{}", self.text);
        assert!(seen.memory < MEMORY, "{}", self.text);
        Row {
            goodput,
            per_cpu,
            healthy: seen.healthy > 0 && seen.unhealthy == 0,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_the_load_that_it_can_take() {
    let _turn = turn().await;
    let seconds = std::env::var("AICONFIG_TEST_OVERLOAD_SECONDS");
    let seconds = seconds.map_or(SHORT, |seconds| seconds.parse().unwrap());
    let cores = Cores::split();
    let place = Place::sqlite();
    let server = cores.as_server(|| Server::start(&place));
    let mut clients = server.clients("backend").await;
    let made = clients.accounts.upsert_account(account(1, Plan::Growth));
    made.await.unwrap();
    let least = Load::main_call(server.address(), place.token("backend"));
    let span = Duration::from_secs(seconds);
    let table = Table {
        server,
        cores,
        text: "| load | offered/s | sent/s | good/s | good/CPU s | refused/s | given up/s | p50, p99 | slowest health check | memory | connections cut so far |\n\
               |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n".to_owned(),
    };
    let run = move || offer(table, &least, span);
    let table = tokio::task::spawn_blocking(run).await.unwrap();
    writeln!(std::io::stdout(), "\n{}", table.text).unwrap();
    assert!(table.server.stop());
}

/// What holds on any machine: calls are answered and memory is bounded under any load, and health
/// answers each time under ten times what the server can take.
fn offer(mut table: Table, least: &Load, span: Duration) -> Table {
    let short = Load {
        span: Duration::from_millis(500),
        ..least.clone()
    };
    short.run(&table.cores);
    let of = |connections, offer| Load {
        connections,
        offer,
        span,
        ..least.clone()
    };
    let mut peak: Option<Row> = None;
    for (name, connections) in [
        ("64 in flight", 1),
        ("256 in flight", 4),
        ("512 in flight", 8),
    ] {
        let row = table.row(name, &of(connections, Offer::InFlight(64)), None);
        if peak.as_ref().is_none_or(|peak| row.goodput > peak.goodput) {
            peak = Some(row);
        }
    }
    let peak = peak.unwrap();
    let of_each = peak.goodput * 10.0 / f64::from(CONNECTIONS);
    for (name, connections, offer) in [
        (
            "10 × the calls a second",
            CONNECTIONS,
            Offer::PerSecond(of_each),
        ),
        ("10 240 in flight", CONNECTIONS, Offer::InFlight(256)),
        ("51 200 in flight", 200, Offer::InFlight(256)),
        ("64 in flight, at once after", 1, Offer::InFlight(64)),
    ] {
        let load = of(usize::from(connections), offer);
        let row = table.row(name, &load, Some(&peak));
        assert!(row.healthy || connections > CONNECTIONS, "{}", table.text);
    }
    table
}
