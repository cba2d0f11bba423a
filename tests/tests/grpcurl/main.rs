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
mod modules;
mod prompt_life;
mod prompts;
mod settings;
mod tokens;

use admin::{Admin, scripts};
use aiconfig_tests::{Place, Server};
use aiconfig_testsupport::PgServer;

#[test]
fn an_administrator_walks_through_every_script_on_sqlite() {
    walk(&Place::sqlite());
}

#[test]
fn an_administrator_walks_through_every_script_on_postgresql() {
    walk(&Place::postgres(&PgServer::shared().create_database()));
}

/// Everything that an administrator does, on one server. The parts build on each other's state no
/// more than on the accounts of `settings`.
fn walk(place: &Place) {
    let server = Server::start_with(place, &[("AICONFIG_LOG", "debug")]);
    let admin = Admin::of(place, &server).but("AICONFIG_ACTOR", "jo@example.org");
    settings::walk(&admin);
    library::walk(&admin);
    keys::walk(&admin, place, &server);
    prompts::walk(&admin);
    prompt_life::walk(&admin);
    modules::walk(&admin);
    tokens::walk(&admin);
    let left: Vec<String> = scripts().difference(&admin.done()).cloned().collect();
    assert!(left.is_empty(), "no part has used {left:?}");
}
