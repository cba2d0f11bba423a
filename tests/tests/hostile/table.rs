//! The table of hostile clients: what each was cut for, when, at what memory, and what a good
//! client noticed. It is printed; `docs/transport.md` holds a copy.

use std::fmt::Write as _;
use std::future::Future;
use std::io::Write as _;
use std::time::{Duration, Instant};

use aiconfig_tests::{Clients, Place, Server};

use crate::attacks::{LONGEST, Outcome, Target};
use crate::good::{self, Good};
use crate::observe::{self, Peak};
use crate::turn;

/// How long the good client is looked at before each attack.
const BEFORE: Duration = Duration::from_millis(300);
/// How long each attack goes on, again and again if need be.
const AT_LEAST: Duration = Duration::from_millis(700);
/// KiB that an attack may make the server hold more.
const GROWTH: u64 = 96 << 10;

/// Deadlines so low that the attacks end soon.
const SETTINGS: &[(&str, &str)] = &[
    ("AICONFIG_PREFACE_TIMEOUT_MILLISECONDS", "1000"),
    ("AICONFIG_WRITE_TIMEOUT_SECONDS", "1"),
    ("AICONFIG_KEEPALIVE_INTERVAL_SECONDS", "2"),
    ("AICONFIG_KEEPALIVE_TIMEOUT_SECONDS", "2"),
    ("AICONFIG_DEFAULT_DEADLINE_SECONDS", "1"),
    ("AICONFIG_LONGEST_DEADLINE_SECONDS", "1"),
    ("AICONFIG_MAX_CONNECTIONS", "4000"),
    ("AICONFIG_MAX_CONNECTIONS_PER_PEER", "2000"),
];

struct Table<'a> {
    server: &'a Server,
    clients: &'a Clients,
    text: String,
}

impl Table<'_> {
    /// Runs an attack. `expected` is the cause that the server must count for it; none where it
    /// answers the calls and keeps the connection.
    async fn row<A: Future<Output = Outcome>>(
        &mut self,
        name: &str,
        expected: &str,
        attack: impl Fn() -> A,
    ) {
        let before = Good::work(self.clients, BEFORE).await;
        let cuts = observe::cuts(self.server);
        let held = observe::resident(self.server.pid());
        let peak = Peak::begin(self.server.pid());
        let good = Good::begin(self.clients);
        let begun = Instant::now();
        let outcome = attack().await;
        let mut times = 1;
        // Who is cut at once comes again at once.
        while begun.elapsed() < AT_LEAST {
            attack().await;
            times += 1;
        }
        let during = good.end().await;
        let peak = peak.end().max(held);
        let cuts = observe::since(&cuts, self.server);

        assert!(before.failures.is_empty(), "{name}: {:?}", before.failures);
        assert!(during.failures.is_empty(), "{name}: {:?}", during.failures);
        let after = outcome.answers.closed;
        let after = after.unwrap_or(LONGEST);
        assert!(after < LONGEST, "{name}: {}, never cut", outcome.sent);
        let found = cuts.contains_key(expected) || expected.is_empty();
        assert!(found, "{name}: {cuts:?}, expected {expected}");
        assert!(peak - held < GROWTH, "{name}: {held} to {peak} KiB");
        let goaway = outcome.answers.goaway;
        let goaway = goaway.map_or_else(String::new, |code| format!(", GOAWAY {code}"));
        let counted: Vec<String> = cuts.iter().map(|(c, n)| format!("{c} × {n}")).collect();
        let counted = match counted.as_slice() {
            [] => "the calls; the connection stays".to_owned(),
            counted => counted.join(", "),
        };
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        writeln!(
            self.text,
            "| {name} | {times} × {} | {counted}{goaway} | {:.0} ms | {} → {} MiB | {:.1} → {:.1} ms | {} |",
            outcome.sent,
            millis(after),
            held >> 10,
            peak >> 10,
            millis(before.p99),
            millis(during.p99),
            during.calls,
        )
        .unwrap();
    }

    async fn connections(&mut self, t: &Target) {
        self.row("silent", "preface_timeout", || t.silent()).await;
        self.row("half a preface", "preface_timeout", || t.half_preface())
            .await;
        self.row("a preface without SETTINGS", "preface_timeout", || {
            t.no_settings()
        })
        .await;
        self.row("a preface byte by byte", "preface_timeout", || {
            t.slow_preface()
        })
        .await;
        self.row("HTTP/1.1", "preface_invalid", || t.other_protocol())
            .await;
    }

    async fn idle(&mut self, t: &Target) {
        self.row("thousands of idle connections", "peer_connections", || {
            t.idle()
        })
        .await;
    }

    async fn frames(&mut self, t: &Target) {
        self.row("rapid reset", "protocol", || t.rapid_reset())
            .await;
        self.row("malformed streams", "protocol", || t.malformed())
            .await;
        self.row("broken HPACK", "protocol", || t.broken_hpack())
            .await;
        self.row("CONTINUATION flood", "protocol", || t.continuations())
            .await;
        self.row("huge headers", "protocol", || t.huge_headers())
            .await;
        self.row("PING flood", "control_frames", || t.pings()).await;
        self.row("SETTINGS flood", "control_frames", || t.settings())
            .await;
        self.row("PRIORITY flood", "control_frames", || t.priorities())
            .await;
        self.row("flood of unknown frames", "control_frames", || {
            t.unknown_frames()
        })
        .await;
        self.row("empty DATA flood", "protocol", || t.empty_data())
            .await;
        self.row("window overflow", "protocol", || t.window_overflow())
            .await;
    }

    async fn calls(&mut self, t: &Target) {
        self.row("answers that are not read", "write_stalled", || {
            t.unread_answers()
        })
        .await;
        self.row("stalled bodies", "", || t.stalled_bodies()).await;
        self.row("stalled health checks", "", || t.stalled_health())
            .await;
        let refused = observe::answered(self.server, "RESOURCE_EXHAUSTED");
        self.row("4 GiB length prefix", "", || t.four_gibibytes())
            .await;
        let refused = observe::answered(self.server, "RESOURCE_EXHAUSTED") - refused;
        assert!(refused >= 256, "{refused}: too large, and told so");
        self.row("1 MiB length prefix, then nothing", "", || {
            t.stalled_mebibytes()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_clients_are_cut_and_a_good_one_does_not_notice() {
    let _turn = turn().await;
    crate::limits::allow_sockets(8_000);
    let place = Place::sqlite();
    let server = Server::start_with(&place, SETTINGS);
    let clients = good::prepare(&server).await;
    let target = Target {
        address: server.address(),
        token: place.token("backend"),
    };
    let mut table = Table {
        server: &server,
        clients: &clients,
        text:
            "| attack | sent | cut | first after | memory | p99 of the good client | its calls |\n\
               |---|---|---|---|---|---|---|\n"
                .to_owned(),
    };
    table.connections(&target).await;
    table.frames(&target).await;
    table.calls(&target).await;
    // Last, as freed memory is not given back to the system at once.
    table.idle(&target).await;

    let text = table.text;
    writeln!(std::io::stdout(), "\n{text}").unwrap();
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert!(server.stop());
}
