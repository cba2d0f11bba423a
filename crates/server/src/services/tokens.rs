//! `TokenService`.

use aiconfig_domain::{Command, ResourceKey, Role, Snapshot, Stored, Token, TokenId};
use aiconfig_proto::v1::{self, ErrorReason, token_service_server::TokenService};
use prost::Message;
use secrecy::ExposeSecret;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{opening, settle};
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn token(snapshot: &Snapshot, stored: &Stored<Token>) -> v1::Token {
    let etag = snapshot.etag(&ResourceKey::Token(stored.value.token_id.clone()));
    wire::token(stored, etag)
}

fn token_of(snapshot: &Snapshot, id: &TokenId) -> Option<v1::Token> {
    Some(token(snapshot, snapshot.token(id.as_str())?))
}

#[tonic::async_trait]
impl TokenService for Services {
    async fn create_token(
        &self,
        request: Request<v1::CreateTokenRequest>,
    ) -> Result<Response<v1::CreateTokenResponse>, Status> {
        let (call, body) = opening(request)?;
        if let Some(stored) = self.0.stored(&call).await? {
            return Ok(Response::new(stored));
        }
        let outcome = async {
            let spec = wire::token_spec(body)?;
            if spec.role.may_read_keys() {
                let message = "a token that may read keys is made on the command line only: \
                               aiconfig token create --role BACKEND";
                let error = ApiError::new(ErrorReason::RoleForbidden, message);
                return Err(error.with("role", spec.role.as_str()));
            }
            // What is stored for a repetition is this answer, which has no secret.
            let answer = |applied: &aiconfig_application::Applied<'_>, id: &TokenId| {
                v1::CreateTokenResponse {
                    token: token_of(applied.snapshot, id),
                    secret: String::new(),
                    secret_omitted: true,
                    revision: applied.snapshot.revision(),
                }
            };
            let encode = v1::CreateTokenResponse::encode_to_vec;
            let created = self.0.app.create_token(&call, spec, answer, encode).await?;
            let fresh = matches!(created.answer, aiconfig_application::Written::Fresh(_));
            let mut answer = settle(created.answer)?;
            if call.validate_only {
                // There is no secret of a token that was not made.
                answer.secret_omitted = false;
            } else if fresh {
                let secret = created.secret.expose_secret();
                secret.clone_into(&mut answer.secret);
                answer.secret_omitted = false;
            }
            Ok(Response::new(answer))
        };
        self.0.noting(&call, outcome.await)
    }

    async fn list_tokens(
        &self,
        request: Request<v1::ListTokensRequest>,
    ) -> Result<Response<v1::ListTokensResponse>, Status> {
        const NAMES: &[Name] = &[Name::Exact("role"), Name::Exact("revoked")];
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let matches = tests(&asked.filter, NAMES, |condition| {
            Ok(if condition.name == "role" {
                let role = condition.one_of("ROLE_", &Role::ALL, Role::as_str)?;
                Box::new(move |token: &Token| token.role == role) as Test<Token>
            } else {
                let revoked = condition.flag()?;
                Box::new(move |token: &Token| token.revoke_time.is_some() == revoked)
            })
        })?;
        let query = ListQuery::new("ListTokens", &asked.filter);
        let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
            live.snapshot
                .tokens()
                .filter(|stored| matches(&stored.value)),
            |stored| {
                let created = stored.meta.create_time.as_micros();
                format!("{created:020}/{}", stored.value.token_id)
            },
            true,
            |stored| token(&live.snapshot, stored),
        );
        Ok(Response::new(v1::ListTokensResponse {
            tokens: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }

    async fn revoke_token(
        &self,
        request: Request<v1::RevokeTokenRequest>,
    ) -> Result<Response<v1::RevokeTokenResponse>, Status> {
        let id = TokenId::parse(&request.get_ref().token_id);
        let parse = |body| Ok(Command::RevokeToken(wire::revoke_token(body)?));
        self.0
            .write(request, parse, |applied| v1::RevokeTokenResponse {
                token: id.as_ref().and_then(|id| token_of(applied.snapshot, id)),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }
}
