//! The names that a price file matches with a model.

use serde::Deserialize;

/// A condition on a name, as genai-prices writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Names {
    /// None but the model's id.
    #[default]
    #[serde(skip)]
    Own,
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    /// Not looked at: the id and the other conditions find the models of this service.
    Regex(String),
    Or(Vec<Self>),
    And(Vec<Self>),
}

impl Names {
    /// Whether a name meets the condition. Names are compared in lower case.
    pub(super) fn meet(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        match self {
            Self::Own | Self::Regex(_) => false,
            Self::Equals(text) => name == text.to_ascii_lowercase(),
            Self::StartsWith(text) => name.starts_with(&text.to_ascii_lowercase()),
            Self::EndsWith(text) => name.ends_with(&text.to_ascii_lowercase()),
            Self::Contains(text) => name.contains(&text.to_ascii_lowercase()),
            Self::Or(any) => any.iter().any(|names| names.meet(&name)),
            Self::And(all) => all.iter().all(|names| names.meet(&name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        for (json, name, met) in [
            (r#"{"equals": "a-1"}"#, "A-1", true),
            (r#"{"equals": "a-1"}"#, "a-10", false),
            (r#"{"starts_with": "a-"}"#, "a-10", true),
            (r#"{"ends_with": "-x"}"#, "a-10", false),
            (r#"{"contains": "-1"}"#, "a-10", true),
            (r#"{"regex": "a.*"}"#, "a-10", false),
            (
                r#"{"or": [{"equals": "b"}, {"starts_with": "a"}]}"#,
                "a-10",
                true,
            ),
            (
                r#"{"and": [{"contains": "1"}, {"ends_with": "b"}]}"#,
                "a-10",
                false,
            ),
        ] {
            let names: Names = serde_json::from_str(json).unwrap();
            assert_eq!(names.meet(name), met, "{json}: {name}");
        }
    }
}
