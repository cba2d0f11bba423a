//! Language tags of author profiles.

use oxilangtag::LanguageTag;

/// The rule of a language, as a sentence for error messages.
pub const LANGUAGE_RULE: &str = "a BCP 47 tag that begins with two or three letters, such as en or pt-BR, at most 100 characters";

/// Characters of a tag; well-formed ones have no end.
const LIMIT: usize = 100;

/// A well-formed tag in its canonical case. The primary subtag has two or three letters, so that
/// names such as `english` are none.
#[must_use]
pub fn language_tag(text: &str) -> Option<String> {
    if text.len() > LIMIT {
        return None;
    }
    let tag = LanguageTag::parse_and_normalize(text).ok()?;
    let short = (2..=3).contains(&tag.primary_language().len());
    short.then(|| tag.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (text, tag) in [
            ("en", Some("en")),
            ("EN", Some("en")),
            ("pt-br", Some("pt-BR")),
            ("ZH-hant-tw", Some("zh-Hant-TW")),
            ("gsw", Some("gsw")),
            ("de-1996", Some("de-1996")),
            ("", None),
            ("e", None),
            ("english", None),
            ("qaaa", None),
            ("en_US", None),
            ("en-", None),
            ("12", None),
            ("x-private", None),
            ("i-klingon", None),
            ("en-verylongsubtag", None),
        ] {
            assert_eq!(language_tag(text).as_deref(), tag, "{text:?}");
        }
        assert_eq!(language_tag(&format!("en{}", "-abcde".repeat(17))), None);
    }
}
