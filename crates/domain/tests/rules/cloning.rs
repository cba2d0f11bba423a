//! Clones of library items: each row on its own, names that collide, one copy in memory.

use std::sync::Arc;

use aiconfig_domain::{
    AuthorProfile, CloneItems, Command, Draft, ItemId, LibraryCommand, LibraryContent, MOST_ROWS,
    Reason, Rejection,
};

use crate::library::{Sample, create, draft, made, next_id, platform};
use crate::outcome::refusal;
use crate::platform::{FREE, GROWTH, Platform, SCALE, STARTER, SUSPENDED, UNKNOWN, account_id};

fn clone(rows: &[(ItemId, i64)], suffix: Option<&str>) -> Command {
    let row = |(item, account): &(ItemId, i64)| Ok((*item, account_id(*account)));
    AuthorProfile::command(LibraryCommand::Clone(CloneItems {
        rows: rows.iter().map(row).collect(),
        name_suffix: suffix.map(ToOwned::to_owned),
    }))
}

/// What became of each row: the name of the copy, or the refusal.
fn cloned(platform: &mut Platform, rows: &[(ItemId, i64)], suffix: Option<&str>) -> Vec<String> {
    let decision = platform.run(&clone(rows, suffix));
    let told = decision
        .items
        .iter()
        .zip(rows)
        .map(|(item, (_, account))| match item {
            Ok(item) => {
                let own = platform.snapshot.own_profile(account_id(*account), item.id);
                own.unwrap().value.content.name.clone()
            }
            Err(rejection) => refusal(rejection),
        });
    told.collect()
}

fn library(platform: &mut Platform) -> [ItemId; 3] {
    let [one, two] = ["One", "Two"].map(|name| made(platform, create(AuthorProfile::sample(name))));
    let off = Draft {
        active: false,
        ..draft(AuthorProfile::sample("Off"))
    };
    let off = made(platform, LibraryCommand::CreateGlobal { value: off });
    [one, two, off]
}

#[test]
fn a_row_that_is_refused_stops_no_other() {
    let mut platform = platform();
    let [one, two, off] = library(&mut platform);
    let gone = ItemId::new(7).unwrap();
    let rows = [
        (one, STARTER),
        (one, FREE),
        (one, UNKNOWN),
        (off, STARTER),
        (gone, STARTER),
        (two, STARTER),
        // Views and writes of a suspended account go on.
        (one, SUSPENDED),
    ];
    let first = next_id(&platform);
    assert_eq!(
        cloned(&mut platform, &rows, None),
        [
            "One",
            "PlanForbidsOverrides",
            "AccountNotFound",
            "LibraryItemInactive",
            "AuthorProfileNotFound",
            "Two",
            "One",
        ]
    );
    let entry = platform.snapshot.account(account_id(STARTER)).unwrap();
    let ids: Vec<i64> = entry
        .profiles()
        .iter()
        .map(|own| own.value.id.get())
        .collect();
    assert_eq!(ids, [first.get(), first.get() + 5], "numbers are of rows");
    assert!(entry.profiles().iter().all(|own| own.value.active));
}

#[test]
fn names_that_collide_get_the_suffix_if_one_is_given() {
    let mut platform = platform();
    let [one, two, _] = library(&mut platform);
    let row = [(one, STARTER)];
    for (suffix, name) in [
        (None, "One"),
        (None, "AlreadyExists"),
        (Some(" (copy)"), "One (copy)"),
        (Some(" (copy)"), "One (copy) 2"),
        (Some(" (copy)"), "One (copy) 3"),
        (Some(""), "One 2"),
    ] {
        assert_eq!(cloned(&mut platform, &row, suffix), [name]);
    }
    // A name that is free stays as it is.
    assert_eq!(cloned(&mut platform, &[(two, STARTER)], Some("!")), ["Two"]);
    let long = "x".repeat(253);
    assert_eq!(
        cloned(&mut platform, &row, Some(&long)),
        ["FieldInvalid name_suffix"]
    );
}

#[test]
fn names_of_one_command_collide_too() {
    let mut platform = platform();
    let [one, ..] = library(&mut platform);
    let rows = [(one, STARTER), (one, STARTER), (one, GROWTH)];
    assert_eq!(
        cloned(&mut platform, &rows, None),
        ["One", "AlreadyExists", "One"]
    );
    let more = [(one, GROWTH), (one, GROWTH)];
    assert_eq!(cloned(&mut platform, &more, Some("+")), ["One+", "One+ 2"]);
}

#[test]
fn rows_refused_before_are_told_in_their_place() {
    let mut platform = platform();
    let [one, ..] = library(&mut platform);
    let foreign = Rejection::account_not_registered(account_id(SCALE));
    let command = AuthorProfile::command(LibraryCommand::Clone(CloneItems {
        rows: vec![Err(foreign), Ok((one, account_id(STARTER)))],
        name_suffix: None,
    }));
    let decision = platform.run(&command);
    let reasons: Vec<Option<Reason>> = decision
        .items
        .iter()
        .map(|item| item.as_ref().err().map(|rejection| rejection.reason))
        .collect();
    assert_eq!(reasons, [Some(Reason::AccountNotFound), None]);
}

#[test]
fn a_command_has_a_thousand_rows_at_most() {
    let mut platform = platform();
    let [one, ..] = library(&mut platform);
    let rows = vec![(one, STARTER); MOST_ROWS];
    let decision = platform.decide(&clone(&rows, Some(""))).unwrap();
    assert_eq!(decision.changes.len(), MOST_ROWS);
    let rows = vec![(one, STARTER); MOST_ROWS + 1];
    let refused = platform.decide(&clone(&rows, Some(""))).unwrap_err();
    assert_eq!(refused.reason, Reason::FieldInvalid);
}

#[test]
fn copies_under_the_origins_name_share_its_content() {
    let mut platform = platform();
    let [one, ..] = library(&mut platform);
    cloned(
        &mut platform,
        &[(one, STARTER), (one, GROWTH), (one, SCALE)],
        None,
    );
    let origin = &platform
        .snapshot
        .library_profile(one)
        .unwrap()
        .value
        .content;
    for account in [STARTER, GROWTH, SCALE] {
        let entry = platform.snapshot.account(account_id(account)).unwrap();
        assert!(
            Arc::ptr_eq(&entry.profiles()[0].value.content, origin),
            "{account}"
        );
    }
}
