//! The server under test with keys, accounts and overrides, all of them put in through its API.

use std::rc::Rc;
use std::time::Duration;

use aiconfig_bench::population::PLANS;
use aiconfig_proto::v1::{self, model_config_service_client::ModelConfigServiceClient};
use bytes::Bytes;
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::Failure;
use crate::fill::{customise, fill};
use crate::place::{Database, Place, Setting};
use crate::prepare::{add_key, override_some, push};
use crate::process::Process;
use crate::prompt_calls::{add_library, customise_some};

/// What every call is about.
pub(crate) const FUNCTION: &str = "generate_content";
/// Items of a batch call.
pub(crate) const BATCH: u8 = 100;
/// Different requests of a load; accounts come in no order, as in life.
pub(crate) const REQUESTS: usize = 1 << 16;
const BATCH_REQUESTS: usize = 1 << 10;
/// For preparing calls.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with a population.
pub(crate) struct World {
    pub(crate) process: Process,
    /// On every measured call.
    pub(crate) token: MetadataValue<Ascii>,
    /// On calls that change the library.
    pub(crate) admin: MetadataValue<Ascii>,
    pub(crate) accounts: u32,
    pub(crate) seed: u64,
    /// Removed when dropped, once the server has ended.
    pub(crate) place: Place,
}

impl World {
    /// Starts `aiconfig serve` on an empty database and fills it by calls.
    pub(crate) async fn build(
        database: &Database,
        accounts: u32,
        seed: u64,
    ) -> Result<Self, Failure> {
        let place = Place::new(database)?;
        let process = place.serve(&[])?;
        let (admin, token) = prepare(&process, &place).await?;
        let channel = connect(&process).await?;
        push(&channel, &admin, accounts).await?;
        override_some(&channel, &token, accounts).await?;
        customise_some(&channel, &token, accounts).await?;
        Ok(Self {
            process,
            token,
            admin,
            accounts,
            seed,
            place,
        })
    }

    /// The same with more accounts than calls could bring in: the server is started, stopped, its
    /// database filled, and started again with some settings. No account has prompts of its own.
    pub(crate) async fn large(
        database: &Database,
        accounts: u32,
        seed: u64,
        settings: &[Setting<'_>],
    ) -> Result<Self, Failure> {
        let place = Place::new(database)?;
        let first = place.serve(&[])?;
        let (admin, token) = prepare(&first, &place).await?;
        drop(first);
        fill(&place.url(), accounts).await?;
        Ok(Self {
            process: place.serve(settings)?,
            token,
            admin,
            accounts,
            seed,
            place,
        })
    }

    /// The same accounts, a tenth of them with prompts of their own, on a server that keeps so
    /// many MiB of their texts; with the number of the texts.
    pub(crate) async fn with_prompts(self, cache_mib: u64) -> Result<(Self, u32), Failure> {
        let Self {
            process,
            token,
            admin,
            accounts,
            seed,
            place,
        } = self;
        drop(process);
        let texts = customise(&place.url(), accounts).await?;
        let cache = cache_mib.to_string();
        let world = Self {
            process: place.serve(&[("AICONFIG_PROMPT_CACHE_MEBIBYTES", &cache)])?,
            token,
            admin,
            accounts,
            seed,
            place,
        };
        Ok((world, texts))
    }

    /// Single requests for accounts in no order.
    pub(crate) fn singles(&self, include_api_key: bool) -> Rc<[Bytes]> {
        let encoded = |account| request(account, include_api_key).encode_to_vec();
        let accounts = self.accounts().take(REQUESTS);
        accounts.map(|account| encoded(account).into()).collect()
    }

    /// Batch requests for accounts in no order.
    pub(crate) fn batches(&self) -> Rc<[Bytes]> {
        let mut accounts = self.accounts();
        let batch = |_| {
            let requests = accounts.by_ref().take(usize::from(BATCH));
            let requests = requests.map(|account| request(account, false)).collect();
            let batch = v1::BatchGetModelConfigsRequest { requests };
            Bytes::from(batch.encode_to_vec())
        };
        (0..BATCH_REQUESTS).map(batch).collect()
    }

    /// Answers for an account of each plan, decoded and looked through, so that the load is of calls
    /// that do their work; returns the bytes of one on average.
    pub(crate) async fn sample(&self, with_key: bool) -> Result<usize, Failure> {
        let mut client = ModelConfigServiceClient::new(connect(&self.process).await?);
        let mut bytes = 0;
        for account in 1..=PLANS.len() {
            let call = signed(request(i64::try_from(account)?, with_key), &self.token);
            let answer = client.get_model_config(call).await?.into_inner();
            let config = answer.model_config.as_ref().ok_or("an empty answer")?;
            let right = config.function_name == FUNCTION
                && config.account_known
                && config.key_available
                && config.api_key.is_empty() != with_key;
            if !right {
                return Err(UNPREPARED.into());
            }
            bytes += answer.encoded_len();
        }
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
        if results.len() != usize::from(BATCH) || !results.iter().all(good) {
            return Err(UNPREPARED.into());
        }
        Ok(bytes / PLANS.len())
    }

    /// Accounts in no order, always the same ones.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = i64> + use<> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let range = 1..=i64::from(self.accounts);
        std::iter::repeat_with(move || random.random_range(range.clone()))
    }
}

pub(crate) const UNPREPARED: &str = "the server answers, but not with what was prepared";

/// Adds provider keys and prompts to a new server; returns its first tokens, of an admin and of a
/// backend.
async fn prepare(
    process: &Process,
    place: &Place,
) -> Result<(MetadataValue<Ascii>, MetadataValue<Ascii>), Failure> {
    let channel = connect(process).await?;
    let admin = place.token("admin")?;
    for provider in ["openai", "anthropic"] {
        add_key(&channel, &admin, provider).await?;
    }
    add_library(&channel, &admin).await?;
    Ok((admin, place.token("backend")?))
}

/// One connection.
pub(crate) async fn connect(process: &Process) -> Result<Channel, Failure> {
    Ok(Endpoint::from_shared(process.address())?
        .tcp_nodelay(true)
        .connect()
        .await?)
}

pub(crate) fn request(account_id: i64, include_api_key: bool) -> v1::GetModelConfigRequest {
    v1::GetModelConfigRequest {
        account_id,
        function_name: FUNCTION.to_owned(),
        include_api_key,
        ..v1::GetModelConfigRequest::default()
    }
}

/// A preparing call with its token.
pub(crate) fn signed<T>(message: T, token: &MetadataValue<Ascii>) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    let metadata = request.metadata_mut();
    metadata.insert("authorization", token.clone());
    request
}
