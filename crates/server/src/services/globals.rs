//! `GlobalSettingsService`.

use aiconfig_domain::{Command, UpdateGlobals};
use aiconfig_proto::v1::{self, global_settings_service_server::GlobalSettingsService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::wire;

#[tonic::async_trait]
impl GlobalSettingsService for Services {
    async fn get_global_settings(
        &self,
        request: Request<v1::GetGlobalSettingsRequest>,
    ) -> Result<Response<v1::GetGlobalSettingsResponse>, Status> {
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let global_settings = Some(wire::global_settings(&live.snapshot));
        Ok(Response::new(v1::GetGlobalSettingsResponse {
            global_settings,
        }))
    }

    async fn update_global_settings(
        &self,
        request: Request<v1::UpdateGlobalSettingsRequest>,
    ) -> Result<Response<v1::UpdateGlobalSettingsResponse>, Status> {
        let parse = |body: v1::UpdateGlobalSettingsRequest| {
            let patch =
                wire::global_patch(body.global_settings.unwrap_or_default(), body.update_mask)?;
            Ok(Command::UpdateGlobals(UpdateGlobals {
                patch,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "GlobalSettingsService/UpdateGlobalSettings",
                parse,
                |applied| v1::UpdateGlobalSettingsResponse {
                    global_settings: Some(wire::global_settings(applied.snapshot)),
                    warnings: applied.decision.warnings.clone(),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }
}
