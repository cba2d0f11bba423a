//! Credentials are taken out of a settings JSON, however they are spelled and wherever they stand.

use aiconfig_domain::{names_credential, strip_credentials};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Words of names that are credentials.
const CREDENTIALS: &[&[&str]] = &[
    &["api", "key"],
    &["apikey"],
    &["secret"],
    &["client", "secret"],
    &["password"],
    &["passwd"],
    &["credential"],
    &["credentials"],
    &["authorization"],
    &["private", "key"],
    &["access", "token"],
    &["auth", "token"],
    &["bearer", "token"],
    &["openai", "api", "key"],
    &["x", "api", "key"],
    &["api", "key", "id"],
];

/// Names that are none, though they look like it.
const INNOCENT: &[&str] = &[
    "max_tokens",
    "maxTokens",
    "tokenizer",
    "keyboard",
    "monkey",
    "keyword",
    "keywords",
    "tokens",
    "total_tokens",
    "next_page_token",
    "primary_key",
    "secretary",
    "model",
    "temperature",
    "image_size",
    "key_provider",
    "author",
    "authorized",
    "capitalKeynote",
    "apik",
    "rapid_keyframes",
];

const VALUE: &str = "canary-91c2";

/// Spells words as one name: with a separator, or with case changes.
fn spelled() -> impl Strategy<Value = String> {
    let words = prop::sample::select(CREDENTIALS);
    (words, 0_usize..9).prop_map(|(words, style)| {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        match style {
            0 => words.join("_"),
            1 => words.join("-"),
            2 => words.join("."),
            3 => words.join(" "),
            4 => words.join("_").to_uppercase(),
            5 => words.join("-").to_uppercase(),
            6 => words.iter().map(|word| capital(word)).collect(),
            7 => words
                .iter()
                .map(|word| capital(word))
                .collect::<Vec<_>>()
                .join("-"),
            _ => {
                let (first, rest) = words.split_first().unwrap();
                let rest: String = rest.iter().map(|word| capital(word)).collect();
                format!("{first}{rest}")
            }
        }
    })
}

/// A string that has the shape of a provider key.
fn key_shaped() -> impl Strategy<Value = String> {
    let letters: Vec<char> = ('a'..='z')
        .chain('A'..='Z')
        .chain('0'..='9')
        .chain(['-', '_'])
        .collect();
    let body = prop::collection::vec(prop::sample::select(letters), 17..80);
    let prefix = prop::sample::select(&["sk-", "sk-ant-", "sk-proj-"][..]);
    (prefix, body).prop_map(|(prefix, body)| format!("{prefix}{}", String::from_iter(body)))
}

/// Puts a value somewhere inside other values that hold no credential.
fn nested(value: Value, path: &[u8]) -> Value {
    path.iter().fold(value, |inner, step| match step % 4 {
        0 => json!({"settings": inner}),
        1 => json!({"note": "plain", "more": inner, "count": 3}),
        2 => json!([inner]),
        _ => json!([{"a": null}, inner, 5]),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn credentials_go_however_spelled_and_however_deep(name in spelled(), path in prop::collection::vec(any::<u8>(), 0..6)) {
        prop_assert!(names_credential(&name), "{name}");
        let inner = json!({name.clone(): VALUE, "max_tokens": 5});
        let stripped = strip_credentials(json!({"config": nested(inner, &path)}));
        prop_assert!(!stripped.value.to_string().contains(VALUE), "{}", stripped.value);
        prop_assert!(stripped.value.to_string().contains("max_tokens"));
        prop_assert_eq!(stripped.paths.len(), 1);
        prop_assert!(stripped.paths[0].ends_with(&name), "{:?}", stripped.paths);
    }

    #[test]
    fn key_shaped_values_go_wherever_they_stand(key in key_shaped(), name in prop::sample::select(INNOCENT), path in prop::collection::vec(any::<u8>(), 0..6)) {
        let inner = json!({name: key.clone(), "kept": 1});
        let stripped = strip_credentials(json!({"config": nested(inner, &path)}));
        let told = format!("{} {:?}", stripped.value, stripped.paths);
        prop_assert!(!told.contains(&key), "{told}");
        prop_assert!(told.contains("kept"));
        prop_assert_eq!(stripped.paths.len(), 1);
        // As a name it goes too, and the path does not tell it.
        let stripped = strip_credentials(json!({"config": {key.clone(): 1}, "b": 2}));
        let told = format!("{} {:?}", stripped.value, stripped.paths);
        prop_assert!(!told.contains(&key), "{told}");
        prop_assert_eq!(stripped.value, json!({"b": 2}));
    }

    #[test]
    fn innocent_names_stay(names in prop::sample::subsequence(INNOCENT, 1..INNOCENT.len()), path in prop::collection::vec(any::<u8>(), 0..6)) {
        let members: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), json!("sk-short"))).collect();
        let value = json!({"config": nested(Value::Object(members), &path)});
        let stripped = strip_credentials(value.clone());
        prop_assert_eq!(stripped.value, value);
        prop_assert!(stripped.paths.is_empty());
    }

    #[test]
    fn stripping_twice_is_stripping_once(name in spelled(), key in key_shaped(), path in prop::collection::vec(any::<u8>(), 0..6)) {
        let inner = json!({name: {"a": VALUE}, "list": [key, "b"], "model": "gpt-4o"});
        let once = strip_credentials(nested(inner, &path)).value;
        let twice = strip_credentials(once.clone());
        prop_assert_eq!(twice.value, once);
        prop_assert!(twice.paths.is_empty());
    }
}

#[test]
fn odd_spellings() {
    for (name, is) in [
        ("APIkey", true),
        ("apiKEY", true),
        ("API_KEY", true),
        ("ApiKey2", false),
        ("api_key_2", true),
        ("X-API-Key", true),
        ("Token", true),
        ("KEY", true),
        ("token_id", false),
        ("key id", false),
        ("refresh_token", false),
        ("basicAuthPASSWORD", true),
        ("oldClientSECRETvalue", true),
        ("", false),
        ("__", false),
    ] {
        assert_eq!(names_credential(name), is, "{name}");
    }
}

#[test]
fn objects_left_empty_are_dropped_and_empty_ones_stay() {
    for (value, rest, paths) in [
        (
            json!({"a": {"b": {"apiKey": "x"}}, "c": 1}),
            json!({"c": 1}),
            vec!["a.b.apiKey"],
        ),
        (
            json!({"a": {"b": {"apiKey": "x"}}}),
            json!({}),
            vec!["a.b.apiKey"],
        ),
        (json!({"a": {}, "b": []}), json!({"a": {}, "b": []}), vec![]),
        (
            json!({"a": [{"token": 1}, {"b": 2}]}),
            json!({"a": [{"b": 2}]}),
            vec!["a[0].token"],
        ),
        (
            json!({"sk-test-0123456789abcdef": 1, "b": 2}),
            json!({"b": 2}),
            vec!["*"],
        ),
        (
            json!({"a": {"sk-test-0123456789abcdef": 1}, "b": 2}),
            json!({"b": 2}),
            vec!["a.*"],
        ),
    ] {
        let stripped = strip_credentials(value);
        assert_eq!(stripped.value, rest);
        assert_eq!(stripped.paths, paths);
    }
}
