//! The versions of the library's prompts: their list, what they differ in, and going back to one.

use std::collections::HashMap;
use std::sync::Arc;

use aiconfig_application::Sidecar;
use aiconfig_domain::{Command, Meta, RestorePromptVersion, TextHash};
use aiconfig_proto::v1;
use tonic::{Request, Response, Status};

use super::find;
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::order::descending;
use crate::lists::{ListQuery, PAGE_BYTES, Paging};
use crate::services::Services;
use crate::wire;

impl Services {
    /// A page of the versions of a prompt.
    pub(super) async fn list_versions(
        &self,
        request: Request<v1::ListGlobalPromptVersionsRequest>,
    ) -> Result<Response<v1::ListGlobalPromptVersionsResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let prompt_type = wire::prompt_type_of(&asked.prompt_type).map_err(ApiError::from)?;
        live.snapshot
            .known_prompt(&prompt_type)
            .map_err(ApiError::from)?;
        let backwards = descending(&asked.order_by, "version", true)?;
        let matches = tests(&asked.filter, &[Name::Exact("created_by")], |condition| {
            let wanted = condition.value.clone();
            Ok(Box::new(move |meta: &Meta| *meta.updated_by == *wanted) as Test<Meta>)
        })?;
        let query = ListQuery {
            order_by: &asked.order_by,
            parent: &format!("{prompt_type}/{}", asked.include_prompt_values),
            ..ListQuery::new("ListGlobalPromptVersions", &asked.filter)
        };
        let paging = Paging::new(asked.page_size, &asked.page_token, query)?;
        let last: Option<u32> = paging.after_key(|key| key.parse().ok())?;
        let versions = live.snapshot.prompt_versions(&prompt_type);
        let mut versions: Vec<_> = versions.filter(|stored| matches(&stored.meta)).collect();
        if backwards {
            versions.reverse();
        }
        let is_after = |version: u32| {
            last.is_none_or(|last| {
                if backwards {
                    version < last
                } else {
                    version > last
                }
            })
        };
        // The texts that the page has room for, and the one that shows that it is full.
        let mut texts = HashMap::new();
        if asked.include_prompt_values {
            let mut bytes = 0;
            let after = versions
                .iter()
                .filter(|stored| is_after(stored.value.version));
            let hashes: Vec<TextHash> = after
                .take(paging.size())
                .take_while(|stored| {
                    let room = bytes <= PAGE_BYTES;
                    bytes += usize::try_from(stored.value.bytes).unwrap_or(PAGE_BYTES);
                    room
                })
                .map(|stored| stored.value.text)
                .collect();
            texts = self.found(&live, hashes).await.whole()?;
        }
        let page = paging.page(
            versions.into_iter(),
            |stored| stored.value.version.to_string(),
            |stored| is_after(stored.value.version),
            |stored| {
                let text = texts.get(&stored.value.text);
                v1::GlobalPromptVersion {
                    prompt_value: text.map(ToString::to_string).unwrap_or_default(),
                    ..wire::prompt_version(stored)
                }
            },
        );
        Ok(Response::new(v1::ListGlobalPromptVersionsResponse {
            global_prompt_versions: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }

    /// What two versions differ in. The longest texts take a tenth of a second: other calls go on.
    pub(super) async fn diff_versions(
        &self,
        request: Request<v1::DiffGlobalPromptVersionsRequest>,
    ) -> Result<Response<v1::DiffGlobalPromptVersionsResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let prompt_type = wire::prompt_type_of(&asked.prompt_type).map_err(ApiError::from)?;
        let context = wire::context_lines(asked.context_lines).map_err(ApiError::from)?;
        let old = live
            .snapshot
            .known_version(&prompt_type, asked.from_version)
            .map_err(ApiError::from)?;
        let new = live
            .snapshot
            .known_version(&prompt_type, asked.to_version)
            .map_err(ApiError::from)?;
        let was = self.text(&live, old.text).await?;
        let is = self.text(&live, new.text).await?;
        let compared = || wire::version_diff((old, &was), (new, &is), context);
        Ok(Response::new(self.0.turns.compare(compared).await?))
    }

    /// The command that makes an older version the newest.
    pub(super) async fn restored_version(
        &self,
        body: v1::RestoreGlobalPromptVersionRequest,
    ) -> Result<(Command, Sidecar), ApiError> {
        let prompt_type = wire::prompt_type_of(&body.prompt_type)?;
        let live = Arc::clone(&self.0.app.live());
        find(&live, &prompt_type)?;
        let older = live
            .snapshot
            .known_version(&prompt_type, body.version)
            .map_err(ApiError::from)?
            .text;
        let command = Command::RestorePromptVersion(RestorePromptVersion {
            text: self.0.app.prompt_text(&live, older).await?,
            prompt_type,
            version: body.version,
            note: body.note,
            expected_etag: wire::expected_etag(body.expected_etag),
        });
        Ok((command, Sidecar::None))
    }
}
