//! What the server is told: defaults, then a TOML file, then the environment, then flags. Unknown
//! keys are refused.

mod keys;
mod transport;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::{Figment, Profile};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::gate::Rate;
pub(crate) use keys::Flags;
use keys::{CLIENT_VARIABLES, KEYS, SECRETS};

/// The lowest layer, which is documentation too.
const DEFAULTS: &str = include_str!("../../aiconfig.default.toml");
const PREFIX: &str = "AICONFIG_";

/// What is in force. It has no `Debug`: it holds a database password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: Option<SecretString>,
    pub(crate) database_connections: u32,
    pub(crate) grpc_addr: SocketAddr,
    pub(crate) allow_plaintext: bool,
    tls_cert_file: Option<PathBuf>,
    tls_key_file: Option<PathBuf>,
    tls_client_ca_file: Option<PathBuf>,
    tls_reload_seconds: u64,
    pub(crate) ops_addr: SocketAddr,
    pub(crate) kek_file: Option<PathBuf>,
    #[serde(deserialize_with = "paths")]
    pub(crate) kek_open_files: Vec<PathBuf>,
    kek_reload_seconds: u64,
    pub(crate) kek: Option<SecretString>,
    pub(crate) kek_allow_env: bool,
    pub(crate) dumpable: bool,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) max_in_flight: usize,
    max_calls_per_second_per_token: u32,
    max_burst_per_token: u32,
    max_concurrent_streams: u32,
    max_connections: usize,
    max_connections_per_peer: usize,
    handshake_timeout_milliseconds: u64,
    preface_timeout_milliseconds: u64,
    write_timeout_seconds: u64,
    max_control_frames_per_second: u32,
    keepalive_interval_seconds: u64,
    keepalive_timeout_seconds: u64,
    max_connection_age_seconds: u64,
    max_connection_age_grace_seconds: u64,
    default_deadline_seconds: u64,
    longest_deadline_seconds: u64,
    poll_interval_milliseconds: u64,
    drain_seconds: u64,
    prompt_cache_mebibytes: u64,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A value or a key is not valid.
    #[error("the configuration is not valid: {0}")]
    Invalid(Box<figment::Error>),
    /// The file is not there.
    #[error("the configuration file {0} cannot be read")]
    File(PathBuf),
    /// A variable is none of ours.
    #[error("there is no setting {name}{hint}; `aiconfig check` prints those that there are")]
    Variable {
        /// Its name.
        name: String,
        /// The nearest one that there is.
        hint: String,
    },
    /// A number is out of range.
    #[error("{key} must be {rule}")]
    Range {
        /// Which.
        key: &'static str,
        /// What would be right.
        rule: &'static str,
    },
    /// A setting means nothing without another.
    #[error("{given} is set, but {missing} is not")]
    Alone {
        /// What is set.
        given: &'static str,
        /// What it needs.
        missing: &'static str,
    },
    /// Anyone on the way could read along.
    #[error(
        "grpc_addr is not loopback: set tls_cert_file and tls_key_file, or allow_plaintext if a proxy terminates TLS"
    )]
    Plaintext,
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        Self::Invalid(Box::new(error))
    }
}

/// One setting as `aiconfig check` prints it.
pub(crate) struct Shown {
    pub(crate) key: &'static str,
    /// Secrets are masked.
    pub(crate) value: String,
    /// Default, file, variable or flag.
    pub(crate) origin: String,
}

impl Config {
    /// Reads all layers.
    ///
    /// # Errors
    /// [`ConfigError`] names the key and the layer.
    pub(crate) fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let config: Self = layers(flags)?.extract_lossy()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let connections = (1..=1_000).contains(&self.database_connections);
        range(connections, "database_connections", "1 to 1000")?;
        range(self.max_in_flight > 0, "max_in_flight", "1 or more")?;
        let most = 1_000_000_000;
        let rate = self.max_calls_per_second_per_token <= most;
        range(rate, "max_calls_per_second_per_token", "0 to 1000000000")?;
        let burst = (1..=most).contains(&self.max_burst_per_token);
        range(burst, "max_burst_per_token", "1 to 1000000000")?;
        let deadlines = 1..=self.longest_deadline_seconds;
        range(
            deadlines.contains(&self.default_deadline_seconds),
            "default_deadline_seconds",
            "1 up to longest_deadline_seconds",
        )?;
        let poll = (10..=60_000).contains(&self.poll_interval_milliseconds);
        range(poll, "poll_interval_milliseconds", "10 to 60000")?;
        let cache = (1..=1_048_576).contains(&self.prompt_cache_mebibytes);
        range(cache, "prompt_cache_mebibytes", "1 to 1048576")?;
        let day = (1..=86_400).contains(&self.kek_reload_seconds);
        range(day, "kek_reload_seconds", "1 to 86400")?;
        self.check_transport()
    }

    pub(crate) const fn prompt_cache_bytes(&self) -> u64 {
        self.prompt_cache_mebibytes * 1024 * 1024
    }

    /// What a token may do, if that is limited.
    pub(crate) fn rate(&self) -> Option<Rate> {
        Some(Rate {
            per_second: NonZeroU32::new(self.max_calls_per_second_per_token)?,
            burst: NonZeroU32::new(self.max_burst_per_token)?,
        })
    }

    pub(crate) const fn default_deadline(&self) -> Duration {
        Duration::from_secs(self.default_deadline_seconds)
    }

    pub(crate) const fn longest_deadline(&self) -> Duration {
        Duration::from_secs(self.longest_deadline_seconds)
    }

    pub(crate) const fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_milliseconds)
    }

    pub(crate) const fn kek_reload(&self) -> Duration {
        Duration::from_secs(self.kek_reload_seconds)
    }

    pub(crate) const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

fn range(fits: bool, key: &'static str, rule: &'static str) -> Result<(), ConfigError> {
    let refused = || Err(ConfigError::Range { key, rule });
    if fits { Ok(()) } else { refused() }
}

/// Every setting that is in force, with its origin.
///
/// # Errors
/// As [`Config::load`].
pub(crate) fn shown(flags: &Flags) -> Result<Vec<Shown>, ConfigError> {
    let layers = layers(flags)?;
    let show = |key: &&'static str| {
        let value = layers.find_value(key).ok();
        let origin = layers.find_metadata(key);
        let origin = match origin.and_then(|origin| origin.source.as_ref()) {
            Some(figment::Source::File(path)) => path.display().to_string(),
            _ => origin.map_or("", |origin| origin.name.as_ref()).to_owned(),
        };
        Shown {
            key,
            value: value.map_or_else(String::new, |value| masked(key, &text(&value))),
            origin,
        }
    };
    Ok(KEYS.iter().map(show).collect())
}

fn layers(flags: &Flags) -> Result<Figment, ConfigError> {
    check_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    let mut layers = Figment::new().merge(Named("default", Toml::string(DEFAULTS)));
    let file = flags
        .config
        .clone()
        .or_else(|| std::env::var_os("AICONFIG_CONFIG").map(PathBuf::from));
    if let Some(file) = file {
        if !file.is_file() {
            return Err(ConfigError::File(file));
        }
        layers = layers.merge(Toml::file_exact(file));
    }
    let given = |key: &&&str| std::env::var_os(variable(key)).is_some_and(|v| !v.is_empty());
    for key in KEYS.iter().filter(given) {
        let name = variable(key);
        layers = layers.merge(Named(name, Env::prefixed(PREFIX).only(&[key])));
    }
    for (key, value) in flags.given() {
        let flag = format!("--{}", key.replace('_', "-"));
        let value = BTreeMap::from([(key, value)]);
        layers = layers.merge(Named(flag, Serialized::from(value, Profile::Default)));
    }
    Ok(layers)
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

/// Refuses variables with our prefix that mean nothing: they are misspelt.
fn check_variables(names: impl Iterator<Item = String>) -> Result<(), ConfigError> {
    for name in names.filter(|name| name.starts_with(PREFIX)) {
        let known = KEYS.iter().any(|key| variable(key) == name);
        if known || CLIENT_VARIABLES.contains(&name.as_str()) || name.starts_with("AICONFIG_TEST_")
        {
            continue;
        }
        let near = KEYS
            .iter()
            .map(|key| variable(key))
            .min_by_key(|known| strsim::damerau_levenshtein(known, &name))
            .filter(|known| strsim::damerau_levenshtein(known, &name) <= 4);
        let hint = near.map(|near| format!(", did you mean {near}?"));
        let hint = hint.unwrap_or_default();
        return Err(ConfigError::Variable { name, hint });
    }
    Ok(())
}

/// A layer under a name of its own, for messages.
struct Named<N, P>(N, P);

impl<N: ToString, P: figment::Provider> figment::Provider for Named<N, P> {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named(self.0.to_string())
    }

    fn data(&self) -> figment::Result<figment::value::Map<Profile, figment::value::Dict>> {
        self.1.data()
    }
}

/// Paths as a list, or as one text with commas, which is how a variable gives them.
fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        List(Vec<PathBuf>),
        Text(String),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::List(paths) => paths,
        Given::Text(text) => {
            let parts = text.split(',').map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(PathBuf::from)
                .collect()
        }
    })
}

fn text(value: &figment::value::Value) -> String {
    use figment::value::Value;
    match value {
        Value::String(_, text) => text.clone(),
        Value::Bool(_, on) => on.to_string(),
        Value::Num(_, number) => match (number.to_i128(), number.to_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, fraction) => fraction.map_or_else(String::new, |n| n.to_string()),
        },
        Value::Array(_, values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Char(_, one) => one.to_string(),
        Value::Empty(..) | Value::Dict(..) => String::new(),
    }
}

/// A password is not shown, nor is a key; the rest of a database's address is.
fn masked(key: &str, value: &str) -> String {
    if !SECRETS.contains(&key) {
        return value.to_owned();
    }
    let Ok(mut url) = url::Url::parse(value) else {
        return "****".to_owned();
    };
    if url.password().is_some() && url.set_password(Some("****")).is_err() {
        return "****".to_owned();
    }
    // Parameters can hold a password too.
    if url.query().is_some() {
        url.set_query(Some("****"));
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_whole() {
        let defaults = Figment::new().merge(Toml::string(DEFAULTS));
        let config: Config = defaults.extract_lossy().unwrap();
        assert!(config.check().is_ok());
        for key in KEYS {
            let commented = format!("# {key} =");
            let documented = DEFAULTS
                .lines()
                .any(|line| line.starts_with(&format!("{key} =")) || line.starts_with(&commented));
            assert!(documented || *key == "kek", "{key}");
        }
    }

    #[test]
    fn unknown_keys_are_refused() {
        let layers = Figment::new()
            .merge(Toml::string(DEFAULTS))
            .merge(Toml::string("databse_url = 'x'"));
        let Err(error) = layers.extract_lossy::<Config>() else {
            panic!("taken")
        };
        assert!(error.to_string().contains("databse_url"), "{error}");
        let refused = check_variables(["AICONFIG_GRPC_ADR".to_owned()].into_iter());
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("did you mean AICONFIG_GRPC_ADDR?"), "{text}");
        let fine = [
            "AICONFIG_TOKEN",
            "AICONFIG_LOG",
            "AICONFIG_TEST_SEED",
            "HOME",
        ];
        check_variables(fine.map(str::to_owned).into_iter()).unwrap();
    }

    #[test]
    fn secrets_are_masked() {
        for (given, shown) in [
            ("postgres://u:pass@h/db", "postgres://u:****@h/db"),
            ("postgres://u@h/db?password=x", "postgres://u@h/db?****"),
            ("no address", "****"),
        ] {
            assert_eq!(masked("database_url", given), shown);
        }
        assert_eq!(masked("kek", "AAAA"), "****");
        assert_eq!(masked("log", "info"), "info");
    }
}
