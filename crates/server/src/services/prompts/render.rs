//! Rendering of the prompt that holds.

use std::sync::Arc;

use aiconfig_domain::template::{RenderFault, Variables, render};
use aiconfig_domain::{Rejection, Violation};
use aiconfig_proto::v1;
use aiconfig_resolution::effective_prompt;
use tonic::{Request, Response, Status};

use super::Services;
use super::effective::checked;
use crate::call::info;
use crate::errors::ApiError;
use crate::wire;

impl Services {
    /// The prompt with values in the place of its variables.
    pub(super) async fn render(
        &self,
        request: Request<v1::RenderPromptRequest>,
    ) -> Result<Response<v1::RenderPromptResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let (account, prompt_type) = checked(&caller, asked.account_id, &asked.prompt_type)?;
        let held =
            effective_prompt(&live.snapshot, account, &prompt_type).map_err(ApiError::from)?;
        let text = self.text(&live, held.text).await?;
        let none = Variables::default();
        let done = render(&text, held.variables.unwrap_or(&none), &asked.values)
            .map_err(|faults| ApiError::from(render_refused(faults)))?;
        let prompt = wire::effective_prompt(&live.snapshot, &held);
        Ok(Response::new(wire::rendered(done, prompt)))
    }
}

/// Each value at fault.
fn render_refused(faults: Vec<RenderFault>) -> Rejection {
    let violation = |fault: RenderFault| {
        let field = match &fault {
            RenderFault::Missing { name }
            | RenderFault::Unknown { name }
            | RenderFault::TooLong { name, .. }
            | RenderFault::Nul { name } => format!("values.{name}"),
            RenderFault::TooLarge { .. } => "values".to_owned(),
        };
        Violation::new(field, fault.to_string())
    };
    Rejection::invalid(faults.into_iter().map(violation).collect())
}
