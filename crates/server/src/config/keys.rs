//! The names of all settings, and the flags that set them.

use std::path::PathBuf;

use clap::Args;

/// Settings that are never printed whole.
pub(super) const SECRETS: &[&str] = &["database_url", "kek"];

/// Variables that the scripts in `clients/` read, so that one shell can hold both.
pub(super) const CLIENT_VARIABLES: &[&str] = &[
    "AICONFIG_CONFIG",
    "AICONFIG_ACTOR",
    "AICONFIG_ADDR",
    "AICONFIG_TOKEN",
    "AICONFIG_TOKEN_FILE",
    "AICONFIG_CA",
    "AICONFIG_PLAINTEXT",
    "AICONFIG_TIMEOUT",
];

macro_rules! settings {
    ($($(#[$doc:meta])* $key:ident;)*) => {
        /// Every setting, in the order of the documentation.
        pub(super) const KEYS: &[&str] = &["kek", $(stringify!($key),)*];

        /// Flags; each is also a key of the TOML file and a variable `AICONFIG_<KEY>`.
        #[derive(Args, Clone, Default)]
        pub(crate) struct Flags {
            /// A TOML file with settings (`AICONFIG_CONFIG`).
            #[arg(long, global = true, value_name = "FILE")]
            pub(crate) config: Option<PathBuf>,
            $($(#[$doc])* #[arg(long, global = true, value_name = "VALUE", hide_short_help = true)] $key: Option<String>,)*
        }

        impl Flags {
            /// The settings that are given, by key.
            pub(super) fn given(&self) -> Vec<(&'static str, String)> {
                let all = [$((stringify!($key), &self.$key),)*];
                all.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect()
            }
        }
    };
}

settings! {
    /// Where the embedded database, the generated key file and the first tokens are.
    data_dir;
    /// `sqlite://<file>` or `postgres://…`; better in `AICONFIG_DATABASE_URL` if it has a password.
    database_url;
    /// The most database connections.
    database_connections;
    /// Where gRPC listens.
    grpc_addr;
    /// Serve plain text on an address that is not loopback: true or false.
    allow_plaintext;
    /// The certificate that gRPC is served with, in PEM, with those between it and its authority.
    tls_cert_file;
    /// The private key of that certificate, in PEM.
    tls_key_file;
    /// Authorities, in PEM, one of which must have signed the certificate of every client.
    tls_client_ca_file;
    /// How often the TLS files are looked at for a change, in seconds.
    tls_reload_seconds;
    /// Where /livez, /readyz and /metrics listen.
    ops_addr;
    /// The key-encryption key: 32 bytes in base64, readable by the owner alone.
    kek_file;
    /// Further key-encryption keys, which only open; separated by commas. A file need not be there.
    kek_open_files;
    /// How often the files of key-encryption keys are looked at for a change, in seconds.
    kek_reload_seconds;
    /// Whether the variable `AICONFIG_KEK` may hold the key itself: true or false.
    kek_allow_env;
    /// Whether debuggers of the same user may read the memory, where keys are: true or false.
    dumpable;
    /// What is logged, such as `info` or `info,aiconfig=debug`.
    log;
    /// `text` or `json`.
    log_format;
    /// Calls that are worked on at the same time.
    max_in_flight;
    /// Calls a second that a token may make; 0: as many as it likes.
    max_calls_per_second_per_token;
    /// Calls that a token may make at once after a quiet time.
    max_burst_per_token;
    /// Calls at the same time on one connection.
    max_concurrent_streams;
    /// Connections at the same time.
    max_connections;
    /// Connections of one address at the same time; of one /64 with IPv6.
    max_connections_per_peer;
    /// How long a TLS handshake may take, in milliseconds.
    handshake_timeout_milliseconds;
    /// How long a connection may take to send the HTTP/2 preface, in milliseconds.
    preface_timeout_milliseconds;
    /// How long a client may take nothing while something is to be sent, in seconds.
    write_timeout_seconds;
    /// HTTP/2 frames a second on one connection that are no part of a call.
    max_control_frames_per_second;
    /// Silence after which a client is asked whether it is there, in seconds.
    keepalive_interval_seconds;
    /// How long it may take to answer that, in seconds.
    keepalive_timeout_seconds;
    /// Age at which a connection is told to go, in seconds.
    max_connection_age_seconds;
    /// How long after that its calls may take, in seconds.
    max_connection_age_grace_seconds;
    /// The deadline of a call that names none, in seconds.
    default_deadline_seconds;
    /// The longest deadline that counts, in seconds.
    longest_deadline_seconds;
    /// How often the database is asked whether something was written elsewhere, in milliseconds.
    poll_interval_milliseconds;
    /// How long open calls may take after SIGTERM, in seconds.
    drain_seconds;
    /// How much of the prompts that accounts customised is kept in memory, in MiB.
    prompt_cache_mebibytes;
}
