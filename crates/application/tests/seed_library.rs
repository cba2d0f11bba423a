//! The shipped author profiles and strategies are valid and cover every category.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    author_profile: Vec<AuthorProfile>,
    strategy: Vec<Strategy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorProfile {
    name: String,
    description: String,
    category: String,
    tone: String,
    language: String,
    structure_template: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Strategy {
    name: String,
    description: String,
    category: String,
    sector: String,
    prompt_types: Vec<String>,
    section_logic: Value,
}

#[derive(Deserialize)]
struct Prompts {
    prompt: Vec<DeclaredPrompt>,
}

#[derive(Deserialize)]
struct DeclaredPrompt {
    prompt_type: String,
}

fn parse<T: DeserializeOwned>(file: &str) -> T {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seed");
    toml::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

fn library() -> Library {
    parse("library.toml")
}

fn prompt_types() -> BTreeSet<String> {
    let prompts: Prompts = parse("prompts.toml");
    prompts.prompt.into_iter().map(|p| p.prompt_type).collect()
}

/// The shape of a BCP 47 tag, with a primary subtag of two or three letters.
fn is_language_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    let short = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    (2..=3).contains(&primary.len()) && letters(primary) && subtags.all(short)
}

fn strings(value: &Value) -> Vec<&str> {
    let items = value.as_array().expect("a list");
    items.iter().map(|v| v.as_str().expect("a text")).collect()
}

fn assert_categories<'a>(closed: &[&str], used: impl Iterator<Item = &'a str>) {
    let used: BTreeSet<&str> = used.collect();
    assert_eq!(
        used,
        closed.iter().copied().collect(),
        "every category has an item, and no other is used"
    );
}

#[test]
fn language_tags_are_told_from_names_of_languages() {
    for tag in ["en", "pt-BR", "zh-Hant-TW", "gsw", "de-1996"] {
        assert!(is_language_tag(tag), "{tag}");
    }
    for tag in [
        "",
        "english",
        "e",
        "en_US",
        "en-",
        "12",
        "en-verylongsubtag",
    ] {
        assert!(!is_language_tag(tag), "{tag}");
    }
}

#[test]
fn author_profiles_are_valid_and_cover_every_category() {
    let profiles = library().author_profile;
    let closed = [
        "saas",
        "ecommerce",
        "blog",
        "technical",
        "creative",
        "news",
        "academic",
    ];
    assert_categories(&closed, profiles.iter().map(|p| p.category.as_str()));
    let mut tones = BTreeMap::new();
    for profile in profiles {
        let name = profile.name;
        assert!((1..=255).contains(&name.chars().count()), "{name}");
        assert!((1..=100).contains(&profile.tone.chars().count()), "{name}");
        assert!(!profile.description.is_empty(), "{name}");
        assert!(is_language_tag(&profile.language), "{name}");
        let sections = strings(&profile.structure_template["sections"]);
        let guidance = profile.structure_template["guidance"].as_object();
        let guided = guidance.expect(&name).keys().map(String::as_str);
        assert_eq!(
            sections.into_iter().collect::<BTreeSet<_>>(),
            guided.collect(),
            "{name}"
        );
        assert_eq!(
            tones.insert(name.clone(), profile.tone),
            None,
            "{name} is there twice"
        );
    }
    // The product's documents name these, and their tones.
    assert_eq!(tones["SaaS B2B Professional"], "professional, formal");
    assert_eq!(
        tones["E-commerce Product Descriptions"],
        "persuasive, benefit-focused"
    );
    assert_eq!(tones["Blog Conversational"], "casual, friendly");
}

#[test]
fn strategies_are_valid_and_cover_every_category() {
    let strategies = library().strategy;
    let closed = [
        "blog",
        "ecommerce",
        "saas",
        "news",
        "technical",
        "marketing",
    ];
    assert_categories(&closed, strategies.iter().map(|s| s.category.as_str()));
    let known = prompt_types();
    let mut names = BTreeSet::new();
    for strategy in strategies {
        let name = strategy.name;
        assert!((1..=255).contains(&name.chars().count()), "{name}");
        assert!(!strategy.description.is_empty(), "{name}");
        assert_eq!(strategy.sector, strategy.sector.trim(), "{name}");
        let types: BTreeSet<String> = strategy.prompt_types.iter().cloned().collect();
        assert_eq!(
            types.len(),
            strategy.prompt_types.len(),
            "{name}: a type twice"
        );
        assert!(
            !types.is_empty() && types.is_subset(&known),
            "{name}: {types:?}"
        );
        let logic = &strategy.section_logic;
        let sections = logic["sections"].as_array().expect(&name);
        assert!(
            logic["h2"].as_u64() >= Some(sections.len() as u64),
            "{name}"
        );
        let shares = sections.iter().map(|s| s["share"].as_u64().expect(&name));
        assert_eq!(shares.sum::<u64>(), 100, "{name}: shares in per cent");
        assert!(!strings(&logic["rules"]).is_empty(), "{name}");
        assert!(names.insert(name.clone()), "{name} is there twice");
    }
    // The product's documents name this one.
    assert!(names.contains("SEO Blog Post Strategy"));
}
