//! The library: versions, activity, deletion.

use aiconfig_domain::template::Strictness;
use aiconfig_domain::{
    Command, IncrementPromptVersions, ResourceKey, RestorePromptVersion, UpdateGlobalPrompt,
};

use crate::library::{Library, kind, reason, text};

fn versions(library: &Library) -> Vec<(u32, String, String)> {
    let name = kind("summary");
    let versions = library.snapshot.prompt_versions(&name);
    let told = versions.map(|stored| {
        let text = library.texts[&stored.value.text].to_string();
        (stored.value.version, text, stored.value.note.clone())
    });
    told.collect()
}

#[test]
fn versions_are_never_changed_in_place() {
    let mut library = Library::default();
    library.create("summary", "one").unwrap();
    assert_eq!(reason(library.create("summary", "one")), "AlreadyExists");
    library.publish("summary", "two").unwrap();
    // The same text is no version, and no change.
    assert!(
        library
            .publish("summary", "two")
            .unwrap()
            .changes
            .is_empty()
    );
    library.publish("summary", "one").unwrap();
    let told: Vec<(u32, String)> = versions(&library)
        .into_iter()
        .map(|(number, text, _)| (number, text))
        .collect();
    let texts = ["one", "two", "one"].map(ToOwned::to_owned);
    let expected: Vec<(u32, String)> = (1..).zip(texts).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_restore_is_a_new_version_that_says_which_it_was() {
    let mut library = Library::default();
    library.create("summary", "one").unwrap();
    library.publish("summary", "two").unwrap();
    let restore = |version, value| {
        Command::RestorePromptVersion(RestorePromptVersion {
            prompt_type: kind("summary"),
            version,
            text: text(value),
            note: String::new(),
            expected_etag: None,
        })
    };
    assert_eq!(
        reason(library.run(&restore(9, "one"))),
        "PromptVersionNotFound"
    );
    // A text that is not the version's is never taken.
    assert_eq!(reason(library.run(&restore(1, "other"))), "EtagMismatch");
    assert!(library.run(&restore(2, "two")).unwrap().changes.is_empty());
    library.run(&restore(1, "one")).unwrap();
    let newest = versions(&library).pop().unwrap();
    assert_eq!(
        newest,
        (3, "one".to_owned(), "restored from version 1".to_owned())
    );
}

#[test]
fn numbers_go_on_over_a_deletion() {
    let mut library = Library::default();
    library.create("summary", "one").unwrap();
    library.publish("summary", "two").unwrap();
    library.delete("summary").unwrap();
    assert_eq!(reason(library.delete("summary")), "PromptNotFound");
    assert_eq!(versions(&library).len(), 2);
    library.create("summary", "three").unwrap();
    assert_eq!(
        library
            .snapshot
            .global_prompt("summary")
            .unwrap()
            .value
            .version,
        3
    );
}

#[test]
fn increments_change_the_number_and_nothing_else() {
    let mut library = Library::default();
    library.create("summary", "one").unwrap();
    library.create("outline", "x").unwrap();
    let increment = |names: &[&str]| {
        Command::IncrementPromptVersions(IncrementPromptVersions {
            prompt_types: names.iter().map(|name| Ok(kind(name))).collect(),
            note: "again".to_owned(),
            partial: false,
        })
    };
    assert_eq!(
        reason(library.run(&increment(&["summary", "haiku"]))),
        "PromptNotFound"
    );
    assert_eq!(versions(&library).len(), 1);
    // Named twice, incremented once.
    library
        .run(&increment(&["summary", "outline", "summary"]))
        .unwrap();
    assert_eq!(
        versions(&library),
        [
            (1, "one".to_owned(), String::new()),
            (2, "one".to_owned(), "again".to_owned()),
        ]
    );
}

#[test]
fn a_text_that_was_read_too_early_changes_nothing() {
    let mut library = Library::default();
    library.create("summary", "one").unwrap();
    let etag = library
        .snapshot
        .etag(&ResourceKey::GlobalPrompt(kind("summary")));
    library.publish("summary", "two").unwrap();
    let update = |present, expected_etag| {
        Command::UpdateGlobalPrompt(UpdateGlobalPrompt {
            prompt_type: kind("summary"),
            present: text(present),
            description: Some("for people".to_owned()),
            text: None,
            variables: None,
            active: None,
            note: String::new(),
            strictness: Strictness::Strict,
            expected_etag,
        })
    };
    let before = library.snapshot.digest();
    assert_eq!(reason(library.run(&update("one", None))), "EtagMismatch");
    let second = library.run(&update("two", Some(etag))).unwrap_err();
    let told: Vec<&str> = second.metadata.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        told,
        ["updated_by", "update_time", "revision", "etag", "resource"]
    );
    // The text has no {topic}: strict refuses, and says which.
    let strict = library.run(&update("two", None)).unwrap_err();
    assert_eq!(strict.violations[0].field, "global_prompt.prompt_value");
    assert!(strict.violations[0].description.contains("topic"));
    assert_eq!(library.snapshot.digest(), before);
}
