//! Counts the frames of a client that are no part of a call: HTTP/2 lets it send as many PING,
//! SETTINGS and the like as it wants, and each costs the server an answer.

use std::time::Instant;

use super::Cut;

/// Bytes in front of the first frame.
const MAGIC: usize = 24;
/// Frames that come with a call: its reset, updates of windows, a ping to measure the line.
const PER_CALL: u32 = 4;
/// The part of a second's frames that may come at once: what a flood costs before it is cut.
const AT_ONCE: u32 = 10;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
/// On DATA that nothing more follows, on PING that it is an answer.
const END_STREAM: u8 = 1;
const ACK: u8 = 1;

/// Follows the frames of one connection through its bytes.
pub(super) struct FrameMeter {
    head: [u8; 9],
    /// Bytes of `head` that have come.
    filled: usize,
    /// Bytes of the present frame that are still to come.
    rest: usize,
    per_second: u32,
    at_once: u32,
    left: u32,
    refilled: Instant,
    goodbye: bool,
    sign: bool,
    /// Whether the present frame is that of a call, and how many of those have come whole.
    call: bool,
    calls: u32,
}

impl FrameMeter {
    /// From the first byte of a connection on, with a number of control frames a second, a
    /// tenth of which may come at once.
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            head: [0; 9],
            filled: 0,
            rest: MAGIC,
            per_second,
            at_once: per_second / AT_ONCE,
            left: per_second / AT_ONCE,
            refilled: Instant::now(),
            goodbye: false,
            sign: false,
            call: false,
            calls: 0,
        }
    }

    /// Whether the client has said that it goes.
    pub(super) const fn goodbye(&self) -> bool {
        self.goodbye
    }

    /// Whether there was a frame since that keepalive takes for a sign of life.
    pub(super) const fn take_sign(&mut self) -> bool {
        std::mem::replace(&mut self.sign, false)
    }

    /// How many calls there were since.
    pub(super) const fn take_calls(&mut self) -> u32 {
        std::mem::replace(&mut self.calls, 0)
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Where there were too many control frames.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Result<(), Cut> {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len());
                self.rest -= skipped;
                bytes = &bytes[skipped..];
                self.finish();
                continue;
            }
            let taken = (self.head.len() - self.filled).min(bytes.len());
            self.head[self.filled..][..taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == self.head.len() {
                self.filled = 0;
                self.count()?;
                self.finish();
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        if self.call && self.rest == 0 {
            self.call = false;
            self.calls = self.calls.saturating_add(1);
        }
    }

    fn count(&mut self) -> Result<(), Cut> {
        let [a, b, c, kind, flags, ..] = self.head;
        let length = u32::from_be_bytes([0, a, b, c]);
        self.rest = usize::try_from(length).unwrap_or(usize::MAX);
        self.sign |= kind == HEADERS || kind == DATA || (kind == PING && flags & ACK != 0);
        match kind {
            HEADERS => {
                self.call = true;
                self.left = self.left.saturating_add(PER_CALL).min(self.at_once);
                return Ok(());
            }
            DATA if length > 0 || flags & END_STREAM != 0 => return Ok(()),
            GOAWAY => self.goodbye = true,
            _ => {}
        }
        if self.left == 0 {
            self.refill();
        }
        self.left = self.left.checked_sub(1).ok_or(Cut::ControlFrames)?;
        Ok(())
    }

    /// The clock is only read when the count has run out, not for every frame.
    fn refill(&mut self) {
        let now = Instant::now();
        let passed = now.duration_since(self.refilled).as_micros();
        let due = passed.saturating_mul(u128::from(self.per_second)) / 1_000_000;
        self.left = u32::try_from(due).map_or(self.at_once, |due| due.min(self.at_once));
        if self.left > 0 {
            self.refilled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        bytes.resize(9 + usize::from(length), 0xAA);
        bytes
    }

    fn opened(per_second: u32) -> FrameMeter {
        let mut meter = FrameMeter::new(per_second);
        meter.pass(&[b'P'; MAGIC]).unwrap();
        meter
    }

    #[test]
    fn control_frames_run_out_and_calls_bring_some() {
        // Refilled in the future: nothing comes back while the test runs.
        let check = |frames: &[(u8, u8, u8)], repeat: usize, fits: bool| {
            let mut meter = opened(1_000);
            meter.refilled = Instant::now() + std::time::Duration::from_mins(1);
            let all: Vec<u8> = frames
                .iter()
                .flat_map(|&(k, f, l)| frame(k, f, l))
                .collect();
            let end = (0..repeat).try_for_each(|_| meter.pass(&all));
            assert_eq!(end.is_ok(), fits, "{frames:?} × {repeat}");
        };
        check(&[(PING, 0, 8)], 100, true);
        check(&[(PING, 0, 8)], 101, false);
        check(&[(DATA, 0, 0)], 101, false);
        check(&[(HEADERS, 4, 20), (DATA, END_STREAM, 0)], 1_000, true);
        check(&[(HEADERS, 4, 20), (DATA, 0, 9), (PING, 0, 8)], 1_000, true);
        check(&[(DATA, 0, 200)], 1_000, true);
        check(&[(4, 0, 6)], 101, false);
        check(&[(9, 0, 3)], 101, false);
    }

    #[test]
    fn frames_are_followed_through_any_cutting_of_their_bytes() {
        let mut all = vec![b'P'; MAGIC];
        all.extend(frame(PING, 0, 8));
        all.extend(frame(DATA, 0, 200));
        all.extend(frame(GOAWAY, 0, 8));
        for size in 1..=all.len() {
            let mut meter = FrameMeter::new(100);
            for part in all.chunks(size) {
                meter.pass(part).unwrap();
            }
            assert!(meter.goodbye(), "{size}");
            assert_eq!(meter.left, 8, "{size}");
            // Eight bytes of the last frame's body are its own.
            assert_eq!((meter.rest, meter.filled), (0, 0), "{size}");
        }
    }

    #[test]
    fn calls_and_answered_pings_are_signs_of_life() {
        for (kind, flags, expected) in [
            (HEADERS, 4, true),
            (DATA, 0, true),
            (PING, ACK, true),
            (PING, 0, false),
            (4, 0, false),
        ] {
            let mut meter = opened(100);
            meter.pass(&frame(kind, flags, 8)).unwrap();
            assert_eq!(meter.take_sign(), expected, "{kind} {flags}");
            assert!(!meter.take_sign());
        }
    }

    #[test]
    fn a_call_counts_once_its_headers_are_whole() {
        let mut meter = opened(100);
        let headers = frame(HEADERS, 4, 20);
        let all = [headers.as_slice(), &frame(DATA, 0, 3), &headers].concat();
        meter.pass(&all[..28]).unwrap();
        assert_eq!(meter.take_calls(), 0);
        meter.pass(&all[28..all.len() - 1]).unwrap();
        assert_eq!(meter.take_calls(), 1);
        meter.pass(&all[all.len() - 1..]).unwrap();
        meter.pass(&frame(HEADERS, 5, 0)).unwrap();
        assert_eq!(meter.take_calls(), 2);
    }

    #[test]
    fn what_was_used_comes_back_with_time() {
        let mut meter = opened(1_000_000);
        meter.left = 0;
        meter.refilled = Instant::now()
            .checked_sub(std::time::Duration::from_secs(2))
            .unwrap();
        meter.pass(&frame(PING, 0, 8)).unwrap();
        assert_eq!(meter.left, 99_999);
    }
}
