//! The service that calls go to, and the laws that hold from one call to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_application::{Application, TokenSpec};
use aiconfig_domain::{AccountId, Role, StateDigest};
use aiconfig_proto::v1::ErrorReason;
use aiconfig_server::InProcess;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::Request;
use http_body_util::Full;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value as Field};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::runtime::Runtime;
use tonic::body::Body;
use tower::ServiceExt as _;

use super::message::{self, Remembered};
use super::outcome::Outcome;
use super::schema::{Schema, is_write, path};
use super::script::{Step, unhex};
use crate::world;

/// What every script finds done: accounts, a key, settings, prompts, items.
const BEFORE: &str = include_str!("before.jsonl");
/// Ends every key that is added, so that it is known wherever it comes out.
const CANARY: &str = "-9fuzzing-canary9";

/// The tokens by the names that scripts give them.
const TOKENS: &[(&str, Role, &[i64])] = &[
    ("admin", Role::Admin, &[]),
    ("backend", Role::Backend, &[]),
    ("resolver", Role::Resolver, &[]),
    ("auditor", Role::Auditor, &[]),
    ("monitor", Role::Monitor, &[]),
    ("bound", Role::Backend, &[1]),
    ("bound_auditor", Role::Auditor, &[1, 2]),
];

/// An application, the service over it, and what is known of it.
struct Served {
    app: Arc<Application>,
    service: InProcess,
    tokens: BTreeMap<&'static str, String>,
    digest: StateDigest,
    revision: u64,
    /// The revision that scripts begin with.
    first: u64,
}

impl Served {
    async fn begin() -> Self {
        let app = world::open().await;
        let mut tokens = BTreeMap::new();
        for (name, role, account_ids) in TOKENS {
            let spec = TokenSpec {
                label: format!("the {name} of the scripts"),
                role: *role,
                account_ids: account_ids
                    .iter()
                    .copied()
                    .filter_map(AccountId::new)
                    .collect(),
                expire_time: None,
                allow_key_roles: true,
            };
            let call = world::call("token create", false);
            let created = app.create_token(&call, spec, |_, _| (), |()| Vec::new());
            let created = created.await.unwrap();
            tokens.insert(*name, created.secret.expose_secret().to_owned());
        }
        let mut served = Self {
            service: aiconfig_server::in_process(Arc::clone(&app)).unwrap(),
            digest: app.live().snapshot.digest(),
            app,
            tokens,
            revision: 0,
            first: 0,
        };
        served.remember_state();
        served
    }

    fn remember_state(&mut self) {
        let live = self.app.live();
        self.revision = live.snapshot.revision();
        self.digest = live.snapshot.digest();
    }
}

/// Everything that outlives an input.
pub(super) struct World {
    runtime: Runtime,
    schema: Schema,
    served: Option<Served>,
    remembered: Remembered,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            runtime: world::runtime(),
            schema: Schema::new(),
            served: None,
            remembered: Remembered::new(),
        }
    }

    /// Makes the state that scripts begin with, unless it is still there.
    pub(super) fn begin(&mut self) {
        self.remembered.clear();
        if self.served.is_some() {
            return;
        }
        self.served = Some(self.runtime.block_on(Served::begin()));
        for line in BEFORE.lines() {
            let step = Step::parse(line.as_bytes()).unwrap();
            let outcome = self.step(&step);
            assert_eq!(outcome.reason(), None, "{line}");
        }
        let served = self.served.as_mut().unwrap();
        served.remember_state();
        served.first = served.revision;
        self.remembered.clear();
    }

    /// Makes a call, and holds it to its laws.
    pub(super) fn step(&mut self, step: &Step) -> Outcome {
        let method = self.schema.method(&step.rpc).cloned();
        let Some(method) = method else {
            let outcome = self.call(step, None, Bytes::new());
            let reason = outcome.reason();
            let expected = [ErrorReason::Unimplemented, ErrorReason::Unauthenticated];
            assert!(reason.is_some_and(|reason| expected.contains(&reason)));
            return outcome;
        };
        if step.frames.is_some() || step.bytes.is_some() {
            let body = step.frames.as_deref().map_or_else(
                || framed(&unhex(step.bytes.as_deref().unwrap_or_default())),
                |frames| unhex(frames).into(),
            );
            let outcome = self.call(step, Some(&method), body);
            self.leaves_a_sound_state(step, &method, false, &outcome);
            return outcome;
        }
        let alone = std::slice::from_ref(&step.body);
        let bodies = match &step.body {
            Value::Array(bodies) if method.is_client_streaming() => bodies.as_slice(),
            _ => alone,
        };
        let messages: Vec<DynamicMessage> = bodies
            .iter()
            .map(|body| {
                let mut message = message::of_json(&method.input(), body, &self.remembered);
                end_key(&mut message);
                message
            })
            .collect();
        let simple = !method.is_client_streaming() && !method.is_server_streaming();
        if simple && is_write(&method.input()) {
            return self.write(step, &method, &messages[0]);
        }
        let body = messages.iter().fold(BytesMut::new(), |mut body, message| {
            body.extend(framed(&message.encode_to_vec()));
            body
        });
        let outcome = self.call(step, Some(&method), body.freeze());
        let checked = messages.iter().any(is_check);
        self.leaves_a_sound_state(step, &method, checked, &outcome);
        outcome
    }

    /// A write: checked first, made, and repeated where it has a request id.
    fn write(
        &mut self,
        step: &Step,
        method: &MethodDescriptor,
        message: &DynamicMessage,
    ) -> Outcome {
        let mut check = message.clone();
        check.set_field_by_name("validate_only", Field::Bool(true));
        let body = |message: &DynamicMessage| framed(&message.encode_to_vec());
        let checked = self.call(step, Some(method), body(&check));
        self.leaves_a_sound_state(step, method, true, &checked);
        if is_check(message) {
            return checked;
        }
        let revision = self.served.as_ref().unwrap().revision;
        let made = self.call(step, Some(method), body(message));
        let request_id = message.get_field_by_name("request_id");
        let request_id = request_id.and_then(|id| id.as_str().map(str::to_owned));
        let named = request_id.is_some_and(|id| !id.is_empty());
        if !named {
            assert_eq!(
                made.reason(),
                checked.reason(),
                "{}: a check says otherwise",
                step.rpc
            );
            assert_eq!(
                made.says("changed"),
                checked.says("changed"),
                "{}",
                step.rpc
            );
        }
        self.leaves_a_sound_state(step, method, false, &made);
        let present = self.served.as_ref().unwrap().revision;
        assert!(
            present - revision <= 1,
            "one write, {} revisions",
            present - revision
        );
        if made.refused.is_none() && named {
            let again = self.call(step, Some(method), body(message));
            assert_eq!(
                again.reason(),
                None,
                "{}: a repetition is refused",
                step.rpc
            );
            let served = self.served.as_ref().unwrap();
            let unchanged = served.app.live().snapshot.revision() == present;
            assert!(unchanged, "{}: a repetition changes something", step.rpc);
        }
        made
    }

    /// An error, a check and a read change nothing; what changed has a revision.
    fn leaves_a_sound_state(
        &mut self,
        step: &Step,
        method: &MethodDescriptor,
        checked: bool,
        outcome: &Outcome,
    ) {
        let served = self.served.as_mut().unwrap();
        let (digest, revision) = (served.digest, served.revision);
        served.remember_state();
        let same = served.digest == digest;
        let rpc = &step.rpc;
        assert_eq!(
            same,
            served.revision == revision,
            "{rpc}: revision and state"
        );
        // What was cloned before an error stays.
        let streamed = method.is_server_streaming() && !outcome.answers.is_empty();
        let may_change = outcome.refused.is_none() || streamed;
        let reads = method
            .input()
            .fields()
            .all(|field| field.name() != "request_id")
            && !method.is_client_streaming();
        assert!(
            same || (may_change && !checked && !reads),
            "{rpc} changed something"
        );
        if outcome.says("changed") == Some(false) && !method.is_server_streaming() {
            assert!(same, "{rpc} says that nothing changed");
        }
        let reads_keys = rpc.starts_with("ModelConfigService/")
            && matches!(step.caller.as_deref(), Some("backend" | "bound"));
        let told = contains(&outcome.bytes, CANARY);
        assert!(!told || reads_keys, "{rpc} tells a key");
        if let Some((status, _)) = &outcome.refused {
            let told = format!("{status:?}").contains(CANARY);
            assert!(
                !told && !contains(status.details(), CANARY),
                "{rpc} tells a key"
            );
        }
        for answer in &outcome.answers {
            message::remember(answer, &mut self.remembered);
        }
    }

    /// Sends a body and reads what comes back.
    fn call(&self, step: &Step, method: Option<&MethodDescriptor>, body: Bytes) -> Outcome {
        let served = self.served.as_ref().unwrap();
        let mut request = Request::post(path(&step.rpc)).header("content-type", "application/grpc");
        let caller = step.caller.as_deref().unwrap_or("admin");
        if let Some(token) = served.tokens.get(caller) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let visible = |text: &&String| text.bytes().all(|b| (0x20..0x7f).contains(&b));
        if let Some(actor) = step.actor.as_ref().filter(visible) {
            request = request.header("x-aiconfig-actor", actor);
        }
        if let Some(id) = step.call_id.as_ref().filter(visible) {
            request = request.header("x-request-id", id);
        }
        let request = request.body(Body::new(Full::new(body))).unwrap();
        self.runtime.block_on(async {
            let response = served.service.clone().oneshot(request).await.unwrap();
            Outcome::of(response, method).await
        })
    }

    /// Looks at what a script left, and forgets a state that is no longer the first one.
    pub(super) fn end(&mut self) {
        let Some(served) = self
            .served
            .take_if(|served| served.revision != served.first)
        else {
            return;
        };
        let sound = async {
            let app = &served.app;
            app.flush_audit().await.unwrap();
            let (revision, digest) = app.replay_log().await.unwrap();
            assert_eq!((revision, &digest), (served.revision, &served.digest));
            assert_eq!(app.verify_audit().await.unwrap().fault, None);
            let mut told = false;
            let exported = app.export(|line| told |= line.to_string().contains(CANARY));
            exported.await.unwrap();
            assert!(!told, "a key is stored in the clear");
            app.check_data().await.unwrap();
        };
        self.runtime.block_on(sound);
        self.runtime.block_on(world::close(served.app));
    }
}

/// A message as a frame of gRPC's.
fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(5 + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.extend_from_slice(message);
    frame.freeze()
}

/// Whether a request asks for the checks alone, itself or in its options.
fn is_check(message: &DynamicMessage) -> bool {
    let own = message.get_field_by_name("validate_only");
    let options = message.get_field_by_name("options");
    let of_options = options.and_then(|options| options.as_message().map(is_check));
    own.and_then(|own| own.as_bool()).or(of_options) == Some(true)
}

/// Ends the key of a request with the canary, unless it is too short to be one.
fn end_key(message: &mut DynamicMessage) {
    let key = message.get_field_by_name("api_key");
    let key = key.and_then(|key| key.as_str().map(str::to_owned));
    if let Some(key) = key.filter(|key| key.len() >= 8) {
        message.set_field_by_name("api_key", Field::String(key + CANARY));
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
