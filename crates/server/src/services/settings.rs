//! `IntegrationSettingsService`.

use aiconfig_domain::{
    AccountId, Command, IntegrationType, Rejection, ResetSettings, SaveSettings, Snapshot,
};
use aiconfig_proto::v1::{self, integration_settings_service_server::IntegrationSettingsService};
use aiconfig_resolution::settings_view;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{CallInfo, info};
use crate::errors::ApiError;
use crate::wire;

fn view(
    snapshot: &Snapshot,
    account: AccountId,
    name: &str,
) -> Result<v1::IntegrationSettings, Rejection> {
    let kind = IntegrationType::for_view(snapshot, name)?;
    Ok(wire::settings_view(
        snapshot,
        settings_view(snapshot, account, &kind)?,
    ))
}

/// The account of a request; a foreign one gets the answer of an unknown one.
fn account(info: &CallInfo, id: i64) -> Result<AccountId, ApiError> {
    let account = wire::account_id(id)?;
    if info.caller.covers(account) {
        return Ok(account);
    }
    let message =
        format!("account {id} is not registered; push it with UpsertAccount and try again");
    Err(
        Rejection::new(aiconfig_domain::Reason::AccountNotFound, message)
            .about("Account", id.to_string())
            .into(),
    )
}

#[tonic::async_trait]
impl IntegrationSettingsService for Services {
    async fn get_integration_settings(
        &self,
        request: Request<v1::GetIntegrationSettingsRequest>,
    ) -> Result<Response<v1::GetIntegrationSettingsResponse>, Status> {
        let v1::GetIntegrationSettingsRequest {
            account_id,
            integration_type,
            min_revision,
        } = request.get_ref();
        let live = self.0.read(&request, *min_revision).await?;
        let account = account(&info(&request)?, *account_id)?;
        let settings = view(&live.snapshot, account, integration_type).map_err(ApiError::from)?;
        Ok(Response::new(v1::GetIntegrationSettingsResponse {
            integration_settings: Some(settings),
        }))
    }

    async fn list_integration_settings(
        &self,
        request: Request<v1::ListIntegrationSettingsRequest>,
    ) -> Result<Response<v1::ListIntegrationSettingsResponse>, Status> {
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let account = account(&info(&request)?, request.get_ref().account_id)?;
        let snapshot = &live.snapshot;
        let views: Result<Vec<_>, Rejection> = IntegrationType::all(snapshot)
            .iter()
            .map(|kind| {
                Ok(wire::settings_view(
                    snapshot,
                    settings_view(snapshot, account, kind)?,
                ))
            })
            .collect();
        let integration_settings = views.map_err(ApiError::from)?;
        Ok(Response::new(v1::ListIntegrationSettingsResponse {
            total_size: i32::try_from(integration_settings.len()).unwrap_or(i32::MAX),
            integration_settings,
            next_page_token: String::new(),
            revision: snapshot.revision(),
        }))
    }

    async fn save_integration_settings(
        &self,
        request: Request<v1::SaveIntegrationSettingsRequest>,
    ) -> Result<Response<v1::SaveIntegrationSettingsResponse>, Status> {
        let info = info(&request)?;
        let (id, name) = (
            request.get_ref().account_id,
            request.get_ref().integration_type.clone(),
        );
        let parse = |body: v1::SaveIntegrationSettingsRequest| {
            Ok(Command::SaveSettings(SaveSettings {
                account_id: account(&info, body.account_id)?,
                integration_type: body.integration_type,
                config: wire::json(body.config)?,
                mask: body.update_mask.map(|mask| mask.paths),
                enabled: body.enabled,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "IntegrationSettingsService/SaveIntegrationSettings",
                parse,
                |applied| {
                    let decision = applied.decision;
                    let pinned = decision.pinned_same_as_default.iter();
                    v1::SaveIntegrationSettingsResponse {
                        integration_settings: AccountId::new(id)
                            .and_then(|id| view(applied.snapshot, id, &name).ok()),
                        stripped_fields: decision.stripped_fields.clone(),
                        pinned_same_as_default: pinned
                            .map(|field| field.as_str().to_owned())
                            .collect(),
                        warnings: decision.warnings.clone(),
                        changed: applied.changed,
                        revision: applied.snapshot.revision(),
                    }
                },
            )
            .await
    }

    async fn reset_integration_settings(
        &self,
        request: Request<v1::ResetIntegrationSettingsRequest>,
    ) -> Result<Response<v1::ResetIntegrationSettingsResponse>, Status> {
        let info = info(&request)?;
        let (id, name) = (
            request.get_ref().account_id,
            request.get_ref().integration_type.clone(),
        );
        let parse = |body: v1::ResetIntegrationSettingsRequest| {
            Ok(Command::ResetSettings(ResetSettings {
                account_id: account(&info, body.account_id)?,
                integration_type: body.integration_type,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "IntegrationSettingsService/ResetIntegrationSettings",
                parse,
                |applied| v1::ResetIntegrationSettingsResponse {
                    integration_settings: AccountId::new(id)
                        .and_then(|id| view(applied.snapshot, id, &name).ok()),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }
}
