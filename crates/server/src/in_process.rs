//! The service without a socket, for programs that look at it from beside: fuzz targets.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aiconfig_application::Application;
use aiconfig_proto::v1::ErrorReason;
use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceExt as _};

use crate::call::Gateway;
use crate::gate::{GateLayer, Limits};
use crate::lists::{ListQuery, Paging};
use crate::services::Services;
use crate::transport::Room;
use crate::turns::Turns;
use crate::{access, errors, serve};

/// Everything that answers a call: the gate and the services, health left out.
pub type InProcess = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// How long a call waits for a `min_revision`; nobody else writes here.
const LONGEST_WAIT: Duration = Duration::from_millis(1);
/// Calls that there is room for: as many as are ever in flight here, and more.
const CALLS: usize = 64;
/// The deadline of every call: far more than any takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// The service over an application, as a connection would reach it.
///
/// # Errors
/// Where reflection cannot be built.
pub fn in_process(app: Arc<Application>) -> Result<InProcess, Box<dyn Error + Send + Sync>> {
    let services = Services(Gateway {
        app: Arc::clone(&app),
        longest_wait: LONGEST_WAIT,
        turns: Turns::new(CALLS),
    });
    let limits = Limits {
        rate: None,
        default_deadline: DEADLINE,
        longest_deadline: DEADLINE,
    };
    let frequent = serve::frequent(&services);
    let routes = frequent.layer(serve::routes(services)?.prepare());
    let gated = GateLayer::new(app, Room::new(CALLS), limits).layer(routes);
    Ok(BoxCloneSyncService::new(
        gated
            .map_request(|request: Request<Body>| request)
            .map_response(|response| response.map(Body::new)),
    ))
}

/// Every RPC by its service and method, such as `AccountService/GetAccount`.
pub fn rpcs() -> impl Iterator<Item = &'static str> {
    access::TABLE.iter().map(|entry| entry.rpc)
}

/// The gRPC code that an error with this reason has.
#[must_use]
pub const fn code_of(reason: ErrorReason) -> Code {
    errors::code(reason)
}

/// A page of names, as lists page their entries.
///
/// # Errors
/// As a list refuses its paging.
pub fn page_of_names(
    names: &[String],
    page_size: i32,
    page_token: &str,
    [rpc, filter, order_by, parent]: [&str; 4],
) -> Result<(Vec<String>, String), Status> {
    let query = ListQuery {
        rpc,
        filter,
        order_by,
        parent,
    };
    let paging = Paging::new(page_size, page_token, query).map_err(Status::from)?;
    let page = paging.page_by(names.iter(), |name| (*name).clone(), false, String::clone);
    Ok((page.items, page.next_page_token))
}
