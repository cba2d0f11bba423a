//! An input for which a law does not hold.

use std::any::Any;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;
use std::{env, fmt, fs, io};

use crate::Target;

/// What was found, and where its input is kept.
#[derive(Debug, thiserror::Error)]
pub struct Finding {
    target: &'static str,
    /// What the law said.
    message: String,
    /// The file with the input; none where it could not be written.
    file: Option<PathBuf>,
    /// How the input came about.
    origin: String,
}

impl Finding {
    pub(super) fn kept(target: &Target, input: &[u8], panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Self {
            target: target.name,
            message: text.unwrap_or("a panic without a text").to_owned(),
            file: keep(target.name, input).ok(),
            origin: String::new(),
        }
    }

    pub(super) fn without_input(target: &Target, error: &io::Error) -> Self {
        Self {
            target: target.name,
            message: format!("its seeds cannot be read: {error}"),
            file: None,
            origin: String::new(),
        }
    }

    pub(super) fn of_seed(self, name: &str) -> Self {
        let origin = format!("seed {name}");
        Self { origin, ..self }
    }

    pub(super) fn of_round(self, seed: u64, round: u64) -> Self {
        let origin = format!("--seed {seed}, round {round}");
        Self { origin, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            message,
            file,
            origin,
        } = self;
        write!(f, "{target}: {message}")?;
        if !origin.is_empty() {
            write!(f, "\n  from {origin}")?;
        }
        if let Some(file) = file {
            let file = file.display();
            write!(
                f,
                "\n  again with: cargo run -p aiconfig-fuzzing -- {target} --input {file}"
            )?;
        }
        Ok(())
    }
}

/// Writes an input to a file named after its content.
pub(super) fn keep(target: &str, input: &[u8]) -> io::Result<PathBuf> {
    let folder = env::temp_dir().join("aiconfig-fuzzing");
    fs::create_dir_all(&folder)?;
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let file = folder.join(format!("{target}-{:016x}", hasher.finish()));
    fs::write(&file, input)?;
    Ok(file)
}
