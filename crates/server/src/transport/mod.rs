//! The way from a listening socket to connections that speak HTTP/2: an accept loop of our own
//! with deadlines, a number of connections in all and for each peer, and TLS.
//!
//! tonic gives every socket to hyper as soon as it is accepted, and hyper waits for a preface for
//! ever. Here a socket is only handed on once it has shaken hands and sent its preface in time.
//! The ops port has an accept loop of its own. Limits, defaults and what a client sees of them are in `docs/transport.md`.

mod accept;
mod connection;
mod cut;
mod door;
mod frames;
mod limits;
mod open_files;
mod pace;
mod pages;
mod preface;
mod reload;
mod room;
mod slots;
mod tls;

pub(crate) use accept::incoming;
pub(crate) use cut::Cut;
pub(crate) use limits::Limits;
pub(crate) use pages::{CAUSES as OPS_CAUSES, serve_pages};
pub(crate) use reload::Reload;
pub(crate) use room::{Bucket, Full, Link, Place, Room};
pub(crate) use slots::household;
pub(crate) use tls::TlsFiles;
