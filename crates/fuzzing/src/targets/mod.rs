//! What is looked at, a file a target. Each has one function that takes any bytes.

pub(crate) mod django_import;
pub(crate) mod envelope;
pub(crate) mod merge;
pub(crate) mod page_token;
pub(crate) mod price_import;
pub(crate) mod requests;
pub(crate) mod settings;
pub(crate) mod template;
