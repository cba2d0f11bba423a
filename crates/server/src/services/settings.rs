//! `IntegrationSettingsService`.

use aiconfig_domain::{AccountId, Command, IntegrationType, Rejection, ResourceKey, Snapshot};
use aiconfig_proto::v1::{self, integration_settings_service_server::IntegrationSettingsService};
use aiconfig_resolution::settings_view;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn view(
    snapshot: &Snapshot,
    account: AccountId,
    kind: &IntegrationType,
) -> Result<v1::IntegrationSettings, Rejection> {
    let view = settings_view(snapshot, account, kind)?;
    let etag = snapshot.etag(&ResourceKey::Override(account, kind.clone()));
    Ok(wire::integration_settings(&view, etag))
}

/// The view of what a write was about.
fn written(snapshot: &Snapshot, account: i64, name: &str) -> Option<v1::IntegrationSettings> {
    let kind = IntegrationType::for_view(snapshot, name).ok()?;
    view(snapshot, AccountId::new(account)?, &kind).ok()
}

fn read_filter(text: &str) -> Result<Test<v1::IntegrationSettings>, ApiError> {
    const NAMES: &[Name] = &[
        Name::Exact("enabled"),
        Name::Exact("using_global"),
        Name::Exact("in_use"),
    ];
    tests(text, NAMES, |condition| {
        let (name, wanted) = (condition.name, condition.flag()?);
        Ok(Box::new(move |view: &v1::IntegrationSettings| {
            wanted
                == match name {
                    "enabled" => view.enabled,
                    "using_global" => view.using_global,
                    _ => view.in_use,
                }
        }) as Test<_>)
    })
}

#[tonic::async_trait]
impl IntegrationSettingsService for Services {
    async fn get_integration_settings(
        &self,
        request: Request<v1::GetIntegrationSettingsRequest>,
    ) -> Result<Response<v1::GetIntegrationSettingsResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let account = wire::account_id(asked.account_id).map_err(ApiError::from)?;
        covered(&info(&request)?.caller, account).map_err(ApiError::from)?;
        let kind = IntegrationType::for_view(&live.snapshot, &asked.integration_type);
        let settings = kind.and_then(|kind| view(&live.snapshot, account, &kind));
        Ok(Response::new(v1::GetIntegrationSettingsResponse {
            integration_settings: Some(settings.map_err(ApiError::from)?),
        }))
    }

    async fn list_integration_settings(
        &self,
        request: Request<v1::ListIntegrationSettingsRequest>,
    ) -> Result<Response<v1::ListIntegrationSettingsResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let account = wire::account_id(asked.account_id).map_err(ApiError::from)?;
        covered(&info(&request)?.caller, account).map_err(ApiError::from)?;
        let matches = read_filter(&asked.filter)?;
        let kinds = IntegrationType::all(&live.snapshot);
        let views: Result<Vec<_>, Rejection> = kinds
            .iter()
            .map(|kind| view(&live.snapshot, account, kind))
            .collect();
        let views = views.map_err(ApiError::from)?;
        let query = ListQuery {
            parent: &asked.account_id.to_string(),
            ..ListQuery::new("ListIntegrationSettings", &asked.filter)
        };
        let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
            views.into_iter().filter(|view| matches(view)),
            |view| view.id.clone(),
            false,
            |view| view,
        );
        Ok(Response::new(v1::ListIntegrationSettingsResponse {
            integration_settings: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }

    async fn save_integration_settings(
        &self,
        request: Request<v1::SaveIntegrationSettingsRequest>,
    ) -> Result<Response<v1::SaveIntegrationSettingsResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let (id, name) = (asked.account_id, asked.integration_type.clone());
        let parse = |body| {
            let save = wire::save_settings(body)?;
            covered(&caller, save.account_id)?;
            Ok(Command::SaveSettings(save))
        };
        self.0
            .write(request, parse, |applied| {
                let decision = applied.decision;
                let pinned = decision.pinned_same_as_default.iter();
                v1::SaveIntegrationSettingsResponse {
                    integration_settings: written(applied.snapshot, id, &name),
                    pinned_same_as_default: pinned.map(|f| f.as_str().to_owned()).collect(),
                    stripped_fields: decision.stripped_fields.clone(),
                    warnings: decision.warnings.clone(),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                }
            })
            .await
    }

    async fn reset_integration_settings(
        &self,
        request: Request<v1::ResetIntegrationSettingsRequest>,
    ) -> Result<Response<v1::ResetIntegrationSettingsResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let (id, name) = (asked.account_id, asked.integration_type.clone());
        let parse = |body| {
            let reset = wire::reset_settings(body)?;
            covered(&caller, reset.account_id)?;
            Ok(Command::ResetSettings(reset))
        };
        self.0
            .write(request, parse, |applied| {
                v1::ResetIntegrationSettingsResponse {
                    integration_settings: written(applied.snapshot, id, &name),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                }
            })
            .await
    }
}
