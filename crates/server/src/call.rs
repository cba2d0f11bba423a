//! What every RPC method shares: the caller, the wait for a revision, and the one way to write.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aiconfig_application::{
    Application, Applied, Caller, Live, Refusal, Sidecar, WriteCall, Written,
};
use aiconfig_domain::{AccountId, Command, Rejection};
use aiconfig_proto::reason::to_wire;
use aiconfig_proto::v1::{self, ErrorReason};
use arc_swap::Guard;
use http::HeaderMap;
use prost::Message;
use tonic::{Request, Response, Status};

use crate::errors::ApiError;
use crate::turns::Turns;

/// Bytes that a `reason` may have.
const REASON_LIMIT: usize = 1024;
/// Bytes that a `request_id` may have.
const REQUEST_ID_LIMIT: usize = 128;

/// The way from an RPC method into the application.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) app: Arc<Application>,
    /// The longest wait for a `min_revision`.
    pub(crate) longest_wait: Duration,
    pub(crate) turns: Turns,
}

/// The id of a call in logs and audit.
#[derive(Clone, Debug)]
pub(crate) enum TraceId {
    /// The client's own.
    Given(Arc<str>),
    /// This server's: the number of the call since its start, beside a random number of the
    /// process. It is written out only where it is needed.
    Made(u64),
}

static PROCESS: OnceLock<u64> = OnceLock::new();
static CALLS: AtomicU64 = AtomicU64::new(0);

impl TraceId {
    /// Gives this process its number; ids of two starts then differ.
    pub(crate) fn begin(process: u64) {
        PROCESS.get_or_init(|| process);
    }

    /// The id of a call: the client's own if it gave a usable one, which it then gets back, else
    /// the next.
    pub(crate) fn of(headers: &HeaderMap) -> (Self, bool) {
        let given = headers.get("x-request-id").and_then(|id| id.to_str().ok());
        let usable =
            |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        match given.filter(usable) {
            Some(id) => (Self::Given(id.into()), true),
            None => (Self::next(), false),
        }
    }

    fn next() -> Self {
        Self::Made(CALLS.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(id) => f.write_str(id),
            Self::Made(call) => {
                let process = PROCESS.get().copied().unwrap_or_default();
                write!(f, "{process:016x}{call:016x}")
            }
        }
    }
}

/// What the layers found out about a call; put into the request's extensions.
#[derive(Clone)]
pub(crate) struct CallInfo {
    pub(crate) caller: Arc<Caller>,
    pub(crate) trace_id: TraceId,
    /// Service and method, such as `AccountService/UpsertAccount`.
    pub(crate) rpc: &'static str,
    /// Time left until the call's deadline when it arrived.
    pub(crate) time_left: Duration,
}

/// The fields that every write request has.
pub(crate) trait WriteRequest: Message + Default {
    /// Takes the request id out, so that what remains is the body.
    fn take_request_id(&mut self) -> String;
    /// Whether only the checks are asked for.
    fn validate_only(&self) -> bool;
    /// Why, in the caller's words.
    fn reason(&self) -> &str;
}

macro_rules! write_requests {
    ($($request:ident)*) => {$(
        impl WriteRequest for v1::$request {
            fn take_request_id(&mut self) -> String {
                std::mem::take(&mut self.request_id)
            }
            fn validate_only(&self) -> bool {
                self.validate_only
            }
            fn reason(&self) -> &str {
                &self.reason
            }
        }
    )*};
}

write_requests! {
    UpsertAccountRequest BatchUpsertAccountsRequest DeleteAccountRequest
    SaveIntegrationSettingsRequest ResetIntegrationSettingsRequest UpdateGlobalSettingsRequest
    CreateProviderRequest UpdateProviderRequest AddProviderKeyRequest PromoteProviderKeyRequest
    RollbackProviderKeyRequest RevokeProviderKeyRequest DestroyProviderKeyRequest SetKeyFreezeRequest
    CreateModelRequest UpdateModelRequest DeleteModelRequest SetDefaultModelRequest
    ImportPricesOptions
    CreateFunctionRequest UpdateFunctionRequest DeleteFunctionRequest
    CreateCreditOperationRequest UpdateCreditOperationRequest DeleteCreditOperationRequest
    CreateTokenRequest RevokeTokenRequest
    UpdatePlatformModulesRequest UpdateAccountModulesRequest
    CreateGlobalPromptRequest UpdateGlobalPromptRequest DeleteGlobalPromptRequest
    RestoreGlobalPromptVersionRequest BatchIncrementVersionRequest
    GlobalPromptServiceBatchSetActiveRequest
    CustomizePromptRequest ResetPromptRequest BatchResetPromptsRequest
    AcknowledgePromptUpstreamRequest ApplyPromptMergeRequest
    CreateGlobalAuthorProfileRequest UpdateGlobalAuthorProfileRequest
    DeleteGlobalAuthorProfileRequest AuthorProfileServiceBatchSetActiveRequest
    CloneAuthorProfilesRequest CreateAuthorProfileRequest UpdateAuthorProfileRequest
    DeleteAuthorProfileRequest
    CreateGlobalStrategyRequest UpdateGlobalStrategyRequest DeleteGlobalStrategyRequest
    StrategyServiceBatchSetActiveRequest CloneStrategiesRequest CreateStrategyRequest
    UpdateStrategyRequest DeleteStrategyRequest
}

/// What the layers put into a request's extensions.
///
/// # Errors
/// `UNAUTHENTICATED` if they did not: no request gets past them without it.
pub(crate) fn info<T>(request: &Request<T>) -> Result<CallInfo, ApiError> {
    request
        .extensions()
        .get::<CallInfo>()
        .cloned()
        .ok_or_else(|| {
            ApiError::new(
                ErrorReason::Unauthenticated,
                "the request has no valid bearer token",
            )
        })
}

/// Whether a caller may see an account at all; a foreign one gets the answer of an unknown one.
///
/// # Errors
/// `ACCOUNT_NOT_FOUND`.
pub(crate) fn covered(caller: &Caller, account: AccountId) -> Result<(), Rejection> {
    tracing::Span::current().record("account_id", account.get());
    if caller.covers(account) {
        return Ok(());
    }
    Err(Rejection::account_not_registered(account))
}

impl Gateway {
    /// The state for a read, once it has the asked-for revision.
    pub(crate) async fn read<T>(
        &self,
        request: &Request<T>,
        min_revision: u64,
    ) -> Result<Guard<Arc<Live>>, ApiError> {
        if min_revision > self.app.live().snapshot.revision() {
            // A little less than the deadline: the answer is to say what was waited for.
            let wait = info(request)?.time_left.min(self.longest_wait) * 9 / 10;
            let waits = async { Ok(self.app.wait_for(min_revision, wait).await?) };
            self.turns.wait(waits).await?;
        }
        Ok(self.app.live())
    }

    /// A write: repeats the first answer of a known request id, else parses, decides, commits.
    pub(crate) async fn write<Q: WriteRequest, A: Message + Default>(
        &self,
        request: Request<Q>,
        parse: impl FnOnce(Q) -> Result<Command, ApiError> + Send,
        answer: impl Fn(&Applied<'_>) -> A + Send + Sync,
    ) -> Result<Response<A>, Status> {
        self.write_with(request, |body| Ok((parse(body)?, Sidecar::None)), answer)
            .await
    }

    /// As [`Gateway::write`], with a secret beside the command.
    pub(crate) async fn write_with<Q: WriteRequest, A: Message + Default>(
        &self,
        request: Request<Q>,
        parse: impl FnOnce(Q) -> Result<(Command, Sidecar), ApiError> + Send,
        answer: impl Fn(&Applied<'_>) -> A + Send + Sync,
    ) -> Result<Response<A>, Status> {
        let parse = |body| std::future::ready(parse(body));
        self.write_prepared(request, parse, answer).await
    }

    /// As [`Gateway::write_with`], where a command needs what memory does not hold.
    pub(crate) async fn write_prepared<Q, A, F>(
        &self,
        request: Request<Q>,
        prepare: impl FnOnce(Q) -> F + Send,
        answer: impl Fn(&Applied<'_>) -> A + Send + Sync,
    ) -> Result<Response<A>, Status>
    where
        Q: WriteRequest,
        A: Message + Default,
        F: Future<Output = Result<(Command, Sidecar), ApiError>> + Send,
    {
        let (call, body) = opening(request)?;
        if let Some(stored) = self.stored(&call).await? {
            return Ok(Response::new(stored));
        }
        let (command, sidecar) = self.noting(&call, prepare(body).await)?;
        let encode = A::encode_to_vec;
        let written = self
            .app
            .write(&call, |_| Ok(command), sidecar, answer, encode);
        let written = written.await.map_err(ApiError::from).and_then(settle);
        Ok(Response::new(self.noting(&call, written)?))
    }

    /// Passes an outcome on; a refusal is noted for the audit. A check alone is no attempt.
    pub(crate) fn noting<T>(
        &self,
        call: &WriteCall,
        outcome: Result<T, ApiError>,
    ) -> Result<T, Status> {
        let error = match outcome {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        if error.is_refusal() && !call.validate_only {
            self.app.note_refusal(&Refusal {
                caller: &call.caller,
                rpc: call.rpc,
                request_id: call.request_id.as_deref().unwrap_or(&call.trace_id),
                error_reason: to_wire(error.reason),
                resource: &error.resource_name(),
                reason: &call.reason,
            });
        }
        Err(error.into())
    }

    /// Passes a read's outcome on; a key that was refused is noted for the audit.
    pub(crate) fn noting_read<T>(
        &self,
        info: &CallInfo,
        outcome: Result<T, ApiError>,
    ) -> Result<T, Status> {
        outcome.map_err(|error| {
            if error.reason == ErrorReason::KeyReadForbidden {
                self.app.note_refusal(&Refusal {
                    caller: &info.caller,
                    rpc: info.rpc,
                    request_id: &info.trace_id.to_string(),
                    error_reason: to_wire(error.reason),
                    resource: &error.resource_name(),
                    reason: "",
                });
            }
            error.into()
        })
    }

    /// The answer that an earlier call with the same request id got.
    pub(crate) async fn stored<A: Message + Default>(
        &self,
        call: &WriteCall,
    ) -> Result<Option<A>, ApiError> {
        match self.app.replay(call).await? {
            Some(bytes) => decoded(&bytes).map(Some),
            None => Ok(None),
        }
    }
}

/// The answer of a write, fresh or stored.
pub(crate) fn settle<A: Message + Default>(written: Written<A>) -> Result<A, ApiError> {
    match written {
        Written::Fresh(answer) => Ok(answer),
        Written::Replayed(bytes) => decoded(&bytes),
    }
}

fn decoded<A: Message + Default>(bytes: &[u8]) -> Result<A, ApiError> {
    A::decode(bytes)
        .map_err(|_| ApiError::new(ErrorReason::Internal, "the stored answer cannot be read"))
}

/// What a write carries beside its command, and its body without the request id.
pub(crate) fn opening<Q: WriteRequest>(request: Request<Q>) -> Result<(WriteCall, Q), ApiError> {
    let info = info(&request)?;
    let mut body = request.into_inner();
    let request_id = body.take_request_id();
    if request_id.len() > REQUEST_ID_LIMIT || !request_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ApiError::field(
            ErrorReason::RequestIdInvalid,
            "request_id",
            "a request_id has 1 to 128 visible ASCII characters, such as a UUID",
        ));
    }
    if body.reason().len() > REASON_LIMIT {
        return Err(ApiError::field(
            ErrorReason::FieldInvalid,
            "reason",
            "at most 1024 bytes",
        ));
    }
    let call = WriteCall {
        caller: Caller::clone(&info.caller),
        rpc: info.rpc,
        request_id: (!request_id.is_empty()).then_some(request_id),
        trace_id: info.trace_id.to_string(),
        body: body.encode_to_vec().into(),
        validate_only: body.validate_only(),
        reason: body.reason().to_owned(),
    };
    Ok((call, body))
}
