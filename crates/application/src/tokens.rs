//! Making bearer tokens. The secret is shown once and kept nowhere.

use aiconfig_domain::{AccountId, Command, CreateToken, Role, Timestamp, Token, TokenId};
use aiconfig_vault::token::NewToken;
use secrecy::SecretString;

use crate::{AppError, Application, Applied, Sidecar, WriteCall, Written};

/// What a new token is to be.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    /// What it is for, in words.
    pub label: String,
    /// What its bearer may do.
    pub role: Role,
    /// The accounts that it is bound to; empty: all.
    pub account_ids: Vec<AccountId>,
    /// From when on it is refused.
    pub expire_time: Option<Timestamp>,
    /// Whether it may have a role that reads keys: only the first start and the command line.
    pub allow_key_roles: bool,
}

/// A token that was just made.
pub struct CreatedToken<T> {
    /// The answer.
    pub answer: Written<T>,
    /// The token's text; of no use where the answer is replayed.
    pub secret: SecretString,
}

impl Application {
    /// Makes a token.
    ///
    /// # Errors
    /// As every write.
    pub async fn create_token<T: Send>(
        &self,
        call: &WriteCall,
        spec: TokenSpec,
        answer: impl Fn(&Applied<'_>, &TokenId) -> T + Send + Sync,
        encode: impl Fn(&T) -> Vec<u8> + Send + Sync,
    ) -> Result<CreatedToken<T>, AppError> {
        let token = self.draw_token();
        self.create_drawn_token(call, token, spec, answer, encode)
            .await
    }

    /// Draws a token that is not valid yet, for one who keeps its secret before it is.
    #[must_use]
    pub fn draw_token(&self) -> NewToken {
        NewToken::generate(self.random.as_ref())
    }

    /// Makes a token that was drawn.
    ///
    /// # Errors
    /// As every write.
    pub async fn create_drawn_token<T: Send>(
        &self,
        call: &WriteCall,
        token: NewToken,
        spec: TokenSpec,
        answer: impl Fn(&Applied<'_>, &TokenId) -> T + Send + Sync,
        encode: impl Fn(&T) -> Vec<u8> + Send + Sync,
    ) -> Result<CreatedToken<T>, AppError> {
        let id = TokenId::parse(&token.id).ok_or_else(|| AppError::Inconsistent {
            what: "a new token id".to_owned(),
        })?;
        let command = Command::CreateToken(CreateToken {
            value: Token {
                token_id: id.clone(),
                label: spec.label,
                role: spec.role,
                account_ids: spec.account_ids,
                expire_time: spec.expire_time,
                revoke_time: None,
            },
            allow_key_roles: spec.allow_key_roles,
        });
        let sidecar = Sidecar::Verifier(id.clone(), token.verifier);
        let answer = self
            .write(
                call,
                |_| Ok(command),
                sidecar,
                |applied| answer(applied, &id),
                encode,
            )
            .await?;
        Ok(CreatedToken {
            answer,
            secret: token.secret,
        })
    }
}
