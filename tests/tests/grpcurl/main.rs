//! The admin scripts of `clients/grpcurl` with the real grpcurl against the real server.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod admin;
mod arguments;
mod environment;
mod keys;
mod server;
mod settings;
mod tokens;

use admin::{Admin, scripts};
use server::Server;

/// Everything that an administrator does, on one server. The parts build on each other's state no
/// more than on the accounts of `settings`.
#[test]
fn an_administrator_walks_through_every_script() {
    let server = Server::start(None);
    let admin = Admin::of(&server).but("AICONFIG_ACTOR", "jo@example.org");
    settings::walk(&admin);
    keys::walk(&admin, &server);
    tokens::walk(&admin);
    let left: Vec<String> = scripts().difference(&admin.done()).cloned().collect();
    assert!(left.is_empty(), "no part has used {left:?}");
}
