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
mod library;
mod prompts;
mod settings;
mod tokens;

use admin::{Admin, scripts};
use aiconfig_tests::{Place, Server};

/// Everything that an administrator does, on one server. The parts build on each other's state no
/// more than on the accounts of `settings`.
#[test]
fn an_administrator_walks_through_every_script() {
    let place = Place::sqlite().with("AICONFIG_LOG", "debug");
    let server = Server::start(&place);
    let admin = Admin::of(&place, &server).but("AICONFIG_ACTOR", "jo@example.org");
    settings::walk(&admin);
    library::walk(&admin);
    keys::walk(&admin, &place, &server);
    prompts::walk(&admin);
    tokens::walk(&admin);
    let left: Vec<String> = scripts().difference(&admin.done()).cloned().collect();
    assert!(left.is_empty(), "no part has used {left:?}");
}
