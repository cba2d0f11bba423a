//! Calls through the whole service: gate, parsing, rules, a database, and the answers.
//!
//! An input is a script of JSON lines, each a call (`script`). Bytes of requests are made of JSON
//! leniently (`message`), or taken as they are.

mod message;
mod outcome;
mod schema;
mod script;
mod world;

use std::sync::{LazyLock, Mutex, PoisonError};

use script::Step;
use world::World;

/// The most calls of an input.
const MOST: usize = 24;

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| Mutex::new(World::new()));

/// Makes the calls of a script.
pub(crate) fn check(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n');
    let steps: Vec<Step> = lines.filter_map(Step::parse).take(MOST).collect();
    if steps.is_empty() {
        return;
    }
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    world.begin();
    for step in &steps {
        world.step(step);
    }
    world.end();
}
