//! The log and what never stands in it.

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
use crate::start::Failure;

/// Held below what is asked for: at `trace` the database driver prints its password, and the
/// transport prints headers and bodies.
const CAPS: &str =
    "sea_orm=warn,sqlx=warn,h2=warn,hyper=warn,hyper_util=warn,tower=warn,rustls=warn";

/// Logs to standard error from now on.
///
/// # Errors
/// Where the filter cannot be read.
pub(crate) fn log(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(format!("{},{CAPS}", config.log))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A line that cannot be written, to a full disk for one, is lost; to complain of it in the
        // same place would panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    }
}

/// A panic tells its place only: its message could hold what it was about.
pub(crate) fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place = place.unwrap_or_default(), "panicked");
    }));
}
