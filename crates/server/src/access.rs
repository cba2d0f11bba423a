//! Who may call what: role by RPC, as data in one place.

use aiconfig_domain::Role;

const ADMIN: &[Role] = &[Role::Admin];
const ACCOUNT_WRITE: &[Role] = &[Role::Admin, Role::Backend];
const READ: &[Role] = &[Role::Admin, Role::Backend, Role::Auditor];
const READ_ALL: &[Role] = &[Role::Admin, Role::Backend, Role::Auditor, Role::Resolver];
const AUDIT: &[Role] = &[Role::Admin, Role::Auditor];
const RESOLVE: &[Role] = &[Role::Admin, Role::Backend, Role::Resolver, Role::Auditor];

/// Every RPC with the roles that may call it.
pub(crate) const TABLE: &[(&str, &[Role])] = &[
    ("ModelConfigService/GetModelConfig", RESOLVE),
    ("ModelConfigService/BatchGetModelConfigs", RESOLVE),
    ("IntegrationSettingsService/GetIntegrationSettings", READ),
    ("IntegrationSettingsService/ListIntegrationSettings", READ),
    (
        "IntegrationSettingsService/SaveIntegrationSettings",
        ACCOUNT_WRITE,
    ),
    (
        "IntegrationSettingsService/ResetIntegrationSettings",
        ACCOUNT_WRITE,
    ),
    ("GlobalSettingsService/GetGlobalSettings", READ),
    ("GlobalSettingsService/UpdateGlobalSettings", ADMIN),
    ("AccountService/UpsertAccount", ACCOUNT_WRITE),
    ("AccountService/BatchUpsertAccounts", ACCOUNT_WRITE),
    ("AccountService/GetAccount", READ),
    ("AccountService/ListAccounts", READ),
    ("AccountService/DeleteAccount", ACCOUNT_WRITE),
    ("AccountService/ListPlans", READ_ALL),
    ("ProviderService/CreateProvider", ADMIN),
    ("ProviderService/GetProvider", AUDIT),
    ("ProviderService/ListProviders", AUDIT),
    ("ProviderService/UpdateProvider", ADMIN),
    ("ProviderService/AddProviderKey", ADMIN),
    ("ProviderService/ListProviderKeys", AUDIT),
    ("ProviderService/PromoteProviderKey", ADMIN),
    ("ProviderService/RollbackProviderKey", ADMIN),
    ("ProviderService/RevokeProviderKey", ADMIN),
    ("ProviderService/DestroyProviderKey", ADMIN),
    ("ProviderService/SetKeyFreeze", ADMIN),
    ("HistoryService/GetStateDigest", AUDIT),
];

/// The roles that may call an RPC, by the end of its path; `None`: there is no such RPC.
pub(crate) fn roles_of(path: &str) -> Option<(&'static str, &'static [Role])> {
    let name = path.strip_prefix("/igny8.aiconfig.v1.")?;
    TABLE.iter().find(|(rpc, _)| *rpc == name).copied()
}
