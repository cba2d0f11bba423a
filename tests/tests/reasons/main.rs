//! Every reason that an RPC can answer, reached over a socket at least once.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod catalog;
mod faults;
mod keys;
mod library;
mod prompts;
mod requests;

use std::collections::{BTreeMap, BTreeSet};

use aiconfig_proto::v1::ErrorReason;
use aiconfig_tests::{Clients, Place, Server, reason};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// What was answered so far: each reason with its code.
#[derive(Default)]
pub(crate) struct Seen(BTreeMap<String, Code>);

impl Seen {
    /// Notes a refusal, which must be for the expected reason and be a whole answer.
    #[track_caller]
    pub(crate) fn refused<T: std::fmt::Debug>(
        &mut self,
        answer: Result<Response<T>, Status>,
        expected: (Code, &str),
    ) {
        let status = answer.unwrap_err();
        let told = reason(&status);
        assert_eq!((status.code(), told.as_str()), expected, "{status:?}");
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().domain, "aiconfig.igny8");
        assert!(!status.message().is_empty());
        assert!(!details.request_info().unwrap().request_id.is_empty());
        if matches!(status.code(), Code::ResourceExhausted | Code::Unavailable) {
            assert!(details.retry_info().is_some(), "{told}: when to try again");
        }
        if status.code() == Code::FailedPrecondition {
            assert!(details.precondition_failure().is_some(), "{told}");
        }
        self.0.insert(told, status.code());
    }
}

/// A server with its first tokens.
pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) server: Server,
    pub(crate) admin: Clients,
    pub(crate) backend: Clients,
}

impl Stage {
    async fn new(place: Place) -> Self {
        let server = Server::start(&place);
        Self {
            admin: server.clients("admin").await,
            backend: server.clients("backend").await,
            place,
            server,
        }
    }
}

#[tokio::test]
async fn every_reason_is_reached() {
    let mut seen = Seen::default();
    let mut stage = Stage::new(Place::sqlite()).await;
    accounts::reach(&mut stage, &mut seen).await;
    catalog::reach(&mut stage, &mut seen).await;
    keys::reach(&mut stage, &mut seen).await;
    library::reach(&mut stage, &mut seen).await;
    prompts::reach(&mut stage, &mut seen).await;
    requests::reach(&mut stage, &mut seen).await;
    faults::tampered(&mut stage, &mut seen).await;
    drop(stage);
    faults::overload(&mut seen).await;
    faults::rate(&mut seen).await;
    faults::away(&mut seen).await;

    let all: BTreeSet<String> = (1..1_000)
        .filter_map(|number| ErrorReason::try_from(number).ok())
        .map(|reason| aiconfig_proto::reason::to_wire(reason).to_owned())
        .collect();
    let reached: BTreeSet<String> = seen.0.keys().cloned().collect();
    let missing: Vec<&String> = all.difference(&reached).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}
