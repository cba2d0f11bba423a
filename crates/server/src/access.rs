//! Who may call what: roles by RPC, as data in one place.

use std::sync::LazyLock;

use aiconfig_domain::Role;

use crate::gate::Cost;

/// An RPC and its callers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Service and method.
    pub(crate) rpc: &'static str,
    /// The roles that may call it.
    pub(crate) roles: &'static [Role],
    /// Whether a token that is bound to accounts may call it, which then sees and changes those
    /// accounts alone. It is never one that changes or shows what belongs to the whole platform.
    pub(crate) bound: bool,
    /// What a call of it may cost.
    pub(crate) cost: Cost,
}

/// For accounts, and for what all of them share and may see.
const fn shared(rpc: &'static str, roles: &'static [Role]) -> Entry {
    let (bound, cost) = (true, Cost::of(rpc));
    Entry {
        rpc,
        roles,
        bound,
        cost,
    }
}

/// For the platform.
const fn platform(rpc: &'static str, roles: &'static [Role]) -> Entry {
    let (bound, cost) = (false, Cost::of(rpc));
    Entry {
        rpc,
        roles,
        bound,
        cost,
    }
}

const ADMIN: &[Role] = &[Role::Admin];
const AUDIT: &[Role] = &[Role::Admin, Role::Auditor];
const WRITE: &[Role] = &[Role::Admin, Role::Backend];
const READ: &[Role] = &[Role::Admin, Role::Backend, Role::Auditor];
const CATALOG: &[Role] = &[Role::Admin, Role::Backend, Role::Auditor, Role::Resolver];
const RESOLVE: &[Role] = CATALOG;

/// Every RPC with its callers.
#[rustfmt::skip]
pub(crate) const TABLE: &[Entry] = &[
    shared("ModelConfigService/GetModelConfig", RESOLVE),
    shared("ModelConfigService/BatchGetModelConfigs", RESOLVE),
    shared("IntegrationSettingsService/GetIntegrationSettings", READ),
    shared("IntegrationSettingsService/ListIntegrationSettings", READ),
    shared("IntegrationSettingsService/SaveIntegrationSettings", WRITE),
    shared("IntegrationSettingsService/ResetIntegrationSettings", WRITE),
    shared("GlobalSettingsService/GetGlobalSettings", READ),
    platform("GlobalSettingsService/UpdateGlobalSettings", ADMIN),
    shared("AccountService/UpsertAccount", WRITE),
    shared("AccountService/BatchUpsertAccounts", WRITE),
    shared("AccountService/GetAccount", READ),
    shared("AccountService/ListAccounts", READ),
    shared("AccountService/DeleteAccount", WRITE),
    shared("AccountService/ListPlans", CATALOG),
    shared("ModuleService/GetPlatformModules", READ),
    platform("ModuleService/UpdatePlatformModules", ADMIN),
    shared("ModuleService/GetAccountModules", READ),
    shared("ModuleService/UpdateAccountModules", WRITE),
    shared("PromptService/GetEffectivePrompt", RESOLVE),
    shared("PromptService/BatchGetEffectivePrompts", RESOLVE),
    shared("PromptService/RenderPrompt", RESOLVE),
    shared("PromptService/CustomizePrompt", WRITE),
    shared("PromptService/ResetPrompt", WRITE),
    shared("PromptService/BatchResetPrompts", WRITE),
    shared("PromptService/ListAccountPrompts", READ),
    shared("PromptService/AcknowledgePromptUpstream", WRITE),
    shared("PromptService/PreviewPromptMerge", READ),
    shared("PromptService/ApplyPromptMerge", WRITE),
    platform("GlobalPromptService/CreateGlobalPrompt", ADMIN),
    shared("GlobalPromptService/GetGlobalPrompt", READ),
    shared("GlobalPromptService/ListGlobalPrompts", READ),
    platform("GlobalPromptService/UpdateGlobalPrompt", ADMIN),
    platform("GlobalPromptService/DeleteGlobalPrompt", ADMIN),
    shared("GlobalPromptService/ListGlobalPromptVersions", READ),
    shared("GlobalPromptService/DiffGlobalPromptVersions", READ),
    platform("GlobalPromptService/RestoreGlobalPromptVersion", ADMIN),
    platform("GlobalPromptService/BatchIncrementVersion", ADMIN),
    platform("GlobalPromptService/BatchSetActive", ADMIN),
    platform("ProviderService/CreateProvider", ADMIN),
    platform("ProviderService/GetProvider", AUDIT),
    platform("ProviderService/ListProviders", AUDIT),
    platform("ProviderService/UpdateProvider", ADMIN),
    platform("ProviderService/AddProviderKey", ADMIN),
    platform("ProviderService/ListProviderKeys", AUDIT),
    platform("ProviderService/PromoteProviderKey", ADMIN),
    platform("ProviderService/RollbackProviderKey", ADMIN),
    platform("ProviderService/RevokeProviderKey", ADMIN),
    platform("ProviderService/DestroyProviderKey", ADMIN),
    platform("ProviderService/SetKeyFreeze", ADMIN),
    platform("ModelCatalogService/CreateModel", ADMIN),
    shared("ModelCatalogService/GetModel", CATALOG),
    shared("ModelCatalogService/ListModels", CATALOG),
    platform("ModelCatalogService/UpdateModel", ADMIN),
    platform("ModelCatalogService/DeleteModel", ADMIN),
    platform("ModelCatalogService/SetDefaultModel", ADMIN),
    platform("ModelCatalogService/ImportPrices", ADMIN),
    platform("ModelCatalogService/ListFindings", AUDIT),
    platform("ModelCatalogService/CreateFunction", ADMIN),
    shared("ModelCatalogService/GetFunction", CATALOG),
    shared("ModelCatalogService/ListFunctions", CATALOG),
    platform("ModelCatalogService/UpdateFunction", ADMIN),
    platform("ModelCatalogService/DeleteFunction", ADMIN),
    platform("ModelCatalogService/CreateCreditOperation", ADMIN),
    shared("ModelCatalogService/ListCreditOperations", CATALOG),
    platform("ModelCatalogService/UpdateCreditOperation", ADMIN),
    platform("ModelCatalogService/DeleteCreditOperation", ADMIN),
    shared("ModelCatalogService/QuoteCredits", CATALOG),
    platform("AuthorProfileService/CreateGlobalAuthorProfile", ADMIN),
    shared("AuthorProfileService/GetGlobalAuthorProfile", READ),
    shared("AuthorProfileService/ListGlobalAuthorProfiles", READ),
    platform("AuthorProfileService/UpdateGlobalAuthorProfile", ADMIN),
    platform("AuthorProfileService/DeleteGlobalAuthorProfile", ADMIN),
    platform("AuthorProfileService/BatchSetActive", ADMIN),
    shared("AuthorProfileService/CloneAuthorProfiles", WRITE),
    shared("AuthorProfileService/CreateAuthorProfile", WRITE),
    shared("AuthorProfileService/GetAuthorProfile", RESOLVE),
    shared("AuthorProfileService/ListAuthorProfiles", RESOLVE),
    shared("AuthorProfileService/UpdateAuthorProfile", WRITE),
    shared("AuthorProfileService/DeleteAuthorProfile", WRITE),
    platform("StrategyService/CreateGlobalStrategy", ADMIN),
    shared("StrategyService/GetGlobalStrategy", READ),
    shared("StrategyService/ListGlobalStrategies", READ),
    platform("StrategyService/UpdateGlobalStrategy", ADMIN),
    platform("StrategyService/DeleteGlobalStrategy", ADMIN),
    platform("StrategyService/BatchSetActive", ADMIN),
    shared("StrategyService/CloneStrategies", WRITE),
    shared("StrategyService/CreateStrategy", WRITE),
    shared("StrategyService/GetStrategy", RESOLVE),
    shared("StrategyService/ListStrategies", RESOLVE),
    shared("StrategyService/UpdateStrategy", WRITE),
    shared("StrategyService/DeleteStrategy", WRITE),
    shared("StrategyService/GetResolvedStrategy", RESOLVE),
    platform("TokenService/CreateToken", ADMIN),
    platform("TokenService/ListTokens", AUDIT),
    platform("TokenService/RevokeToken", ADMIN),
    platform("AuditService/ListAuditRecords", AUDIT),
    platform("AuditService/VerifyAuditChain", AUDIT),
    platform("HistoryService/GetStateDigest", AUDIT),
];

static BY_PATH: LazyLock<ahash::HashMap<String, Entry>> = LazyLock::new(|| {
    let path = |entry: &Entry| format!("/igny8.aiconfig.v1.{}", entry.rpc);
    TABLE.iter().map(|entry| (path(entry), *entry)).collect()
});

/// The callers of an RPC by its path; `None`: there is no such RPC.
pub(crate) fn of_path(path: &str) -> Option<&'static Entry> {
    BY_PATH.get(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_rpc_of_the_protos_has_an_entry_and_no_other() {
        let set = FileDescriptorSet::decode(aiconfig_proto::FILE_DESCRIPTOR_SET).unwrap();
        let ours = set
            .file
            .iter()
            .filter(|file| file.package() == "igny8.aiconfig.v1");
        let rpcs: BTreeSet<String> = ours
            .flat_map(|file| &file.service)
            .flat_map(|service| {
                let name = |method: &prost_types::MethodDescriptorProto| {
                    format!("{}/{}", service.name(), method.name())
                };
                service.method.iter().map(name).collect::<Vec<_>>()
            })
            .collect();
        let entries: BTreeSet<String> = TABLE.iter().map(|entry| entry.rpc.to_owned()).collect();
        assert_eq!(entries, rpcs);
        assert_eq!(TABLE.len(), entries.len(), "an RPC has two entries");
    }

    #[test]
    fn what_belongs_to_the_platform_is_never_for_bound_tokens() {
        for entry in TABLE {
            let method = entry.rpc.split('/').next_back().unwrap();
            let writes = ![
                "Get", "List", "BatchGet", "Quote", "Verify", "Render", "Preview", "Diff",
            ]
            .iter()
            .any(|verb| method.starts_with(verb));
            let of_a_library = ["AuthorProfileService/", "StrategyService/"]
                .iter()
                .any(|service| entry.rpc.starts_with(service));
            let of_accounts =
                (of_a_library && !method.contains("Global") && method != "BatchSetActive")
                    || entry.rpc == "ModuleService/UpdateAccountModules"
                    || entry.rpc.starts_with("AccountService/")
                    || entry.rpc.starts_with("PromptService/")
                    || entry.rpc.starts_with("IntegrationSettingsService/");
            assert!(!(writes && entry.bound && !of_accounts), "{}", entry.rpc);
        }
    }
}
