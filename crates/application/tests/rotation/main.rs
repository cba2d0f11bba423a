//! Keys rotated through the application: broken off after each step, dry, at the same time, with
//! keys that are missing and files that change.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod bench;
mod data_key;
mod kek_files;
mod ring;
