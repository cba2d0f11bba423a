//! `GlobalSettingsService`.

use aiconfig_domain::{Command, ResourceKey, Snapshot};
use aiconfig_proto::v1::{self, global_settings_service_server::GlobalSettingsService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::wire;

fn global_settings(snapshot: &Snapshot) -> v1::GlobalSettings {
    let etag = snapshot.etag(&ResourceKey::GlobalSettings);
    wire::global_settings(snapshot.globals(), etag)
}

#[tonic::async_trait]
impl GlobalSettingsService for Services {
    async fn get_global_settings(
        &self,
        request: Request<v1::GetGlobalSettingsRequest>,
    ) -> Result<Response<v1::GetGlobalSettingsResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        Ok(Response::new(v1::GetGlobalSettingsResponse {
            global_settings: Some(global_settings(&live.snapshot)),
        }))
    }

    async fn update_global_settings(
        &self,
        request: Request<v1::UpdateGlobalSettingsRequest>,
    ) -> Result<Response<v1::UpdateGlobalSettingsResponse>, Status> {
        let parse = |body| Ok(Command::UpdateGlobals(wire::update_globals(body)?));
        self.0
            .write(request, parse, |applied| v1::UpdateGlobalSettingsResponse {
                global_settings: Some(global_settings(applied.snapshot)),
                warnings: applied.decision.warnings.clone(),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }
}
