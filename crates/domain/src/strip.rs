//! Takes credentials out of an incoming settings JSON, at any depth (section 3).

use serde_json::{Map, Value};

use crate::Field;

/// A JSON without credentials, and where they stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Stripped {
    /// What remains.
    pub value: Value,
    /// The paths of what was taken out, such as `headers.authorization` or `list[0].apiKey`.
    pub paths: Vec<String>,
}

/// Takes credentials out: members whose name says so and values that have the shape of a key.
/// Objects and lists left empty by that are dropped.
#[must_use]
pub fn strip_credentials(value: Value) -> Stripped {
    let mut paths = Vec::new();
    let value = strip(value, "", &mut paths).unwrap_or_else(|| Value::Object(Map::new()));
    Stripped { value, paths }
}

fn strip(value: Value, path: &str, paths: &mut Vec<String>) -> Option<Value> {
    match value {
        Value::String(text) if looks_like_key(&text) => {
            paths.push(path.to_owned());
            None
        }
        Value::Object(members) => {
            let before = paths.len();
            let mut kept = Map::new();
            for (name, member) in members {
                let at = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                if names_credential(&name) || looks_like_key(&name) {
                    // A name that is itself a key is not told.
                    paths.push(match (looks_like_key(&name), path) {
                        (false, _) => at,
                        (true, "") => "*".to_owned(),
                        (true, path) => format!("{path}.*"),
                    });
                } else if let Some(member) = strip(member, &at, paths) {
                    kept.insert(name, member);
                }
            }
            (!kept.is_empty() || paths.len() == before).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let before = paths.len();
            let kept: Vec<Value> = items
                .into_iter()
                .enumerate()
                .filter_map(|(at, item)| strip(item, &format!("{path}[{at}]"), paths))
                .collect();
            (!kept.is_empty() || paths.len() == before).then_some(Value::Array(kept))
        }
        other => Some(other),
    }
}

/// Whether a string has the shape of a known provider key: `sk-…`, 20 characters or more.
#[must_use]
pub fn looks_like_key(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 20
        && text.starts_with("sk-")
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Whether a name says that its value is a credential. It is split into words at case changes,
/// `_`, `-`, `.` and blanks; the fields of the settings never are one. A run of capitals can end
/// in two ways, as in `APIKey` and `APIkey`: either reading counts.
#[must_use]
pub fn names_credential(name: &str) -> bool {
    Field::parse(name).is_none()
        && [false, true]
            .into_iter()
            .any(|whole| says_so(&words(name, whole)))
}

fn says_so(words: &[String]) -> bool {
    let single = [
        "apikey",
        "apikeys",
        "secret",
        "secrets",
        "password",
        "passwords",
        "passwd",
        "credential",
        "credentials",
        "authorization",
    ];
    let pairs = [
        ("api", "key"),
        ("api", "keys"),
        ("private", "key"),
        ("access", "token"),
        ("auth", "token"),
        ("bearer", "token"),
    ];
    words.iter().any(|word| single.contains(&word.as_str()))
        || words
            .windows(2)
            .any(|pair| pairs.contains(&(pair[0].as_str(), pair[1].as_str())))
        || matches!(words, [only] if only == "token" || only == "key")
}

/// The words of a name. The last capital of a run starts the word that follows (`APIKey`), or
/// with `whole_runs` belongs to the run (`APIkey`).
fn words(name: &str, whole_runs: bool) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    let upper = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(|c| c.is_uppercase())
    };
    for (at, &c) in chars.iter().enumerate() {
        let blank = matches!(c, '_' | '-' | '.') || c.is_whitespace();
        let before = at.checked_sub(1);
        let rises = c.is_uppercase()
            && before.is_some_and(|b| chars[b].is_lowercase() || chars[b].is_ascii_digit());
        let run_ends = if whole_runs {
            c.is_lowercase() && upper(before) && upper(at.checked_sub(2))
        } else {
            c.is_uppercase() && upper(before) && chars.get(at + 1).is_some_and(|n| n.is_lowercase())
        };
        if (blank || rises || run_ends) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !blank {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names() {
        for (name, is) in [
            ("apiKey", true),
            ("api_key", true),
            ("API-KEY", true),
            ("OPENAI_API_KEY", true),
            ("openaiApiKey", true),
            ("APIKey", true),
            ("x.api.key", true),
            ("client secret", true),
            ("password", true),
            ("Authorization", true),
            ("accessToken", true),
            ("bearer_token", true),
            ("token", true),
            ("key", true),
            ("privateKey", true),
            ("max_tokens", false),
            ("maxTokens", false),
            ("model", false),
            ("keyword", false),
            ("monkey", false),
            ("tokens_used", false),
            ("secretary", false),
        ] {
            assert_eq!(names_credential(name), is, "{name}");
        }
    }

    #[test]
    fn depth_values_and_empty_objects() {
        let stripped = strip_credentials(json!({
            "model": "gpt-4o", "max_tokens": 5, "deep": {"apiKey": "x"},
            "list": [{"token": "t"}, {"a": 1}], "note": "sk-0123456789abcdefghij"
        }));
        assert_eq!(
            stripped.value,
            json!({"model": "gpt-4o", "max_tokens": 5, "list": [{"a": 1}]})
        );
        let mut paths = stripped.paths;
        paths.sort();
        assert_eq!(paths, ["deep.apiKey", "list[0].token", "note"]);
    }
}
