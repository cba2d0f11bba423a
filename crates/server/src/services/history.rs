//! `HistoryService`.

use aiconfig_proto::v1::{self, history_service_server::HistoryService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::wire;

#[tonic::async_trait]
impl HistoryService for Services {
    async fn get_state_digest(
        &self,
        request: Request<v1::GetStateDigestRequest>,
    ) -> Result<Response<v1::GetStateDigestResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        Ok(Response::new(v1::GetStateDigestResponse {
            digest: live.snapshot.digest().to_hex(),
            revision: live.snapshot.revision(),
            resource_count: live.snapshot.resource_count(),
            log_time: Some(wire::time(live.snapshot.log_time())),
        }))
    }
}
