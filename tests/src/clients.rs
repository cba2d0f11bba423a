//! A client of every service, with a token on every call.

use aiconfig_proto::v1::{
    account_service_client::AccountServiceClient, audit_service_client::AuditServiceClient,
    global_prompt_service_client::GlobalPromptServiceClient,
    global_settings_service_client::GlobalSettingsServiceClient,
    history_service_client::HistoryServiceClient,
    integration_settings_service_client::IntegrationSettingsServiceClient,
    model_catalog_service_client::ModelCatalogServiceClient,
    model_config_service_client::ModelConfigServiceClient,
    module_service_client::ModuleServiceClient, prompt_service_client::PromptServiceClient,
    provider_service_client::ProviderServiceClient, token_service_client::TokenServiceClient,
};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Puts a token on every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// From a token's text.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(format!("Bearer {token}").parse().unwrap())
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Over = InterceptedService<Channel, Bearer>;

/// Bytes of an answer with many texts.
const TEXTS: usize = 16 << 20;

/// A client of every service, with one token.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the client of the service of its name")]
pub struct Clients {
    pub accounts: AccountServiceClient<Over>,
    pub audit: AuditServiceClient<Over>,
    pub catalog: ModelCatalogServiceClient<Over>,
    pub configs: ModelConfigServiceClient<Over>,
    pub global_prompts: GlobalPromptServiceClient<Over>,
    pub globals: GlobalSettingsServiceClient<Over>,
    pub history: HistoryServiceClient<Over>,
    pub modules: ModuleServiceClient<Over>,
    pub prompts: PromptServiceClient<Over>,
    pub providers: ProviderServiceClient<Over>,
    pub settings: IntegrationSettingsServiceClient<Over>,
    pub tokens: TokenServiceClient<Over>,
}

impl Clients {
    /// Clients over a connection.
    #[must_use]
    pub fn new(channel: &Channel, bearer: &Bearer) -> Self {
        let over = || InterceptedService::new(channel.clone(), bearer.clone());
        Self {
            accounts: AccountServiceClient::new(over()),
            audit: AuditServiceClient::new(over()),
            catalog: ModelCatalogServiceClient::new(over()),
            configs: ModelConfigServiceClient::new(over()),
            global_prompts: GlobalPromptServiceClient::new(over()).max_decoding_message_size(TEXTS),
            globals: GlobalSettingsServiceClient::new(over()),
            history: HistoryServiceClient::new(over()),
            modules: ModuleServiceClient::new(over()),
            prompts: PromptServiceClient::new(over()).max_decoding_message_size(TEXTS),
            providers: ProviderServiceClient::new(over()),
            settings: IntegrationSettingsServiceClient::new(over()),
            tokens: TokenServiceClient::new(over()),
        }
    }
}
