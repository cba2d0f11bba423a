//! The settings of the transport: limits of connections, and TLS.

use std::time::Duration;

use super::{Config, ConfigError, range};
use crate::transport::{Limits, TlsFiles};

impl Config {
    pub(super) fn check_transport(&self) -> Result<(), ConfigError> {
        let per_peer = 1..=self.max_connections;
        let milliseconds = 100..=60_000;
        let seconds = 1..=3_600;
        let day = 1..=86_400;
        for (fits, key, rule) in [
            (
                self.max_concurrent_streams > 0,
                "max_concurrent_streams",
                "1 or more",
            ),
            (self.max_connections > 0, "max_connections", "1 or more"),
            (
                per_peer.contains(&self.max_connections_per_peer),
                "max_connections_per_peer",
                "1 up to max_connections",
            ),
            (
                milliseconds.contains(&self.handshake_timeout_milliseconds),
                "handshake_timeout_milliseconds",
                "100 to 60000",
            ),
            (
                milliseconds.contains(&self.preface_timeout_milliseconds),
                "preface_timeout_milliseconds",
                "100 to 60000",
            ),
            (
                seconds.contains(&self.write_timeout_seconds),
                "write_timeout_seconds",
                "1 to 3600",
            ),
            (
                self.max_control_frames_per_second >= 1_000,
                "max_control_frames_per_second",
                "1000 or more",
            ),
            (
                seconds.contains(&self.keepalive_interval_seconds),
                "keepalive_interval_seconds",
                "1 to 3600",
            ),
            (
                seconds.contains(&self.keepalive_timeout_seconds),
                "keepalive_timeout_seconds",
                "1 to 3600",
            ),
            (
                day.contains(&self.max_connection_age_seconds),
                "max_connection_age_seconds",
                "1 to 86400",
            ),
            (
                day.contains(&self.max_connection_age_grace_seconds),
                "max_connection_age_grace_seconds",
                "1 to 86400",
            ),
            (
                day.contains(&self.tls_reload_seconds),
                "tls_reload_seconds",
                "1 to 86400",
            ),
        ] {
            range(fits, key, rule)?;
        }
        let tls = self.tls()?.is_some();
        if tls || self.allow_plaintext || self.grpc_addr.ip().is_loopback() {
            return Ok(());
        }
        Err(ConfigError::Plaintext)
    }

    /// What connections are held to.
    pub(crate) const fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            connections_per_peer: self.max_connections_per_peer,
            handshake: Duration::from_millis(self.handshake_timeout_milliseconds),
            preface: Duration::from_millis(self.preface_timeout_milliseconds),
            write_stall: Duration::from_secs(self.write_timeout_seconds),
            control_frames: self.max_control_frames_per_second,
            age: Duration::from_secs(self.max_connection_age_seconds),
            age_grace: Duration::from_secs(self.max_connection_age_grace_seconds),
            keepalive: Duration::from_secs(self.keepalive_interval_seconds),
            keepalive_timeout: Duration::from_secs(self.keepalive_timeout_seconds),
            concurrent_streams: self.max_concurrent_streams,
        }
    }

    /// How often the files of TLS are looked at.
    pub(crate) const fn tls_reload(&self) -> Duration {
        Duration::from_secs(self.tls_reload_seconds)
    }

    /// The files that TLS is made from, if there is to be TLS.
    ///
    /// # Errors
    /// Where one of them is named without those that it needs.
    pub(crate) fn tls(&self) -> Result<Option<TlsFiles>, ConfigError> {
        let alone = |given, missing| Err(ConfigError::Alone { given, missing });
        match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(cert), Some(key)) => Ok(Some(TlsFiles {
                cert: cert.clone(),
                key: key.clone(),
                client_ca: self.tls_client_ca_file.clone(),
            })),
            (Some(_), None) => alone("tls_cert_file", "tls_key_file"),
            (None, Some(_)) => alone("tls_key_file", "tls_cert_file"),
            (None, None) if self.tls_client_ca_file.is_some() => {
                alone("tls_client_ca_file", "tls_cert_file")
            }
            (None, None) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    use super::*;
    use crate::config::DEFAULTS;

    fn check(lines: &str, refused: Option<&str>) {
        let layers = Figment::new().merge(Toml::string(DEFAULTS));
        let layers = layers.merge(Toml::string(lines));
        let config: Config = layers.extract_lossy().unwrap();
        let error = config.check().err().map(|error| error.to_string());
        match (error, refused) {
            (None, None) => {}
            (Some(error), Some(refused)) => assert!(error.contains(refused), "{lines}: {error}"),
            (error, _) => panic!("{lines}: {error:?}, expected {refused:?}"),
        }
    }

    #[test]
    fn tls_files_come_in_pairs() {
        check("tls_cert_file = 'c'\ntls_key_file = 'k'", None);
        check(
            "tls_cert_file = 'c'\ntls_key_file = 'k'\ntls_client_ca_file = 'a'",
            None,
        );
        check(
            "tls_cert_file = 'c'",
            Some("tls_cert_file is set, but tls_key_file is not"),
        );
        check(
            "tls_key_file = 'k'",
            Some("tls_key_file is set, but tls_cert_file is not"),
        );
        check(
            "tls_client_ca_file = 'a'",
            Some("tls_client_ca_file is set, but tls_cert_file is not"),
        );
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        let everywhere = "grpc_addr = '0.0.0.0:50051'";
        check(everywhere, Some("grpc_addr is not loopback"));
        check(&format!("{everywhere}\nallow_plaintext = true"), None);
        let tls = "tls_cert_file = 'c'\ntls_key_file = 'k'";
        check(&format!("{everywhere}\n{tls}"), None);
    }

    #[test]
    fn limits_have_a_range() {
        for (line, refused) in [
            ("max_connections = 0", "max_connections must be 1 or more"),
            ("max_connections_per_peer = 0", "1 up to max_connections"),
            ("max_connections_per_peer = 9999", "1 up to max_connections"),
            ("max_concurrent_streams = 0", "max_concurrent_streams must"),
            ("handshake_timeout_milliseconds = 0", "100 to 60000"),
            ("preface_timeout_milliseconds = 0", "100 to 60000"),
            ("write_timeout_seconds = 0", "write_timeout_seconds must"),
            ("max_control_frames_per_second = 999", "1000 or more"),
            ("keepalive_interval_seconds = 0", "1 to 3600"),
            ("keepalive_timeout_seconds = 0", "1 to 3600"),
            ("max_connection_age_seconds = 0", "1 to 86400"),
            ("max_connection_age_grace_seconds = 0", "1 to 86400"),
            ("tls_reload_seconds = 0", "tls_reload_seconds must"),
        ] {
            check(line, Some(refused));
        }
    }
}
