//! Messages of the API to values of the domain and back, one file an area.
//!
//! Messages are taken apart without `..`: a new field stops the build until it is dealt with.
//! Readers collect every violation before they refuse.

mod account;
mod audit;
mod common;
mod credit;
mod enums;
mod fields;
mod finding;
mod function;
mod global_prompt;
mod globals;
mod library;
mod mask;
mod model;
mod model_config;
mod modules;
mod price;
mod price_import;
mod prompt;
mod protobuf;
mod provider;
mod settings;
mod token;

pub(crate) use account::{account_push, account_pushes, delete_account, plan_info, stored_account};
pub(crate) use audit::{audit_record, hex};
pub(crate) use common::{account_id, expected_etag, name, time};
pub(crate) use credit::{
    credit_operation, delete_credit_operation, new_credit_operation, quote, quote_query,
    update_credit_operation,
};
pub(crate) use finding::{finding, unreadable_key};
pub(crate) use function::{delete_function, function, new_function, update_function};
pub(crate) use global_prompt::{
    PromptChange, context_lines, delete_global_prompt, global_prompt, increment_versions,
    new_global_prompt, prompt_type_of, prompt_version, set_prompts_active, update_global_prompt,
    version_diff,
};
pub(crate) use globals::{global_settings, update_globals};
pub(crate) use library::{
    CloneOrder, LibraryWire, OwnPlace, clone_order, create_global, create_own, delete_global,
    delete_own, item_id, own_id, set_active, update_global, update_own,
};
pub(crate) use model::{delete_model, model, new_model, set_default_model, update_model};
pub(crate) use model_config::{model_config, model_config_query};
pub(crate) use modules::{
    account_modules, platform_modules, update_account_modules, update_platform_modules,
};
pub(crate) use price_import::{price_options, price_report};
pub(crate) use prompt::{
    MergeRequest, acknowledge_prompt, apply_merge, conflicts, customize_prompt, effective_prompt,
    prompt_name, rendered, reset_target,
};
pub(crate) use protobuf::Writer;
pub(crate) use provider::{
    add_key, destroy_key, new_provider, promote_key, provider, provider_key, revoke_key,
    rollback_key, set_key_freeze, update_provider,
};
pub(crate) use settings::{integration_settings, reset_settings, save_settings};
pub(crate) use token::{revoke_token, token, token_spec};
