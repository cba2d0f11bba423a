//! The server under test with keys, accounts and overrides, all of them put in through its API.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use aiconfig_proto::v1::{
    self, account_service_client::AccountServiceClient,
    integration_settings_service_client::IntegrationSettingsServiceClient,
    model_config_service_client::ModelConfigServiceClient,
    provider_service_client::ProviderServiceClient,
};
use bytes::Bytes;
use prost::Message as _;
use prost_types::{Struct, Value, value::Kind};
use tempfile::TempDir;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::Failure;
use crate::process::{Process, beside, free_port};

/// What every call is about.
pub(crate) const FUNCTION: &str = "generate_content";
/// Items of a batch call.
pub(crate) const BATCH: u8 = 100;
/// Accounts of one push.
const PUSH: u32 = 1_000;
/// Accounts, from the first, of which half have overrides.
const OVERRIDING: u32 = 1_000;
/// Different requests of a load; accounts come in no order, as in life.
const REQUESTS: u64 = 1 << 16;
const BATCH_REQUESTS: u64 = 1 << 10;
/// For preparing calls.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with a population.
pub(crate) struct World {
    pub(crate) process: Process,
    /// On every measured call.
    pub(crate) token: MetadataValue<Ascii>,
    accounts: u32,
    /// How long the accounts took to push.
    pub(crate) pushed_in: Duration,
    /// Removed when dropped, once the server has ended.
    _dir: TempDir,
}

impl World {
    /// Starts `aiconfig serve` in a directory of its own and fills it.
    pub(crate) async fn build(accounts: u32) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new()
            .prefix("aiconfig-bench-")
            .tempdir()?;
        let data = dir.path().join("data");
        let (port, ops) = (free_port()?, free_port()?);
        let mut command = Command::new(beside("aiconfig")?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AICONFIG_") {
                command.env_remove(name);
            }
        }
        command
            .arg("serve")
            .env("AICONFIG_DATA_DIR", &data)
            .env("AICONFIG_GRPC_ADDR", format!("127.0.0.1:{port}"))
            .env("AICONFIG_OPS_ADDR", format!("127.0.0.1:{ops}"));
        let process = Process::start(command, port, &dir.path().join("log"))?;
        let channel = connect(&process).await?;
        let admin = token(&data, "admin")?;
        let backend = token(&data, "backend")?;
        for provider in ["openai", "anthropic"] {
            add_key(&channel, &admin, provider).await?;
        }
        let begun = Instant::now();
        push(&channel, &backend, accounts).await?;
        let pushed_in = begun.elapsed();
        override_some(&channel, &backend, accounts.min(OVERRIDING)).await?;
        Ok(Self {
            process,
            token: backend,
            accounts,
            pushed_in,
            _dir: dir,
        })
    }

    /// Single requests for accounts in no order.
    pub(crate) fn singles(&self, include_api_key: bool) -> Rc<[Bytes]> {
        let encoded = |at| request(self.account(at), include_api_key).encode_to_vec();
        (0..REQUESTS).map(|at| encoded(at).into()).collect()
    }

    /// Batch requests for accounts in no order.
    pub(crate) fn batches(&self) -> Rc<[Bytes]> {
        let items = (0_u64..).step_by(usize::from(BATCH));
        let batch = |from: u64| {
            let requests = (from..).take(usize::from(BATCH));
            let requests = requests
                .map(|at| request(self.account(at), false))
                .collect();
            let batch = v1::BatchGetModelConfigsRequest { requests };
            Bytes::from(batch.encode_to_vec())
        };
        (0..BATCH_REQUESTS)
            .zip(items)
            .map(|(_, from)| batch(from))
            .collect()
    }

    /// One answer, decoded and looked through, so that the load is of calls that do their work.
    pub(crate) async fn sample(
        &self,
        with_key: bool,
    ) -> Result<v1::GetModelConfigResponse, Failure> {
        let mut client = ModelConfigServiceClient::new(connect(&self.process).await?);
        let call = signed(request(1, with_key), &self.token);
        let answer = client.get_model_config(call).await?.into_inner();
        let config = answer.model_config.as_ref().ok_or("an empty answer")?;
        let right = config.function_name == FUNCTION
            && config.account_known
            && config.key_available
            && config.api_key.is_empty() != with_key;
        let requests = vec![request(1, false); usize::from(BATCH)];
        let batch = v1::BatchGetModelConfigsRequest { requests };
        let batch = client
            .batch_get_model_configs(signed(batch, &self.token))
            .await?;
        let results = batch.into_inner().results;
        let good = |item: &v1::batch_get_model_configs_response::Result| {
            use v1::batch_get_model_configs_response::result::Result::ModelConfig;
            matches!(item.result, Some(ModelConfig(_)))
        };
        if right && results.len() == usize::from(BATCH) && results.iter().all(good) {
            Ok(answer)
        } else {
            Err("the server answers, but not with what was prepared".into())
        }
    }

    fn account(&self, at: u64) -> i64 {
        // Fibonacci hashing spreads neighbours over the whole range.
        let mixed = at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        i64::try_from(mixed % u64::from(self.accounts)).unwrap_or(0) + 1
    }
}

/// One connection.
pub(crate) async fn connect(process: &Process) -> Result<Channel, Failure> {
    Ok(Endpoint::from_shared(process.address())?
        .tcp_nodelay(true)
        .connect()
        .await?)
}

fn request(account_id: i64, include_api_key: bool) -> v1::GetModelConfigRequest {
    v1::GetModelConfigRequest {
        account_id,
        function_name: FUNCTION.to_owned(),
        include_api_key,
        ..v1::GetModelConfigRequest::default()
    }
}

fn token(data: &Path, name: &str) -> Result<MetadataValue<Ascii>, Failure> {
    let text = std::fs::read_to_string(data.join("tokens").join(name))?;
    Ok(format!("Bearer {text}").parse()?)
}

fn signed<T>(message: T, token: &MetadataValue<Ascii>) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    let metadata = request.metadata_mut();
    metadata.insert("authorization", token.clone());
    request
}

async fn add_key(
    channel: &Channel,
    admin: &MetadataValue<Ascii>,
    provider: &str,
) -> Result<(), Failure> {
    let mut client = ProviderServiceClient::new(channel.clone());
    let added = v1::AddProviderKeyRequest {
        provider: provider.to_owned(),
        // As long as the keys that the large vendors give out.
        api_key: format!("sk-test-{provider}-{}", "0123456789abcdef".repeat(9)),
        ..v1::AddProviderKeyRequest::default()
    };
    let added = client.add_provider_key(signed(added, admin)).await?;
    let added = added.into_inner().provider_key.ok_or("no key was added")?;
    let promoted = v1::PromoteProviderKeyRequest {
        provider: provider.to_owned(),
        version: added.version,
        ..v1::PromoteProviderKeyRequest::default()
    };
    client.promote_provider_key(signed(promoted, admin)).await?;
    Ok(())
}

const PLANS: [v1::Plan; 4] = [
    v1::Plan::Free,
    v1::Plan::Starter,
    v1::Plan::Growth,
    v1::Plan::Scale,
];

fn plan(account: u32) -> v1::Plan {
    PLANS[account as usize % PLANS.len()]
}

async fn push(
    channel: &Channel,
    backend: &MetadataValue<Ascii>,
    accounts: u32,
) -> Result<(), Failure> {
    let mut client = AccountServiceClient::new(channel.clone());
    for first in (1..=accounts).step_by(PUSH as usize) {
        let last = accounts.min(first + PUSH - 1);
        let account = |id: u32| v1::Account {
            account_id: i64::from(id),
            plan: plan(id).into(),
            display_name: format!("Account {id}"),
            active: true,
            source_version: 1,
            ..v1::Account::default()
        };
        let accounts = (first..=last).map(account).collect();
        let pushed = v1::BatchUpsertAccountsRequest {
            accounts,
            ..v1::BatchUpsertAccountsRequest::default()
        };
        client
            .batch_upsert_accounts(signed(pushed, backend))
            .await?;
    }
    Ok(())
}

/// GROWTH accounts change the model of the platform's service, SCALE ones the service too.
async fn override_some(
    channel: &Channel,
    backend: &MetadataValue<Ascii>,
    accounts: u32,
) -> Result<(), Failure> {
    let mut client = IntegrationSettingsServiceClient::new(channel.clone());
    let text = |text: &str| Kind::StringValue(text.to_owned());
    for id in 1..=accounts {
        let rows: &[(&str, &[(&str, Kind)])] = match plan(id) {
            v1::Plan::Growth => &[(
                "openai",
                &[
                    ("model", text("gpt-4o")),
                    ("temperature", Kind::NumberValue(0.3)),
                ],
            )],
            v1::Plan::Scale => &[
                ("text_generation", &[("service", text("anthropic"))]),
                ("anthropic", &[("max_tokens", Kind::NumberValue(4_000.0))]),
            ],
            _ => &[],
        };
        for (integration_type, config) in rows {
            let fields = config.iter().cloned();
            let fields = fields.map(|(name, kind)| (name.to_owned(), Value { kind: Some(kind) }));
            let saved = v1::SaveIntegrationSettingsRequest {
                account_id: i64::from(id),
                integration_type: (*integration_type).to_owned(),
                config: Some(Struct {
                    fields: fields.collect(),
                }),
                ..v1::SaveIntegrationSettingsRequest::default()
            };
            let saved = signed(saved, backend);
            client.save_integration_settings(saved).await?;
        }
    }
    Ok(())
}
