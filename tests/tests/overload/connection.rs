//! One connection of a load: calls by the byte, so that a call costs the client a fraction of what
//! it costs the server.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use aiconfig_tests::wire::{
    self, ACK, DATA, END_HEADERS, END_STREAM, Frame, HEADERS, PING, Parser, RESET, SETTINGS,
    WINDOW_UPDATE, put_frame,
};
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::load::{Load, Offer, Outcome};

/// Calls that the server lets a connection have at the same time, by default.
const STREAMS: u32 = 256;
/// The error code of a call that its client gave up.
const CANCEL: u32 = 8;
/// Leave for the server to send, renewed when half of it is used.
const WINDOW: u32 = 1 << 30;
/// How often calls of an open loop are sent, and old ones given up.
const TICK: Duration = Duration::from_millis(1);

/// A call that was sent.
struct Call {
    sent: Instant,
    /// Whether a message has come.
    message: bool,
    ended: bool,
}

/// A connection at work.
pub(crate) struct Connection {
    socket: TcpStream,
    parser: Parser,
    unsent: Vec<u8>,
    calls: VecDeque<Call>,
    /// The number of the first of these calls.
    first: u32,
    open: u32,
    header: (Vec<u8>, Vec<u8>),
    body: Vec<u8>,
    taken: usize,
    pub(crate) outcome: Outcome,
}

impl Connection {
    pub(crate) async fn open(load: &Load) -> io::Result<Self> {
        let socket = TcpStream::connect(&load.address).await?;
        socket.set_nodelay(true)?;
        let bearer = format!("Bearer {}", load.token);
        let mut unsent = wire::opening(&[(4, WINDOW)]);
        put_frame(&mut unsent, WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes());
        Ok(Self {
            socket,
            parser: Parser::default(),
            unsent,
            calls: VecDeque::new(),
            first: 0,
            open: 0,
            header: wire::indexed(&wire::call_headers(load.path, &bearer)),
            body: wire::message(&load.body),
            taken: 0,
            outcome: Outcome::default(),
        })
    }

    /// Offers the load until its end; calls that are open then count for nothing.
    pub(crate) async fn work(&mut self, load: &Load, until: Instant) {
        let begun = Instant::now();
        let mut arrived = 0_u64;
        let mut buffer = vec![0; 64 << 10];
        let mut tick = tokio::time::interval(TICK);
        loop {
            let now = Instant::now();
            if now >= until {
                return;
            }
            self.give_up(now, load.deadline);
            match load.offer {
                Offer::InFlight(most) => {
                    let room = most.saturating_sub(self.open);
                    self.outcome.offered += u64::from(room);
                    self.send(now, room);
                }
                Offer::PerSecond(rate) => {
                    let due = whole(rate * now.duration_since(begun).as_secs_f64());
                    let new = due - arrived;
                    arrived = due;
                    self.outcome.offered += new;
                    let room = u64::from(STREAMS - self.open).min(new);
                    self.outcome.unsent += new - room;
                    self.send(now, u32::try_from(room).unwrap());
                }
            }
            if self.exchange(&mut buffer, &mut tick).await.is_err() {
                self.outcome.closed += 1;
                return;
            }
        }
    }

    fn send(&mut self, now: Instant, count: u32) {
        for _ in 0..count {
            let number = self.first + u32::try_from(self.calls.len()).unwrap();
            let stream = number * 2 + 1;
            let header = if number == 0 {
                &self.header.0
            } else {
                &self.header.1
            };
            put_frame(&mut self.unsent, HEADERS, END_HEADERS, stream, header);
            put_frame(&mut self.unsent, DATA, END_STREAM, stream, &self.body);
            self.calls.push_back(Call {
                sent: now,
                message: false,
                ended: false,
            });
        }
        self.open += count;
        self.outcome.sent += u64::from(count);
    }

    /// Ends calls that have had no answer in time, as clients do.
    fn give_up(&mut self, now: Instant, deadline: Duration) {
        while let Some(call) = self.calls.front() {
            if !call.ended {
                if now.duration_since(call.sent) < deadline {
                    return;
                }
                let stream = self.first * 2 + 1;
                put_frame(&mut self.unsent, RESET, 0, stream, &CANCEL.to_be_bytes());
                self.outcome.late += 1;
                self.open -= 1;
            }
            self.calls.pop_front();
            self.first += 1;
        }
    }

    /// Writes and reads what the socket takes and gives, or waits for the next tick.
    async fn exchange(
        &mut self,
        buffer: &mut [u8],
        tick: &mut tokio::time::Interval,
    ) -> io::Result<()> {
        let mut interest = Interest::READABLE;
        if !self.unsent.is_empty() {
            interest |= Interest::WRITABLE;
        }
        let ready = tokio::select! {
            ready = self.socket.ready(interest) => ready?,
            _ = tick.tick() => return Ok(()),
        };
        if ready.is_writable() && !self.unsent.is_empty() {
            match self.socket.try_write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if ready.is_readable() {
            match self.socket.try_read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.take(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        let now = Instant::now();
        let mut parser = std::mem::take(&mut self.parser);
        parser.feed(bytes, |frame| self.frame(&frame, now));
        self.parser = parser;
        if self.taken >= 1 << 29 {
            let taken = u32::try_from(self.taken).unwrap().to_be_bytes();
            put_frame(&mut self.unsent, WINDOW_UPDATE, 0, 0, &taken);
            self.taken = 0;
        }
    }

    fn frame(&mut self, frame: &Frame<'_>, now: Instant) {
        let answered = frame.flags & ACK != 0;
        match frame.kind {
            SETTINGS if !answered => put_frame(&mut self.unsent, SETTINGS, ACK, 0, &[]),
            PING if !answered => put_frame(&mut self.unsent, PING, ACK, 0, frame.payload),
            DATA | HEADERS | RESET => self.answer(frame, now),
            _ => {}
        }
    }

    fn answer(&mut self, frame: &Frame<'_>, now: Instant) {
        if frame.kind == DATA {
            self.taken += frame.payload.len();
        }
        // One that was given up is no longer there.
        let place = (frame.stream / 2).checked_sub(self.first);
        let place = place.and_then(|place| usize::try_from(place).ok());
        let Some(call) = place.and_then(|place| self.calls.get_mut(place)) else {
            return;
        };
        call.message |= frame.kind == DATA;
        if call.ended || (frame.kind != RESET && frame.flags & END_STREAM == 0) {
            return;
        }
        call.ended = true;
        self.open -= 1;
        let took = now.duration_since(call.sent);
        match (frame.kind, call.message) {
            (RESET, _) => self.outcome.reset += 1,
            (_, false) => self.outcome.refused += 1,
            (_, true) => {
                self.outcome.good += 1;
                let took = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
                self.outcome.micros.push(took);
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of calls"
)]
fn whole(calls: f64) -> u64 {
    calls as u64
}
