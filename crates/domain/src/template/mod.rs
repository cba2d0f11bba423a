//! Prompt templates: declared variables, their placeholders in a text, and rendering.
//!
//! A placeholder is `{name}` with a declared name. Exactly `{{name}}`, two braces on both sides,
//! is literal text and stays as it is; with any other number of braces the innermost pair is the
//! placeholder, so `{{{name}}}` renders as `{{value}}` and `{"a":{name}}` as `{"a":value}`. All
//! else with braces is literal: JSON, names that are not declared, pairs that are not closed.

mod lint;
mod placeholder;
mod render;
mod text;
mod variable;

pub use lint::{Strictness, TemplateFault, Warning, check_template, lint};
pub use placeholder::{Placeholder, looks_like_placeholders, placeholders};
pub use render::{MAX_RENDERED_BYTES, RenderFault, Rendered, render, token_estimate};
pub use text::{MAX_TEXT_BYTES, TextFault, check_text, parse_text};
pub use variable::{
    MAX_DEFAULT_CHARS, MAX_DESCRIPTION_CHARS, MAX_NAME_LEN, MAX_VARIABLES, Variable, Variables,
};
