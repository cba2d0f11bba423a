//! Author profiles and strategies: one life for both kinds, plans, collisions and origins.

use std::sync::Arc;

use aiconfig_domain::{
    AuthorProfile, Change, Draft, GlobalPrompt, ItemId, LibraryCommand, LibraryContent,
    OriginState, ProfileField, PromptType, Resource, Strategy, StrategyField, TextHash,
    origin_view, template,
};
use serde_json::{Value, json};

use crate::outcome::check_all;
use crate::platform::{
    DELETED, FREE, GROWTH, Platform, STARTER, UNKNOWN, account, account_id, push,
};

/// A kind of items as tests write them.
pub(crate) trait Sample: LibraryContent {
    fn sample(name: &str) -> Self;
    /// The field of the description, which every kind has.
    const DESCRIPTION: Self::Field;
    const ACTIVE: Self::Field;
    fn described(self, description: &str) -> Self;
}

impl Sample for AuthorProfile {
    const DESCRIPTION: ProfileField = ProfileField::Description;
    const ACTIVE: ProfileField = ProfileField::Active;

    fn sample(name: &str) -> Self {
        profile(json!({"name": name}))
    }

    fn described(self, description: &str) -> Self {
        Self {
            description: description.to_owned(),
            ..self
        }
    }
}

impl Sample for Strategy {
    const DESCRIPTION: StrategyField = StrategyField::Description;
    const ACTIVE: StrategyField = StrategyField::Active;

    fn sample(name: &str) -> Self {
        strategy(json!({"name": name}))
    }

    fn described(self, description: &str) -> Self {
        Self {
            description: description.to_owned(),
            ..self
        }
    }
}

fn with(mut base: Value, more: Value) -> Value {
    let members = more.as_object().unwrap().clone();
    base.as_object_mut().unwrap().extend(members);
    base
}

fn profile(more: Value) -> AuthorProfile {
    let base = json!({"name": "Plain", "category": "blog", "language": "en"});
    serde_json::from_value(with(base, more)).unwrap()
}

fn strategy(more: Value) -> Strategy {
    let base = json!({"name": "Plain", "category": "blog", "prompt_types": ["ideas"]});
    serde_json::from_value(with(base, more)).unwrap()
}

/// The fixture with the prompt types that strategies of these tests name.
pub(crate) fn platform() -> Platform {
    let mut platform = Platform::new();
    let prompts = ["ideas", "clustering"].map(|name| {
        Change::Put(Resource::GlobalPrompt(GlobalPrompt {
            prompt_type: PromptType::parse(name).unwrap(),
            description: String::new(),
            text: TextHash::of(name),
            variables: template::Variables::default(),
            active: true,
            version: 1,
        }))
    });
    platform.apply(&prompts);
    platform
}

pub(crate) fn draft<T>(content: T) -> Draft<T> {
    Draft {
        active: true,
        content,
    }
}

pub(crate) fn create<T: LibraryContent>(content: T) -> LibraryCommand<T> {
    LibraryCommand::CreateGlobal {
        value: draft(content),
    }
}

fn update<T: LibraryContent>(
    id: ItemId,
    value: Draft<T>,
    fields: &[T::Field],
) -> LibraryCommand<T> {
    LibraryCommand::UpdateGlobal {
        id,
        value,
        fields: fields.to_vec(),
        expected_etag: None,
    }
}

fn create_own<T: LibraryContent>(account: i64, content: T) -> LibraryCommand<T> {
    LibraryCommand::CreateOwn {
        account_id: account_id(account),
        value: draft(content),
    }
}

fn update_own<T: LibraryContent>(
    (account, id): (i64, ItemId),
    value: Draft<T>,
    fields: &[T::Field],
) -> LibraryCommand<T> {
    LibraryCommand::UpdateOwn {
        account_id: account_id(account),
        id,
        value,
        fields: fields.to_vec(),
        expected_etag: None,
    }
}

fn delete_own<T: LibraryContent>(account: i64, id: ItemId) -> LibraryCommand<T> {
    LibraryCommand::DeleteOwn {
        account_id: account_id(account),
        id,
        expected_etag: None,
    }
}

/// The number that the next command's first new item gets.
pub(crate) fn next_id(platform: &Platform) -> ItemId {
    ItemId::of_revision(platform.snapshot.revision() + 1, 0)
}

/// Runs a command that makes one item; its number.
pub(crate) fn made<T: LibraryContent>(
    platform: &mut Platform,
    command: LibraryCommand<T>,
) -> ItemId {
    let id = next_id(platform);
    platform.run(&T::command(command));
    id
}

/// The kinds' refusals and outcomes are the same, but for the words.
fn both(check: impl Fn(&mut Platform, &str), strategies: impl Fn(&mut Platform, &str)) {
    check(&mut platform(), "AuthorProfileNotFound");
    strategies(&mut platform(), "StrategyNotFound");
}

#[test]
fn a_library_item_is_made_changed_and_deleted() {
    both(library_life::<AuthorProfile>, library_life::<Strategy>);
}

fn library_life<T: Sample>(platform: &mut Platform, not_found: &str) {
    let first = made(platform, create(T::sample("One")));
    let second = made(platform, create(T::sample("Two")));
    assert_eq!(first.get() + 1_024, second.get());
    let gone = ItemId::new(7).unwrap();
    let off = Draft {
        active: false,
        ..draft(T::sample("One"))
    };
    let delete = |id, etag: Option<&str>| LibraryCommand::<T>::DeleteGlobal {
        id,
        expected_etag: etag.map(ToOwned::to_owned),
    };
    let described = draft(T::sample("Other").described("new"));
    let named = draft(T::sample("Two"));
    check_all(
        platform,
        vec![
            (T::command(create(T::sample("One"))), "AlreadyExists"),
            // Names differ by case.
            (T::command(create(T::sample("one"))), "changed"),
            (
                T::command(update(gone, draft(T::sample("x")), &[T::NAME])),
                not_found,
            ),
            (
                T::command(update(first, named, &[T::NAME])),
                "AlreadyExists",
            ),
            (
                T::command(update(first, draft(T::sample("One")), &[T::NAME])),
                "unchanged",
            ),
            (
                T::command(update(first, described, &[T::DESCRIPTION])),
                "changed",
            ),
            (T::command(update(first, off, &[T::ACTIVE])), "changed"),
            (T::command(delete(second, Some("another"))), "EtagMismatch"),
            (T::command(delete(second, None)), "changed"),
            (T::command(delete(second, None)), not_found),
        ],
    );
    let stored = &T::global(&platform.snapshot, first).unwrap().value;
    // The version counts what it says, not whether it is offered.
    assert_eq!((stored.version, stored.active), (2, false));
    assert_eq!(stored.content.name(), "One");
    let third = made(platform, create(T::sample("Two")));
    assert!(third > second, "a number is never given again");
}

#[test]
fn an_accounts_item_is_made_changed_and_deleted_as_its_plan_allows() {
    both(own_life::<AuthorProfile>, own_life::<Strategy>);
}

fn own_life<T: Sample>(platform: &mut Platform, not_found: &str) {
    let id = made(platform, create_own(STARTER, T::sample("Mine")));
    let other = made(platform, create_own(STARTER, T::sample("Other")));
    let elsewhere = made(platform, create_own(GROWTH, T::sample("Mine")));
    let change = |account, id| {
        let value = draft(T::sample("Other").described("new"));
        T::command(update_own((account, id), value, &[T::DESCRIPTION]))
    };
    check_all(
        platform,
        vec![
            (
                T::command(create_own(STARTER, T::sample("Mine"))),
                "AlreadyExists",
            ),
            (
                T::command(create_own(FREE, T::sample("Mine"))),
                "PlanForbidsOverrides",
            ),
            (
                T::command(create_own(UNKNOWN, T::sample("Mine"))),
                "AccountNotFound",
            ),
            (
                T::command(create_own(DELETED, T::sample("Mine"))),
                "AccountNotFound",
            ),
            (change(STARTER, id), "changed"),
            (change(STARTER, id), "unchanged"),
            (change(STARTER, elsewhere), not_found),
            (change(FREE, id), "PlanForbidsOverrides"),
            (change(UNKNOWN, id), "AccountNotFound"),
            (
                T::command(update_own(
                    (STARTER, id),
                    draft(T::sample("Other")),
                    &[T::NAME],
                )),
                "AlreadyExists",
            ),
            (T::command(delete_own::<T>(STARTER, other)), "changed"),
            (T::command(delete_own::<T>(STARTER, other)), not_found),
            // A downgrade takes nothing away, and leaves the account the right to delete.
            (
                push(account(STARTER, aiconfig_domain::Plan::Free, 2)),
                "changed",
            ),
            (change(STARTER, id), "PlanForbidsOverrides"),
            (T::command(delete_own::<T>(STARTER, id)), "changed"),
        ],
    );
    let own = T::own(&platform.snapshot, account_id(GROWTH), elsewhere).unwrap();
    assert_eq!(own.value.origin, None);
    assert_eq!(origin_view(&platform.snapshot, &own.value), None);
}

#[test]
fn every_field_is_checked_and_only_those_given() {
    let key = "sk-0123456789abcdefghij";
    let mut platform = platform();
    let long = "x".repeat(256);
    let many: Vec<&str> = vec!["ideas"; 21];
    let profiles = [
        (json!({"name": ""}), "name"),
        (json!({"name": long}), "name"),
        (json!({"name": "a\0"}), "name"),
        (json!({"tone": "x".repeat(101)}), "tone"),
        (json!({"language": "english"}), "language"),
        (json!({"language": "EN"}), "language"),
        (
            json!({"structure_template": {"a": [{"api_key": "x"}]}}),
            "structure_template.a[0].api_key",
        ),
        (
            json!({"structure_template": {"note": key}}),
            "structure_template.note",
        ),
    ];
    for (values, field) in profiles {
        let command = AuthorProfile::command(create(profile(values)));
        let field = format!("FieldInvalid global_author_profile.{field}");
        check_all(&mut platform, vec![(command, &field)]);
    }
    let strategies = [
        (json!({"sector": long}), "sector"),
        (json!({"description": "x".repeat(10_001)}), "description"),
        (
            json!({"prompt_types": ["ideas", "poems"]}),
            "prompt_types[1]",
        ),
        (
            json!({"prompt_types": ["ideas", "clustering", "ideas"]}),
            "prompt_types[2]",
        ),
        (json!({"prompt_types": many}), "prompt_types"),
        (
            json!({"section_logic": {"x": {"password": 1}}}),
            "section_logic.x.password",
        ),
    ];
    for (values, field) in strategies {
        let command = Strategy::command(create_own(STARTER, strategy(values)));
        let field = format!("FieldInvalid strategy.{field}");
        check_all(&mut platform, vec![(command, &field)]);
    }
    let fine =
        strategy(json!({"prompt_types": ["ideas", "clustering"], "section_logic": {"h2": 3}}));
    let id = made(&mut platform, create(fine));
    let bad = strategy(json!({"sector": long, "description": "better"}));
    let only = update(id, draft(bad), &[StrategyField::Description]);
    check_all(&mut platform, vec![(Strategy::command(only), "changed")]);
}

#[test]
fn many_items_are_switched_at_once() {
    let mut platform = platform();
    let ids = ["One", "Two"].map(|name| made(&mut platform, create(AuthorProfile::sample(name))));
    let gone = ItemId::new(7).unwrap();
    let switch = |ids: &[ItemId], active, partial| {
        AuthorProfile::command(LibraryCommand::SetActive {
            ids: ids.to_vec(),
            active,
            partial,
        })
    };
    let (all, some) = (&[ids[0], gone, ids[1]], &ids);
    check_all(
        &mut platform,
        vec![
            (switch(all, false, false), "AuthorProfileNotFound"),
            (switch(some, true, false), "unchanged"),
            (switch(&ids[..1], false, false), "changed"),
        ],
    );
    let decision = platform.run(&switch(all, false, true));
    let told: Vec<Option<bool>> = decision
        .items
        .iter()
        .map(|item| item.as_ref().ok().map(|item| item.changed))
        .collect();
    assert_eq!(told, [Some(false), None, Some(true)]);
    assert!(
        platform
            .snapshot
            .library_profiles()
            .all(|item| !item.value.active)
    );
}

#[test]
fn a_copy_knows_when_its_origin_moved_on() {
    both(origins::<AuthorProfile>, origins::<Strategy>);
}

fn origins<T: Sample>(platform: &mut Platform, _: &str) {
    let origin = made(platform, create(T::sample("One")));
    let copy = made(
        platform,
        LibraryCommand::<T>::Clone(aiconfig_domain::CloneItems {
            rows: vec![Ok((origin, account_id(STARTER)))],
            name_suffix: None,
        }),
    );
    let view = |platform: &Platform| {
        let own = T::own(&platform.snapshot, account_id(STARTER), copy).unwrap();
        let view = origin_view(&platform.snapshot, &own.value).unwrap();
        let from = view.cloned_from.is_some();
        (view.state, from, view.cloned_version, view.origin_version)
    };
    assert_eq!(view(platform), (OriginState::Current, true, 1, Some(1)));
    // A copy that is as its origin is kept once.
    let shared = |platform: &Platform| {
        let own = T::own(&platform.snapshot, account_id(STARTER), copy).unwrap();
        let origin = &T::global(&platform.snapshot, origin).unwrap().value.content;
        Arc::ptr_eq(&own.value.content, origin)
    };
    assert!(shared(platform));
    let described = draft(T::sample("One").described("new"));
    platform.run(&T::command(update(origin, described, &[T::DESCRIPTION])));
    assert_eq!(view(platform), (OriginState::Behind, true, 1, Some(2)));
    assert!(!shared(platform));
    let switch = |active| {
        T::command(LibraryCommand::SetActive {
            ids: vec![origin],
            active,
            partial: false,
        })
    };
    platform.run(&switch(false));
    assert_eq!(view(platform), (OriginState::Retired, true, 1, Some(2)));
    platform.run(&switch(true));
    assert_eq!(view(platform), (OriginState::Behind, true, 1, Some(2)));
    let before = platform
        .snapshot
        .etag(&T::own_key(account_id(STARTER), copy));
    platform.run(&T::command(LibraryCommand::DeleteGlobal {
        id: origin,
        expected_etag: None,
    }));
    assert_eq!(view(platform), (OriginState::Retired, false, 1, None));
    // The deletion rewrote no copy.
    assert_eq!(
        platform
            .snapshot
            .etag(&T::own_key(account_id(STARTER), copy)),
        before
    );
}

#[test]
fn deleting_an_account_deletes_its_items() {
    let mut platform = platform();
    let id = made(&mut platform, create_own(STARTER, Strategy::sample("Mine")));
    platform.run(&aiconfig_domain::Command::DeleteAccount(
        aiconfig_domain::DeleteAccount {
            account_id: account_id(STARTER),
            source_version: 2,
            expected_etag: None,
        },
    ));
    assert!(
        platform
            .snapshot
            .own_strategy(account_id(STARTER), id)
            .is_none()
    );
    let uses = platform
        .snapshot
        .uses_of_prompt(&PromptType::parse("ideas").unwrap());
    assert_eq!(uses.account_strategies, 0);
}
