//! The import of the old Django tables, through the application and a database.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it cannot go on"
)]

mod accounts;
mod again;
mod bench;
mod catalogue;
mod configs;
mod effective;
mod exported;
mod items;
mod modules;
mod platform;
mod prompts;
mod rows;
mod sample;
mod second_run;
mod shapes;
mod untidy;
