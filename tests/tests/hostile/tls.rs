//! TLS and mTLS: who gets in, what is cut, and new files while serving.

use std::time::{Duration, Instant};

use aiconfig_tests::{Bearer, Clients, Place, Server, query};
use rustix::process::{Pid, Signal, kill_process};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::attacks::LONGEST;
use crate::certificates::{Authority, Identity};
use crate::connection::Hostile;
use crate::{good, observe, turn};
use aiconfig_tests::wire;

/// Long enough that no test waits for it.
const NEVER: &str = "3600";

/// A server with the certificate, and further variables.
fn start(place: &Place, identity: &Identity, more: &[(&str, &str)]) -> Server {
    let (cert, key) = identity.write(place);
    let mut settings = vec![
        ("AICONFIG_TLS_CERT_FILE", cert.to_str().unwrap()),
        ("AICONFIG_TLS_KEY_FILE", key.to_str().unwrap()),
    ];
    settings.extend(more);
    Server::start_with(place, &settings)
}

/// A connection that trusts an authority, and shows a certificate if it has one.
async fn connect(
    server: &Server,
    trusted: &Authority,
    own: Option<&Identity>,
) -> Result<Channel, tonic::transport::Error> {
    let trusted = Certificate::from_pem(trusted.pem());
    let mut tls = ClientTlsConfig::new()
        .ca_certificate(trusted)
        .domain_name("localhost");
    if let Some(own) = own {
        tls = tls.identity(tonic::transport::Identity::from_pem(&own.cert, &own.key));
    }
    let address = format!("https://{}", server.address());
    let endpoint = Endpoint::from_shared(address).unwrap().tls_config(tls)?;
    endpoint.timeout(Duration::from_secs(10)).connect().await
}

/// Whether a call over such a connection is answered at all, if only with a refusal of ours.
async fn gets_in(server: &Server, trusted: &Authority, own: Option<&Identity>) -> bool {
    let Ok(channel) = connect(server, trusted, own).await else {
        return false;
    };
    let mut clients = Clients::new(&channel, &Bearer::new("no-token"));
    let refused = clients
        .configs
        .get_model_config(query(1))
        .await
        .unwrap_err();
    refused.code() == tonic::Code::Unauthenticated
}

#[tokio::test]
async fn with_tls_only_tls_gets_in() {
    let _turn = turn().await;
    let (authority, other) = (Authority::new(), Authority::new());
    let place = Place::sqlite();
    let settings = [
        ("AICONFIG_HANDSHAKE_TIMEOUT_MILLISECONDS", "300"),
        ("AICONFIG_PREFACE_TIMEOUT_MILLISECONDS", "300"),
    ];
    let server = start(&place, &authority.sign(), &settings);
    assert!(gets_in(&server, &authority, None).await);
    assert!(!gets_in(&server, &other, None).await, "another authority");

    let channel = connect(&server, &authority, None).await.unwrap();
    let mut clients = Clients::new(&channel, &server.token("backend"));
    good::make_account(&mut clients).await;
    // What a TLS client begins with: a handshake record of 512 bytes, of which little comes.
    let half_hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    for (sent, cause) in [
        ([].as_slice(), "handshake_timeout"),
        (&half_hello, "handshake_timeout"),
        (&wire::opening(&[]), "handshake_failed"),
        (b"GET / HTTP/1.1\r\n\r\n", "handshake_failed"),
    ] {
        let cuts = observe::cuts(&server);
        let good = good::Good::begin(&clients);
        let mut hostile = Hostile::connect(&server.address()).await;
        hostile.send(sent).await.unwrap();
        let closed = hostile.closed(LONGEST).await.closed.expect("cut");
        assert!(closed < Duration::from_secs(1), "{cause}: {closed:?}");
        let cuts = observe::since(&cuts, &server);
        assert_eq!(cuts.get(cause), Some(&1), "{sent:?}: {cuts:?}");
        let seen = good.end().await;
        assert!(seen.failures.is_empty(), "{:?}", seen.failures);
    }
}

#[tokio::test]
async fn with_client_authorities_only_their_clients_get_in() {
    let _turn = turn().await;
    let (authority, clients) = (Authority::new(), Authority::new());
    let place = Place::sqlite();
    let trusted = place.write_private("clients.pem", &clients.pem());
    let settings = [("AICONFIG_TLS_CLIENT_CA_FILE", trusted.to_str().unwrap())];
    let server = start(&place, &authority.sign(), &settings);
    assert!(gets_in(&server, &authority, Some(&clients.sign())).await);
    assert!(!gets_in(&server, &authority, None).await, "no certificate");
    let foreign = authority.sign();
    assert!(
        !gets_in(&server, &authority, Some(&foreign)).await,
        "foreign"
    );
    let cuts = observe::cuts(&server);
    // A client may try more than once.
    assert!(cuts["handshake_failed"] >= 2, "{cuts:?}");
}

#[tokio::test]
async fn new_files_are_taken_up_and_bad_ones_are_not() {
    let _turn = turn().await;
    let (first, second) = (Authority::new(), Authority::new());
    let place = Place::sqlite();
    let server = start(
        &place,
        &first.sign(),
        &[("AICONFIG_TLS_RELOAD_SECONDS", "1")],
    );
    let channel = connect(&server, &first, None).await.unwrap();
    let mut old = Clients::new(&channel, &server.token("backend"));
    let reloads = |outcome: &str| {
        let all = observe::counters(&server, "aiconfig_tls_reloads_total");
        let label = format!("{{outcome=\"{outcome}\"}}");
        all.get(&label).copied().unwrap_or_default()
    };
    let in_use = || {
        observe::counters(&server, "aiconfig_tls_files_in_use")
            .get("")
            .copied()
    };

    // Half a replacement: the new certificate with the old key.
    let new = second.sign();
    place.write_private("server.pem", &new.cert);
    until(|| reloads("refused") == 1).await;
    assert_eq!(in_use(), Some(0));
    let log = server.log();
    assert!(
        log.contains("the new TLS files are not used; the old ones stay"),
        "{log}"
    );
    assert!(gets_in(&server, &first, None).await);

    new.write(&place);
    until(|| reloads("taken") == 1).await;
    assert_eq!(in_use(), Some(1));
    assert!(gets_in(&server, &second, None).await);
    assert!(!gets_in(&server, &first, None).await);
    // The connection of before goes on.
    old.configs.get_model_config(query(1)).await.unwrap();
    assert_eq!(reloads("refused"), 1, "each change is told once");
}

#[tokio::test]
async fn a_hangup_looks_at_the_files_at_once() {
    let _turn = turn().await;
    let (first, second) = (Authority::new(), Authority::new());
    let place = Place::sqlite();
    let server = start(
        &place,
        &first.sign(),
        &[("AICONFIG_TLS_RELOAD_SECONDS", NEVER)],
    );
    second.sign().write(&place);
    assert!(!gets_in(&server, &second, None).await);
    let pid = Pid::from_raw(server.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    until(|| {
        server
            .log()
            .contains("new connections use the new TLS files")
    })
    .await;
    assert!(gets_in(&server, &second, None).await);
}

#[test]
fn files_that_make_no_tls_are_refused_at_the_start() {
    let authority = Authority::new();
    let (one, other) = (authority.sign(), authority.sign());
    let files = Place::sqlite();
    let path = |name: &str, text: &str| {
        let path = files.write_private(name, text);
        path.to_str().unwrap().to_owned()
    };
    let (cert, key) = (path("a.pem", &one.cert), path("a.key", &one.key));
    let (wrong, empty) = (path("b.key", &other.key), path("empty", ""));
    for (cert, key, client_ca, told) in [
        (
            &*cert,
            &*wrong,
            "",
            "the key in tls_key_file is not that of the certificate",
        ),
        (
            &cert,
            "",
            "",
            "tls_cert_file is set, but tls_key_file is not",
        ),
        (
            "",
            &key,
            "",
            "tls_key_file is set, but tls_cert_file is not",
        ),
        (
            "",
            "",
            &cert,
            "tls_client_ca_file is set, but tls_cert_file is not",
        ),
        (
            &cert,
            "/nowhere/key",
            "",
            "tls_key_file /nowhere/key cannot be read",
        ),
        (&empty, &key, "", "holds no certificate in PEM"),
        (&cert, &empty, "", "holds no private key in PEM"),
        (&cert, &key, &empty, "tls_client_ca_file"),
    ] {
        let place = Place::sqlite()
            .with("AICONFIG_TLS_CERT_FILE", cert)
            .with("AICONFIG_TLS_KEY_FILE", key)
            .with("AICONFIG_TLS_CLIENT_CA_FILE", client_ca)
            .with("AICONFIG_GRPC_ADDR", "127.0.0.1:0")
            .with("AICONFIG_OPS_ADDR", "127.0.0.1:0");
        for command in ["serve", "check"] {
            let ended = place.run(&[command]);
            let text = String::from_utf8_lossy(&ended.stderr);
            assert!(!ended.status.success(), "{command}: {told}");
            assert!(text.contains(told), "{command}: {told}: {text}");
        }
    }
}

async fn until(fits: impl Fn() -> bool) {
    let begun = Instant::now();
    while !fits() {
        assert!(begun.elapsed() < LONGEST, "it does not happen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
