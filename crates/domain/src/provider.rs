//! Providers: vendors of models, where their API is and whose key they use.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::masked::masked_fields;
use crate::{Modality, ProviderName};

/// A vendor of models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its slug, such as `openai`.
    pub name: ProviderName,
    /// Name for people, 1 to 255 characters.
    pub display_name: String,
    /// What its models make; at least one, text and image never together.
    pub modalities: BTreeSet<Modality>,
    /// Address of its API.
    pub base_url: String,
    /// Path below the address that a connection test calls; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub probe_path: String,
    /// The provider whose key is used while this one has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_fallback: Option<ProviderName>,
}

masked_fields! {
    /// The fields of a provider that an update can name.
    ProviderField of Provider {
        DisplayName "display_name" display_name;
        Modalities "modalities" modalities;
        BaseUrl "base_url" base_url;
        ProbePath "probe_path" probe_path;
        KeyFallback "key_fallback" key_fallback;
    }
}

/// The origin of a base URL, such as `https://api.openai.com`, if keys may be sent to it: https,
/// or http on a loopback address; no query, no fragment, no user.
#[must_use]
pub fn origin_of(base_url: &str) -> Option<String> {
    let url = Url::parse(base_url).ok()?;
    let loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let allowed = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    let bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (allowed && bare).then(|| url.origin().ascii_serialization())
}

/// Whether a base URL has an origin, one that [`origin_of`] gave. It is what every answer asks, so
/// the usual spelling is told by its text; all others are parsed.
#[must_use]
pub fn has_origin(base_url: &str, origin: &str) -> bool {
    // The authority of a URL ends at the first slash behind the scheme's, so what starts with the
    // whole origin and a slash has no other, and no user.
    let plain = base_url.strip_prefix(origin).is_some_and(|path| {
        (path.is_empty() || path.starts_with('/')) && !path.contains(['?', '#'])
    });
    (plain && !origin.is_empty()) || origin_of(base_url).as_deref() == Some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (url, origin) in [
            ("https://api.openai.com/v1", Some("https://api.openai.com")),
            (
                "https://API.example:8443/",
                Some("https://api.example:8443"),
            ),
            ("http://127.0.0.1:9000/v1", Some("http://127.0.0.1:9000")),
            ("http://[::1]:9000", Some("http://[::1]:9000")),
            ("http://localhost/x", Some("http://localhost")),
            ("http://api.openai.com/v1", None),
            ("http://localhost.example/v1", None),
            ("https://u@api.example/", None),
            ("https://api.example/?a=1", None),
            ("https://api.example/#a", None),
            ("ftp://api.example/", None),
            ("api.example", None),
            ("", None),
        ] {
            assert_eq!(origin_of(url).as_deref(), origin, "{url}");
        }
    }

    #[test]
    fn an_origin_is_told_by_its_text_as_by_parsing() {
        let origins = [
            "https://api.example",
            "https://api.example:8443",
            "http://127.0.0.1:9000",
            "http://localhost",
        ];
        for url in [
            "https://api.example",
            "https://api.example/",
            "https://api.example/v1",
            "https://api.example:443/v1",
            "https://API.example/v1",
            "https://api.example/v1?a=1",
            "https://api.example/v1#a",
            "https://api.example?a=1",
            "https://api.example.evil/v1",
            "https://api.example@evil/v1",
            "https://api.example:x@evil/v1",
            "https://api.example:8443/v1",
            "https://api.example:84430/v1",
            "https://api.example\\@evil/v1",
            "https://api.example/@evil",
            "http://api.example/v1",
            "http://127.0.0.1:9000/v1",
            "http://localhost.evil/v1",
            "http://localhost//evil",
            "/v1",
            "",
        ] {
            for origin in origins {
                let parsed = origin_of(url).as_deref() == Some(origin);
                assert_eq!(has_origin(url, origin), parsed, "{url} {origin}");
            }
            assert!(!has_origin(url, ""), "{url}");
        }
    }
}
