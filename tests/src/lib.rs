//! Black-box tests of the built server over a real socket.
#![forbid(unsafe_code)]
