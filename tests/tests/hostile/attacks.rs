//! The attacks: each on connections of its own, until the server has had enough or does not care.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use crate::connection::{Answers, Hostile, socket};
use aiconfig_tests::wire::{
    self, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PRIORITY, RESET, SETTINGS,
    WINDOW_UPDATE, call, frame,
};

/// Longer than any attack may go on.
pub(crate) const LONGEST: Duration = Duration::from_secs(8);
/// The main call.
pub(crate) const GET: &str = "/igny8.aiconfig.v1.ModelConfigService/GetModelConfig";
/// Sockets of the attack with very many.
const SOCKETS: usize = 5_000;

/// What an attack runs against.
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) token: String,
}

/// What became of it.
pub(crate) struct Outcome {
    /// What was sent until it ended.
    pub(crate) sent: String,
    pub(crate) answers: Answers,
}

pub(crate) fn ended(sent: impl Into<String>, answers: Answers) -> Outcome {
    Outcome {
        sent: sent.into(),
        answers,
    }
}

/// The numbers that clients give their streams.
pub(crate) fn stream(number: u32) -> u32 {
    number * 2 + 1
}

pub(crate) fn headers(number: u32, flags: u8, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, flags | END_HEADERS, stream(number), block)
}

impl Target {
    pub(crate) fn call(&self) -> Vec<u8> {
        call(GET, &self.token, &[])
    }

    pub(crate) async fn greeted(&self) -> Hostile {
        Hostile::greet(&self.address).await
    }

    pub(crate) async fn silent(&self) -> Outcome {
        let hostile = Hostile::connect(&self.address).await;
        ended("nothing", hostile.closed(LONGEST).await)
    }

    pub(crate) async fn half_preface(&self) -> Outcome {
        let mut hostile = Hostile::connect(&self.address).await;
        hostile.send(&wire::MAGIC[..12]).await.unwrap();
        ended("12 of 24 bytes", hostile.closed(LONGEST).await)
    }

    pub(crate) async fn no_settings(&self) -> Outcome {
        let mut hostile = Hostile::connect(&self.address).await;
        hostile.send(wire::MAGIC).await.unwrap();
        ended("24 bytes, no SETTINGS", hostile.closed(LONGEST).await)
    }

    pub(crate) async fn slow_preface(&self) -> Outcome {
        let mut hostile = Hostile::connect(&self.address).await;
        let mut sent = 0;
        for byte in wire::opening(&[]) {
            if hostile.send(&[byte]).await.is_err() || hostile.answers().closed.is_some() {
                break;
            }
            sent += 1;
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        let sent = format!("{sent} bytes, one each 60 ms");
        ended(sent, hostile.closed(LONGEST).await)
    }

    pub(crate) async fn other_protocol(&self) -> Outcome {
        let mut hostile = Hostile::connect(&self.address).await;
        hostile
            .send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        ended("GET / HTTP/1.1", hostile.closed(LONGEST).await)
    }

    /// Sockets that say nothing after their preface: some find no room, the others are asked
    /// whether they are there.
    pub(crate) async fn idle(&self) -> Outcome {
        let first = self.greeted().await;
        let mut sockets = Vec::new();
        for _ in 1..SOCKETS {
            let socket = socket(&self.address).await.unwrap();
            let _ = socket.try_write(&wire::opening(&[]));
            sockets.push(socket);
        }
        let answers = first.closed(LONGEST).await;
        let mut left = 0;
        for socket in &mut sockets {
            let mut rest = Vec::new();
            let read = socket.read_to_end(&mut rest);
            left += usize::from(
                tokio::time::timeout(Duration::from_secs(3), read)
                    .await
                    .is_err(),
            );
        }
        assert_eq!(left, 0, "sockets are still open");
        ended(format!("{SOCKETS} sockets"), answers)
    }

    pub(crate) async fn rapid_reset(&self) -> Outcome {
        let mut hostile = self.greeted().await;
        let block = self.call();
        let reset = 8_u32.to_be_bytes();
        let pairs = hostile.flood(LONGEST, |n| {
            let many = (n * 100..(n + 1) * 100)
                .flat_map(|n| [headers(n, 0, &block), frame(RESET, 0, stream(n), &reset)].concat());
            many.collect()
        });
        let sent = format!("{} calls, each reset", pairs.await * 100);
        ended(sent, hostile.answers())
    }

    /// Headers that HTTP/2 forbids: the server has to reset each stream.
    pub(crate) async fn malformed(&self) -> Outcome {
        let mut hostile = self.greeted().await;
        let block = call(GET, &self.token, &[("connection", "close")]);
        let many = hostile.flood(LONGEST, |n| {
            (n * 50..(n + 1) * 50)
                .flat_map(|n| headers(n, END_STREAM, &block))
                .collect()
        });
        let sent = format!("{} bad streams", many.await * 50);
        ended(sent, hostile.answers())
    }

    /// Bytes that HPACK cannot be.
    pub(crate) async fn broken_hpack(&self) -> Outcome {
        let mut hostile = self.greeted().await;
        hostile
            .send(&headers(0, END_STREAM, &[0xff; 64]))
            .await
            .unwrap();
        ended("one header block", hostile.closed(LONGEST).await)
    }

    pub(crate) async fn continuations(&self) -> Outcome {
        let mut hostile = self.greeted().await;
        hostile
            .send(&frame(HEADERS, 0, 1, &self.call()))
            .await
            .unwrap();
        let more = wire::block(&[("x-more", "more")]);
        let part = frame(CONTINUATION, 0, 1, &more).repeat(10);
        let sent = hostile.flood(LONGEST, |_| part.clone()).await;
        ended(format!("{} CONTINUATION", sent * 10), hostile.answers())
    }

    /// One call with 64 KiB of headers.
    pub(crate) async fn huge_headers(&self) -> Outcome {
        let mut hostile = self.greeted().await;
        let long = "x".repeat(15_000);
        let block = call(GET, &self.token, &[("x-long", &long)]);
        hostile.send(&frame(HEADERS, 0, 1, &block)).await.unwrap();
        let more = wire::block(&[("x-long", &long)]);
        let mut sent = 0;
        while hostile.answers().closed.is_none() && hostile.began.elapsed() < LONGEST {
            if hostile
                .send(&frame(CONTINUATION, 0, 1, &more))
                .await
                .is_err()
            {
                break;
            }
            sent += 1;
        }
        let sent = format!("{} KiB of headers", 15 * (sent + 1));
        ended(sent, hostile.closed(LONGEST).await)
    }

    async fn flood_of(&self, name: &str, one: &[u8]) -> Outcome {
        let mut hostile = self.greeted().await;
        let many = one.repeat(100);
        let sent = hostile.flood(LONGEST, |_| many.clone()).await;
        ended(format!("{} {name}", sent * 100), hostile.answers())
    }

    pub(crate) async fn pings(&self) -> Outcome {
        self.flood_of("PING", &frame(PING, 0, 0, &[1; 8])).await
    }

    pub(crate) async fn settings(&self) -> Outcome {
        self.flood_of("SETTINGS", &frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]))
            .await
    }

    pub(crate) async fn priorities(&self) -> Outcome {
        self.flood_of("PRIORITY", &frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 16]))
            .await
    }

    pub(crate) async fn unknown_frames(&self) -> Outcome {
        self.flood_of("frames of no known type", &frame(0xee, 0, 0, b"x"))
            .await
    }

    pub(crate) async fn empty_data(&self) -> Outcome {
        let mut hostile = self.greeted().await;
        hostile.send(&headers(0, 0, &self.call())).await.unwrap();
        let many = frame(DATA, 0, 1, b"").repeat(100);
        let sent = hostile.flood(LONGEST, |_| many.clone()).await;
        ended(format!("{} empty DATA", sent * 100), hostile.answers())
    }

    pub(crate) async fn window_overflow(&self) -> Outcome {
        let mut hostile = self.greeted().await;
        let most = 0x7fff_ffff_u32.to_be_bytes();
        hostile
            .send(&frame(WINDOW_UPDATE, 0, 0, &most))
            .await
            .unwrap();
        ended("one WINDOW_UPDATE", hostile.closed(LONGEST).await)
    }
}
