//! A connection as HTTP/2 reads and writes it: holds its room, and ends itself past its limits.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use super::frames::FrameMeter;
use super::pace::{Pace, SIP};
use super::preface::Opening;
use super::room::Link;
use super::slots::Slot;
use super::{Cut, Limits};
use crate::metrics;

/// How often it is looked whether parts of answers move, while a write may wait.
const LOOKS: u32 = 4;

/// The socket, with or without TLS.
pub(super) enum Io {
    /// Plain text.
    Plain(TcpStream),
    /// A TLS session.
    Tls(Box<TlsStream<TcpStream>>),
}

/// See the module.
pub(crate) struct Connection {
    io: Io,
    link: Arc<Link>,
    pace: Pace,
    /// Bytes that were read already, and how many of them HTTP/2 has read again.
    opening: (Opening, usize),
    frames: FrameMeter,
    limits: Limits,
    began: Instant,
    /// When HTTP/2 last saw that the client is there.
    last_sign: Instant,
    /// The end of its age with the grace.
    too_old: Pin<Box<Sleep>>,
    /// When a write that waits has waited too long.
    stalled: Option<Pin<Box<Sleep>>>,
    /// When to look whether the client takes what it asked for; how much it had taken at the
    /// last look, and how often it was the same before.
    look: Pin<Box<Sleep>>,
    waited: (Option<u32>, u32),
    cut: Option<Cut>,
    /// Whether the client went by itself.
    left: bool,
    stop: CancellationToken,
    _slot: Slot,
}

impl Connection {
    pub(super) fn new(
        (io, opening): (Io, Opening),
        link: Arc<Link>,
        limits: Limits,
        slot: Slot,
        stop: CancellationToken,
    ) -> Self {
        let now = Instant::now();
        Self {
            io,
            link,
            pace: Pace::default(),
            opening: (opening, 0),
            frames: FrameMeter::new(limits.control_frames),
            limits,
            began: now,
            last_sign: now,
            too_old: Box::pin(tokio::time::sleep(limits.age + limits.age_grace)),
            stalled: None,
            look: Box::pin(tokio::time::sleep(limits.write_stall / LOOKS)),
            waited: (None, 0),
            cut: None,
            left: false,
            stop,
            _slot: slot,
        }
    }

    fn cut(&mut self, cut: Cut) -> io::Error {
        self.cut = Some(cut);
        cut.into()
    }

    /// Ends the connection where a write has waited too long.
    fn hurried<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(written) = written {
            self.stalled = None;
            self.left |= written.is_err();
            return Poll::Ready(written);
        }
        let within: Duration = self.limits.write_stall;
        let stalled = &mut self.stalled;
        let stalled = stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(self.cut(Cut::WriteStalled)))
    }

    /// Reads what the socket has; where there is little room, but a sip.
    fn read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        sip: bool,
    ) -> Poll<io::Result<()>> {
        if !sip {
            return self.io.as_mut().poll_read(context, buffer);
        }
        // Who is gone needs no answers to what it still asked for.
        if self.io.hung_up() {
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [0; SIP];
        let least = buffer.remaining().min(SIP);
        let mut part = ReadBuf::new(&mut bytes[..least]);
        let read = self.io.as_mut().poll_read(context, &mut part);
        buffer.put_slice(part.filled());
        read
    }

    /// Ends the connection where it is too old, or where parts of answers have waited for as long
    /// as a write may and none was taken. It is asked where there is nothing to read: whoever
    /// sends without end is read to the end of what has come before long.
    fn look(&mut self, context: &mut Context<'_>) -> Poll<Cut> {
        if self.too_old.as_mut().poll(context).is_ready() {
            return Poll::Ready(Cut::Age);
        }
        while self.look.as_mut().poll(context).is_ready() {
            let (waited, before) = self.waited;
            let waits = self.link.waits_since();
            let again = if waits.is_some() && waits == waited {
                before + 1
            } else {
                0
            };
            if again == LOOKS {
                return Poll::Ready(Cut::WriteStalled);
            }
            self.waited = (waits, again);
            let next = tokio::time::Instant::now() + self.limits.write_stall / LOOKS;
            self.look.as_mut().reset(next);
        }
        Poll::Pending
    }

    /// Why it ends, if that is not the client's own will or the server's end.
    fn why(&self) -> Option<Cut> {
        if self.cut.is_some() {
            return self.cut;
        }
        if self.left || self.frames.goodbye() || self.stop.is_cancelled() {
            return None;
        }
        Some(if self.began.elapsed() >= self.limits.age {
            Cut::Age
        } else if self.last_sign.elapsed() >= self.limits.keepalive {
            Cut::Keepalive
        } else {
            Cut::Protocol
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(cut) = self.why() {
            metrics::cut(cut);
            let peer = self.link.address();
            let after = self.began.elapsed();
            tracing::debug!(%peer, %cut, ?after, "ended a connection");
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Arc<Link>;

    fn connect_info(&self) -> Arc<Link> {
        Arc::clone(&self.link)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let mut sip = false;
        let (opening, at) = &mut this.opening;
        if *at < opening.len() {
            let again = (opening.len() - *at).min(buffer.remaining());
            buffer.put_slice(&opening[*at..][..again]);
            *at += again;
        } else {
            let read = match this.pace.poll(&this.link, context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(little) => {
                    sip = little;
                    this.read(context, buffer, little)
                }
            };
            match read {
                Poll::Pending => {
                    let cut = ready!(this.look(context));
                    return Poll::Ready(Err(this.cut(cut)));
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    this.left = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let bytes = &buffer.filled()[before..];
        this.left = bytes.is_empty();
        let passed = this.frames.pass(bytes);
        if this.frames.take_sign() {
            this.last_sign = Instant::now();
        }
        let calls = this.frames.take_calls();
        if sip {
            this.pace.took(calls, &this.link);
        }
        Poll::Ready(passed.map_err(|cut| this.cut(cut)))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.io.as_mut().poll_write(context, bytes);
        this.hurried(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.io.as_mut().poll_write_vectored(context, slices);
        this.hurried(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(io) => io.is_write_vectored(),
            Io::Tls(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = this.io.as_mut().poll_flush(context);
        this.hurried(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = this.io.as_mut().poll_shutdown(context);
        this.hurried(context, shut)
    }
}

/// Both halves of a socket.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Io {
    /// Whether the client has closed or lost the connection, whatever it sent before.
    fn hung_up(&self) -> bool {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(session) => session.get_ref().0,
        };
        let ends = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        let mut asked = [PollFd::new(socket, ends)];
        let now = Timespec::default();
        poll(&mut asked, Some(&now)).is_ok_and(|found| found > 0)
    }

    /// The socket as it is read and written.
    pub(super) fn as_mut(&mut self) -> Pin<&mut dyn Stream> {
        match self {
            Self::Plain(io) => Pin::new(io),
            Self::Tls(io) => Pin::new(io.as_mut()),
        }
    }
}
