//! Key files: read with strict checks, and written once on the first start.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Kek, KekError};
use crate::random::RandomSource;

/// Write by group, or read or write by others.
const FORBIDDEN_MODE: u32 = 0o026;

/// Reads a key; `None` if there is no such file.
pub(super) fn read_if_present(path: &Path) -> Result<Option<Kek>, KekError> {
    match read(path) {
        Err(KekError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Reads a key. Links are followed, as mounted secrets are links; what counts
/// is the mode of the file that they lead to.
pub(super) fn read(path: &Path) -> Result<Kek, KekError> {
    let failed = |source| KekError::Read {
        path: path.to_owned(),
        source,
    };
    // Asked before opening, because opening a pipe would wait for a writer.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(KekError::NotAFile {
            path: path.to_owned(),
        });
    }
    let mut file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & FORBIDDEN_MODE != 0 {
        return Err(KekError::TooOpen {
            path: path.to_owned(),
            mode,
        });
    }
    // A key has 45 bytes at most; a longer file fills the buffer and is refused.
    let mut buffer = Zeroizing::new([0; 64]);
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Kek::parse(&buffer[..length], &path.display().to_string())
}

/// Makes a key and stores it with mode 0600, in a directory that is made with
/// mode 0700 if it is not there. A key that is there, even one that another
/// process put there in the meantime, is read instead: a key file is never
/// overwritten.
///
/// # Errors
/// [`KekError::Write`] if it cannot be stored; as a reader's for a file that is
/// there and is no key.
pub fn generate(path: &Path, random: &dyn RandomSource) -> Result<Kek, KekError> {
    let kek = Kek::generate(random);
    let failed = |source| KekError::Write {
        path: path.to_owned(),
        source,
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(failed)?;
    let unfinished = unfinished_name(path, random);
    let outcome = store(&unfinished, path, directory, kek.to_text().as_bytes());
    // Left over only if linking failed; then it must not stay either.
    let removed = fs::remove_file(&unfinished);
    match outcome {
        Ok(()) => {
            removed.map_err(failed)?;
            Ok(kek)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(failed(error)),
    }
}

/// Writes under another name and then links: after a crash at any point there
/// is either the whole key at `path` or nothing.
fn store(unfinished: &Path, path: &Path, directory: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(unfinished)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::hard_link(unfinished, path)?;
    File::open(directory)?.sync_all()
}

fn unfinished_name(path: &Path, random: &dyn RandomSource) -> PathBuf {
    let mut suffix = [0; 8];
    random.fill(&mut suffix);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:016x}", u64::from_be_bytes(suffix)));
    PathBuf::from(name)
}
