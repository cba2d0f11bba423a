//! Why the server ended a connection that its client would have kept.

use std::fmt;

macro_rules! cuts {
    ($($(#[$doc:meta])* $name:ident = $label:literal;)*) => {
        /// A reason to end a connection.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Cut { $($(#[$doc])* $name,)* }

        impl Cut {
            /// All of them, so that each is counted from zero.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// As metrics and the log name it.
            pub(crate) const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

cuts! {
    /// There are as many connections as the server takes.
    Connections = "connections";
    /// The peer has as many connections as one may have.
    PeerConnections = "peer_connections";
    /// No TLS session in time.
    HandshakeTimeout = "handshake_timeout";
    /// The TLS handshake failed: no TLS, no common protocol, no valid client certificate.
    HandshakeFailed = "handshake_failed";
    /// No whole HTTP/2 preface in time.
    PrefaceTimeout = "preface_timeout";
    /// Something else than an HTTP/2 preface.
    PrefaceInvalid = "preface_invalid";
    /// Far more control frames than calls.
    ControlFrames = "control_frames";
    /// The client takes nothing off the wire.
    WriteStalled = "write_stalled";
    /// The client did not answer a keepalive ping.
    Keepalive = "keepalive";
    /// The connection was as old as it may get.
    Age = "age";
    /// HTTP/2 itself was broken or flooded: hyper said GOAWAY.
    Protocol = "protocol";
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for Cut {}

impl From<Cut> for std::io::Error {
    fn from(cut: Cut) -> Self {
        Self::other(cut)
    }
}
