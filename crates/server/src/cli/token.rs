//! `aiconfig token`: the only way, after the first start, to a token that may read keys.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use aiconfig_application::{Application, Applied, Sidecar, TokenSpec, Written};
use aiconfig_domain::{AccountId, Command, RevokeToken, Role, Timestamp, TokenId};
use clap::Subcommand;
use secrecy::ExposeSecret as _;

use super::say;
use crate::config::Config;
use crate::start::{self, Failure};

#[derive(Subcommand)]
pub(super) enum Task {
    /// Make a token and print it, once.
    Create {
        /// What it is for, such as `django production`.
        #[arg(long)]
        label: String,
        /// ADMIN, BACKEND (reads keys), RESOLVER, AUDITOR or MONITOR.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Bind it to an account; may be given more than once.
        #[arg(long = "account", value_name = "ID", value_parser = account)]
        accounts: Vec<AccountId>,
        /// From when on it is refused, such as 2030-01-01T00:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = time)]
        expires: Option<Timestamp>,
        /// Write it to a new file that only the owner can read, instead of printing it.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the tokens, one a line, without their secrets.
    List,
    /// Revoke a token at once, on every server.
    Revoke {
        /// Its id: the 16 characters after `aic_`.
        #[arg(value_parser = token_id)]
        id: TokenId,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let names = || Role::ALL.map(Role::as_str).join(", ");
    Role::parse(&text.to_ascii_uppercase()).ok_or_else(|| format!("one of {}", names()))
}

fn account(text: &str) -> Result<AccountId, &'static str> {
    let id = text.parse().ok().and_then(AccountId::new);
    id.ok_or("a number above 0")
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_rfc3339(text).ok_or("a time such as 2030-01-01T00:00:00Z")
}

fn token_id(text: &str) -> Result<TokenId, &'static str> {
    TokenId::parse(text).ok_or(TokenId::RULE)
}

pub(super) async fn run(config: &Config, task: Task) -> Result<(), Failure> {
    let app = start::open(config, false).await?;
    match task {
        Task::Create {
            label,
            role,
            accounts,
            expires,
            output,
        } => {
            let spec = TokenSpec {
                label,
                role,
                account_ids: accounts,
                expire_time: expires,
                allow_key_roles: true,
            };
            create(&app, spec, output).await
        }
        Task::List => list(&app),
        Task::Revoke { id } => revoke(&app, id).await,
    }
}

async fn create(
    app: &Application,
    spec: TokenSpec,
    output: Option<PathBuf>,
) -> Result<(), Failure> {
    // The file is made first: a token that cannot be written down is lost.
    let file = output.map(|path| {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        options
            .open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))
    });
    let file = file.transpose()?;
    let call = start::command_line(app, "cli/token create", "");
    let created = app
        .create_token(&call, spec, |_, _| (), |()| Vec::new())
        .await?;
    let secret = created.secret.expose_secret();
    if let Some(mut file) = file {
        file.write_all(secret.as_bytes())?;
        file.sync_all()?;
    } else {
        say(secret)?;
    }
    Ok(())
}

fn list(app: &Application) -> Result<(), Failure> {
    let live = app.live();
    let now = app.now();
    for stored in live.snapshot.tokens() {
        let token = &stored.value;
        let accounts: Vec<String> = token.account_ids.iter().map(ToString::to_string).collect();
        let state = match (token.revoke_time, token.is_live(now)) {
            (Some(_), _) => "revoked",
            (None, true) => "live",
            (None, false) => "expired",
        };
        let bound = if accounts.is_empty() {
            "all".to_owned()
        } else {
            accounts.join(",")
        };
        say(&format!(
            "{}\t{}\t{state}\taccounts={bound}\t{}",
            token.token_id,
            token.role.as_str(),
            token.label
        ))?;
    }
    Ok(())
}

async fn revoke(app: &Application, token_id: TokenId) -> Result<(), Failure> {
    let call = start::command_line(app, "cli/token revoke", "");
    let command = Command::RevokeToken(RevokeToken {
        token_id,
        expected_etag: None,
    });
    let changed = |applied: &Applied<'_>| applied.changed;
    let written = app
        .write(
            &call,
            |_| Ok(command),
            Sidecar::None,
            changed,
            |_| Vec::new(),
        )
        .await?;
    let changed = matches!(written, Written::Fresh(true));
    say(if changed {
        "revoked"
    } else {
        "it was revoked before"
    })?;
    Ok(())
}
