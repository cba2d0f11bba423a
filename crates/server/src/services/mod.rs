//! The RPCs: each parses, calls the application, builds the answer.

mod account;
mod audit;
mod catalog;
mod global_prompts;
mod globals;
mod history;
mod library;
mod model_config;
mod modules;
mod prompts;
mod providers;
mod settings;
mod tokens;

pub(crate) use model_config::ModelConfigServer;

use crate::call::Gateway;

/// Implements every service; cloned for each of them.
#[derive(Clone)]
pub(crate) struct Services(pub(crate) Gateway);
