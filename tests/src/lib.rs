//! What the black-box tests share: the built server as a process, its clients, raw calls.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod clients;
mod prompts;
mod raw;
mod requests;
mod server;
pub mod wire;

pub use aiconfig_testsupport::free_port;
pub use clients::{Bearer, Clients};
pub use prompts::{customize, effective, new_prompt, new_text, reset};
pub use raw::{HealthWatch, call, health, reason, rpcs};
pub use requests::{account, config, number, query, save, text};
pub use server::{Input, Place, Server, binary};
