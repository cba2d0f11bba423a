//! The server starts, freezes, halts, is killed, resumes, and leaves nothing behind.

use std::net::TcpStream;

use aiconfig_testsupport::{PgOptions, PgServer};

#[test]
fn starts_halts_resumes_and_goes() {
    let server = PgServer::start(PgOptions::default());
    let port = server.port();
    let reach = || TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).is_ok();
    assert!(reach());
    assert_ne!(server.create_database(), server.create_database());

    drop(server.freeze());
    server.create_database();

    server.halt();
    assert!(!reach());
    server.resume();
    assert_eq!(server.port(), port);
    server.create_database();

    server.kill();
    assert!(!reach());
    server.resume();
    server.create_database();

    drop(server);
    assert!(!reach());
}
