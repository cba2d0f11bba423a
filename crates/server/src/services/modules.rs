//! `ModuleService`.

use aiconfig_application::Applied;
use aiconfig_domain::{AccountEntry, Command, Rejection, ResourceKey};
use aiconfig_proto::v1::{self, module_service_server::ModuleService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::wire;

/// The switches of the account that a write was about.
fn written(applied: &Applied<'_>) -> Option<v1::AccountModules> {
    let Some(ResourceKey::AccountModules(id)) = applied.decision.subject else {
        return None;
    };
    Some(wire::account_modules(applied.snapshot, id))
}

#[tonic::async_trait]
impl ModuleService for Services {
    async fn get_platform_modules(
        &self,
        request: Request<v1::GetPlatformModulesRequest>,
    ) -> Result<Response<v1::GetPlatformModulesResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        Ok(Response::new(v1::GetPlatformModulesResponse {
            platform_modules: Some(wire::platform_modules(&live.snapshot)),
        }))
    }

    async fn update_platform_modules(
        &self,
        request: Request<v1::UpdatePlatformModulesRequest>,
    ) -> Result<Response<v1::UpdatePlatformModulesResponse>, Status> {
        let parse = |body| {
            let command = wire::update_platform_modules(body)?;
            Ok(Command::UpdatePlatformModules(command))
        };
        self.0
            .write(request, parse, |applied| {
                v1::UpdatePlatformModulesResponse {
                    platform_modules: Some(wire::platform_modules(applied.snapshot)),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                }
            })
            .await
    }

    async fn get_account_modules(
        &self,
        request: Request<v1::GetAccountModulesRequest>,
    ) -> Result<Response<v1::GetAccountModulesResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let id = wire::account_id(asked.account_id).map_err(ApiError::from)?;
        covered(&info(&request)?.caller, id).map_err(ApiError::from)?;
        let known = live.snapshot.account(id).and_then(AccountEntry::live);
        if known.is_none() {
            return Err(ApiError::from(Rejection::account_not_registered(id)).into());
        }
        Ok(Response::new(v1::GetAccountModulesResponse {
            account_modules: Some(wire::account_modules(&live.snapshot, id)),
        }))
    }

    async fn update_account_modules(
        &self,
        request: Request<v1::UpdateAccountModulesRequest>,
    ) -> Result<Response<v1::UpdateAccountModulesResponse>, Status> {
        let caller = info(&request)?.caller;
        let parse = |body| {
            let update = wire::update_account_modules(body)?;
            covered(&caller, update.account_id)?;
            Ok(Command::UpdateAccountModules(update))
        };
        self.0
            .write(request, parse, |applied| v1::UpdateAccountModulesResponse {
                account_modules: written(applied),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }
}
