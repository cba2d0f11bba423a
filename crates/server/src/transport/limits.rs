//! What a connection may do: the limits of our own, and those that HTTP/2 is given.

use std::time::Duration;

use tonic::transport::Server;

/// Bytes of the headers of a call. Past it a call gets 431, past four times of it the connection
/// ends; from it h2 also derives how many CONTINUATION frames it takes.
const HEADER_LIST: u32 = 8 << 10;
/// Bytes of an HTTP/2 frame: the least that HTTP/2 allows.
const FRAME: u32 = 16 << 10;
/// Bytes that a call may send ahead of what is read of it; whole messages are 1 MiB at most.
const STREAM_WINDOW: u32 = 256 << 10;
/// Bytes that all calls of a connection may send ahead.
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Streams that the server had to reset for errors of the client; past it the connection ends.
const LOCAL_ERROR_RESETS: usize = 1024;
/// What connections are held to; the settings of the same names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at the same time, those that still shake hands among them.
    pub(crate) connections: usize,
    /// Connections of one address; of one /64 with IPv6.
    pub(crate) connections_per_peer: usize,
    /// From accepting to the end of the TLS handshake.
    pub(crate) handshake: Duration,
    /// From there to the whole preface.
    pub(crate) preface: Duration,
    /// How long the client may take nothing while something is to be sent.
    pub(crate) write_stall: Duration,
    /// Frames a second that are no part of a call; a tenth of that may come at once.
    pub(crate) control_frames: u32,
    /// Age at which a client is told to go; it finishes its calls.
    pub(crate) age: Duration,
    /// How long after that it is cut.
    pub(crate) age_grace: Duration,
    /// Silence after which a client is asked whether it is there.
    pub(crate) keepalive: Duration,
    /// How long it may take to answer that.
    pub(crate) keepalive_timeout: Duration,
    /// Calls at the same time on one connection.
    pub(crate) concurrent_streams: u32,
}

impl Limits {
    /// A server with all that HTTP/2 is held to. Everything is set: left alone, tonic switches
    /// some of hyper's own guards off.
    pub(crate) fn server(&self) -> Server {
        // No timeout is set: tonic's would answer CANCELLED. The gate has deadlines for all calls.
        // No grace is set here: tonic's would end connections without a GOAWAY. The hard end is
        // in `connection`.
        //
        // Streams that were reset before they were looked at: after a moment in which the server
        // did not get to run, a client may have given all its calls up at once.
        let resets = usize::try_from(self.concurrent_streams).ok();
        Server::builder()
            .max_concurrent_streams(self.concurrent_streams)
            .http2_max_pending_accept_reset_streams(resets)
            .http2_max_local_error_reset_streams(Some(LOCAL_ERROR_RESETS))
            .http2_max_header_list_size(HEADER_LIST)
            .max_frame_size(FRAME)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_adaptive_window(Some(false))
            .http2_keepalive_interval(Some(self.keepalive))
            .http2_keepalive_timeout(Some(self.keepalive_timeout))
            .max_connection_age(self.age)
            .accept_http1(false)
    }
}
