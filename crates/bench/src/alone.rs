//! What is measured without a server, by the program `micro`.

use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::args::Args;
use crate::process::beside;

/// The name of this measurement for `--only`.
pub(crate) const TITLE: &str = "alone";

/// What is measured without a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Alone {
    pub(crate) resolve: Vec<Resolve>,
    pub(crate) states: Vec<State>,
    pub(crate) texts: Vec<Texts>,
}

/// What `resolve` alone takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) case: String,
    pub(crate) accounts: u32,
    pub(crate) nanoseconds: f64,
    pub(crate) allocations: f64,
}

/// What a state of a size takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) accounts: u32,
    pub(crate) apply_us: f64,
    pub(crate) heap_mib: u64,
}

/// What a function of prompt texts takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub(crate) case: String,
    pub(crate) microseconds: f64,
    pub(crate) allocations: f64,
}

/// Runs the measurements in a program of their own, for its allocator.
pub(crate) fn measure(args: &Args) -> Result<Alone, Failure> {
    let sizes: Vec<String> = args.sizes.iter().map(ToString::to_string).collect();
    let output = Command::new(beside("micro")?)
        .args(["--sizes", &sizes.join(",")])
        .args(["--seed", &args.seed.to_string()])
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("micro failed: {said}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
