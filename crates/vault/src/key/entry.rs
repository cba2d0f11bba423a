//! Rules for a key as it is entered, and the mask that is shown afterwards.

use secrecy::{ExposeSecret, SecretString};

const MIN_BYTES: usize = 8;
const MAX_BYTES: usize = 4096;
/// A key shorter than this shows none of its characters.
const MIN_CHARS_TO_SHOW: usize = 20;
const SHOWN_CHARS: usize = 4;

/// Known beginnings of keys, a longer one before the shorter one it contains,
/// with the provider that usually hands them out.
const PREFIXES: [(&str, &str); 3] = [
    ("sk-proj-", "openai"),
    ("sk-ant-", "anthropic"),
    ("sk-", "openai"),
];

/// A rule that an entered key breaks; the texts never repeat the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyEntryProblem {
    /// Under 8 bytes.
    #[error("a key has at least {MIN_BYTES} bytes")]
    TooShort,
    /// Over 4096 bytes.
    #[error("a key has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Blanks, tabs or line ends, also at the ends.
    #[error("a key contains no white space")]
    WhiteSpace,
    /// Characters that do not print.
    #[error("a key contains no control characters")]
    ControlCharacter,
}

/// Checks an entered key against the rules, in the order of the problems.
pub fn check_entry(key: &SecretString) -> Result<(), KeyEntryProblem> {
    let key = key.expose_secret();
    if key.len() < MIN_BYTES {
        Err(KeyEntryProblem::TooShort)
    } else if key.len() > MAX_BYTES {
        Err(KeyEntryProblem::TooLong)
    } else if key.contains(char::is_whitespace) {
        Err(KeyEntryProblem::WhiteSpace)
    } else if key.contains(char::is_control) {
        Err(KeyEntryProblem::ControlCharacter)
    } else {
        Ok(())
    }
}

/// A warning if the key begins unlike the keys of this provider. Providers
/// without a known beginning never get one.
#[must_use]
pub fn unusual_prefix(provider: &str, key: &SecretString) -> Option<String> {
    // The last entry of a provider is its most general one.
    let (usual, _) = PREFIXES.iter().rfind(|(_, owner)| *owner == provider)?;
    let owner = known_prefix(key.expose_secret()).map(|(_, owner)| owner);
    (owner != Some(provider)).then(|| {
        format!(
            "keys of {provider} usually begin with \"{usual}\"; \
             check that this one was not meant for another provider"
        )
    })
}

/// What may be shown of a key: a known beginning, `…` and the last 4
/// characters if it has at least 20 characters, else `****`.
#[must_use]
pub fn mask(key: &SecretString) -> String {
    let key = key.expose_secret();
    if key.chars().count() < MIN_CHARS_TO_SHOW {
        return "****".to_owned();
    }
    let prefix = known_prefix(key).map_or("", |(prefix, _)| prefix);
    let tail = key
        .char_indices()
        .rev()
        .nth(SHOWN_CHARS - 1)
        .map_or("", |(at, _)| &key[at..]);
    format!("{prefix}…{tail}")
}

fn known_prefix(key: &str) -> Option<(&'static str, &'static str)> {
    PREFIXES
        .into_iter()
        .find(|(prefix, _)| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn masks() {
        for (key, expected) in [
            ("sk-proj-0123456789abcdef", "sk-proj-…cdef"),
            ("sk-ant-0123456789abcdef", "sk-ant-…cdef"),
            ("sk-0123456789abcdef0", "sk-…def0"),
            ("sk-0123456789abcdef", "****"),
            ("sk-proj-abc", "****"),
            ("0123456789abcdefghij", "…ghij"),
            ("0123456789abcdefghi", "****"),
            ("SK-0123456789abcdef0", "…def0"),
            ("0123456789abcdefghéüöä", "…éüöä"),
            ("", "****"),
        ] {
            assert_eq!(mask(&secret(key)), expected);
        }
    }

    #[test]
    fn entry_rules() {
        for (key, expected) in [
            ("1234567".to_owned(), Err(KeyEntryProblem::TooShort)),
            ("12345678".to_owned(), Ok(())),
            ("x".repeat(4096), Ok(())),
            ("x".repeat(4097), Err(KeyEntryProblem::TooLong)),
            ("1234 5678".to_owned(), Err(KeyEntryProblem::WhiteSpace)),
            ("12345678\n".to_owned(), Err(KeyEntryProblem::WhiteSpace)),
            (
                "\u{a0}12345678".to_owned(),
                Err(KeyEntryProblem::WhiteSpace),
            ),
            (
                "1234\u{0}5678".to_owned(),
                Err(KeyEntryProblem::ControlCharacter),
            ),
            (
                "1234\u{7f}5678".to_owned(),
                Err(KeyEntryProblem::ControlCharacter),
            ),
        ] {
            assert_eq!(check_entry(&secret(&key)), expected, "{key:?}");
        }
    }

    #[test]
    fn unusual_prefixes_are_noticed() {
        for (provider, key, warned) in [
            ("openai", "sk-0123456789", false),
            ("openai", "sk-proj-0123456789", false),
            ("openai", "sk-ant-0123456789", true),
            ("openai", "0123456789", true),
            ("anthropic", "sk-ant-0123456789", false),
            ("anthropic", "sk-0123456789", true),
            ("runware", "0123456789", false),
            ("runware", "sk-0123456789", false),
        ] {
            let warning = unusual_prefix(provider, &secret(key));
            assert_eq!(warning.is_some(), warned, "{provider} {key}");
            assert!(!warning.unwrap_or_default().contains("0123"));
        }
        let warning = unusual_prefix("openai", &secret("0123456789")).unwrap();
        assert!(warning.contains("\"sk-\""));
    }
}
