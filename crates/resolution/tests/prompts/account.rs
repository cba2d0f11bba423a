//! What accounts make of the library: customise, reset, keep, merge, and the plan over all of it.

use aiconfig_domain::merge::Resolution;
use aiconfig_domain::{
    AcknowledgePrompt, Command, Decision, FinishedMerge, Plan, Reason, Rejection, ResetTarget,
    ResourceKey,
};

use crate::library::{Library, account, kind, reason};

const T: &str = "summary";

fn library() -> Library {
    let mut library = Library::default();
    library.push(1, Plan::Free, true);
    library.push(2, Plan::Starter, true);
    library.push(3, Plan::Growth, false);
    library.create(T, "one {topic}").unwrap();
    library
}

#[test]
fn what_holds_follows_the_order_of_the_rules() {
    let mut library = library();
    let global = "one {topic} Global based 0 of 1 Following behind 0";
    for id in [1, 2, 99] {
        assert_eq!(library.told(id, T), global);
    }
    assert_eq!(library.told(3, T), "AccountInactive");
    assert_eq!(library.told(2, "haiku"), "PromptNotFound");

    library.customize(2, T, "mine").unwrap();
    assert_eq!(
        library.told(2, T),
        "mine AccountCustom based 1 of 1 CustomCurrent behind 0"
    );
    library.customize(2, T, "one {topic}").unwrap();
    let as_default = "one {topic} AccountDefault based 1 of 1 CustomCurrent behind 0";
    assert_eq!(library.told(2, T), as_default);
    // The row holds the text of its time, whatever the library does.
    library.publish(T, "two").unwrap();
    let behind = "one {topic} AccountDefault based 1 of 2 CustomBehind behind 1";
    assert_eq!(library.told(2, T), behind);
    assert_eq!(
        library.told(1, T),
        "two Global based 0 of 2 Following behind 0"
    );

    library.activate(T, false).unwrap();
    assert_eq!(library.told(1, T), "PromptNotFound");
    let retired = "one {topic} AccountDefault based 1 of 2 UpstreamRetired behind 1";
    assert_eq!(library.told(2, T), retired);
    library.delete(T).unwrap();
    let gone = "one {topic} AccountDefault based 1 of 0 UpstreamRetired behind 1";
    assert_eq!(library.told(2, T), gone);
    // The placeholders of the last version stay with it.
    assert!(
        library
            .held(2, T)
            .unwrap()
            .variables
            .unwrap()
            .get("topic")
            .is_some()
    );
}

#[test]
fn customising_needs_an_active_prompt_and_a_plan_that_may() {
    let mut library = library();
    assert_eq!(reason(library.customize(1, T, "x")), "PlanForbidsOverrides");
    assert_eq!(reason(library.customize(99, T, "x")), "AccountNotFound");
    assert_eq!(reason(library.customize(2, "haiku", "x")), "PromptNotFound");
    // Writes of an account that is not active go on.
    assert_eq!(reason(library.customize(3, T, "x")), "ok");
    library.activate(T, false).unwrap();
    assert_eq!(reason(library.customize(2, T, "x")), "PromptInactive");
    library.delete(T).unwrap();
    assert_eq!(reason(library.customize(2, T, "x")), "PromptInactive");
}

#[test]
fn resets_give_exactly_what_the_rules_say() {
    let mut base = library();
    base.customize(2, T, "mine").unwrap();
    base.publish(T, "two").unwrap();
    for (target, told) in [
        (
            ResetTarget::AccountDefault,
            "one {topic} AccountDefault based 1 of 2 CustomBehind behind 1",
        ),
        (
            ResetTarget::CurrentGlobal,
            "two AccountDefault based 2 of 2 CustomCurrent behind 0",
        ),
        (
            ResetTarget::FollowGlobal,
            "two Global based 0 of 2 Following behind 0",
        ),
    ] {
        let mut library = base.clone();
        assert_eq!(library.reset(2, T, target).unwrap().prompts, [Ok(true)]);
        assert_eq!(library.told(2, T), told);
        // Once more changes nothing.
        let again = library.reset(2, T, target).unwrap();
        assert_eq!(
            (again.prompts, again.changes.len()),
            (vec![Ok(false)], 0),
            "{target:?}"
        );
    }
    let mut library = base;
    assert_eq!(
        library
            .reset(1, T, ResetTarget::AccountDefault)
            .unwrap()
            .prompts,
        [Ok(false)]
    );
    assert_eq!(
        reason(library.reset(2, "haiku", ResetTarget::FollowGlobal)),
        "PromptNotFound"
    );
    assert_eq!(
        reason(library.reset(99, T, ResetTarget::FollowGlobal)),
        "AccountNotFound"
    );
    library.delete(T).unwrap();
    assert_eq!(
        reason(library.reset(2, T, ResetTarget::CurrentGlobal)),
        "PromptInactive"
    );
    assert_eq!(
        reason(library.reset(2, T, ResetTarget::AccountDefault)),
        "ok"
    );
    assert_eq!(reason(library.reset(2, T, ResetTarget::FollowGlobal)), "ok");
}

#[test]
fn a_downgrade_makes_rows_dormant_and_an_upgrade_wakes_them() {
    let mut library = library();
    library.customize(2, T, "mine").unwrap();
    library.publish(T, "two").unwrap();
    let before = library.told(2, T);
    library.push(2, Plan::Free, true);
    assert_eq!(
        library.told(2, T),
        "two Global based 0 of 2 Following behind 0 dormant"
    );
    assert_eq!(reason(library.customize(2, T, "x")), "PlanForbidsOverrides");
    assert_eq!(
        reason(library.merge(2, T, &Resolution::Ours)),
        "PlanForbidsOverrides"
    );
    library.push(2, Plan::Scale, true);
    assert_eq!(library.told(2, T), before);
    // FREE may remove what it has.
    library.push(2, Plan::Free, true);
    assert_eq!(
        library
            .reset(2, T, ResetTarget::AccountDefault)
            .unwrap()
            .prompts,
        [Ok(true)]
    );
    assert_eq!(
        library
            .reset(2, T, ResetTarget::FollowGlobal)
            .unwrap()
            .prompts,
        [Ok(true)]
    );
    assert_eq!(
        library.told(2, T),
        "two Global based 0 of 2 Following behind 0"
    );
}

#[test]
fn keeping_ones_own_moves_the_base_and_not_the_text() {
    let mut library = library();
    let keep = |library: &mut Library| {
        library.run(&Command::AcknowledgePrompt(AcknowledgePrompt {
            account_id: account(2),
            prompt_type: kind(T),
            expected_etag: None,
        }))
    };
    assert_eq!(reason(keep(&mut library)), "PromptNotCustomized");
    library.customize(2, T, "mine").unwrap();
    library.publish(T, "two").unwrap();
    keep(&mut library).unwrap();
    assert_eq!(
        library.told(2, T),
        "mine AccountCustom based 2 of 2 CustomCurrent behind 0"
    );
    // Its default is now the text that it acknowledged.
    library.reset(2, T, ResetTarget::AccountDefault).unwrap();
    assert_eq!(
        library.told(2, T),
        "two AccountDefault based 2 of 2 CustomCurrent behind 0"
    );
}

#[test]
fn a_merge_is_whole_or_not_at_all() {
    let mut library = Library::default();
    library.push(2, Plan::Starter, true);
    library.create(T, "a\nb\nc\nd\n").unwrap();
    library.customize(2, T, "a\nb\nc\nD\n").unwrap();
    library.publish(T, "A\nb\nc\nd\n").unwrap();
    library.merge(2, T, &Resolution::Ours).unwrap();
    let clean = "A\nb\nc\nD\n AccountCustom based 2 of 2 CustomCurrent behind 0";
    assert_eq!(library.told(2, T), clean);
    // Both sides changed the last line.
    library.publish(T, "A\nb\nc\nX\n").unwrap();
    let before = library.snapshot.digest();
    let texts = library.merge_texts(2, T).unwrap();
    let unresolved = FinishedMerge::of(&texts, &[]);
    assert_eq!(
        reason(library.store_merge(2, T, &unresolved)),
        "MergeConflict"
    );
    assert_eq!(library.snapshot.digest(), before);
    library.merge(2, T, &Resolution::Theirs).unwrap();
    let told = "A\nb\nc\nX\n AccountDefault based 3 of 3 CustomCurrent behind 0";
    assert_eq!(library.told(2, T), told);
}

/// What another caller does between the reading of the texts and the decision.
type Meanwhile = fn(&mut Library);

#[test]
fn a_merge_of_texts_that_are_no_more_is_refused() {
    let mut library = Library::default();
    library.push(2, Plan::Starter, true);
    library.create(T, "a\nb\nc\n").unwrap();
    library.customize(2, T, "a\nb\nC\n").unwrap();
    library.publish(T, "A\nb\nc\n").unwrap();
    let texts = library.merge_texts(2, T).unwrap();
    let merge = FinishedMerge::of(&texts, &[]);
    let resource = |refused: Result<_, Rejection>| {
        let refused: Rejection = refused.map(|_: Decision| ()).unwrap_err();
        assert_eq!(refused.reason, Reason::EtagMismatch);
        let told = |key: &str| {
            let mut entries = refused.metadata.iter();
            entries.find(|(name, _)| *name == key).unwrap().1.clone()
        };
        // Who was first, and what is there now.
        assert_eq!(told("updated_by"), "test");
        assert_eq!(told("etag").len(), 32);
        told("resource")
    };
    let cases: [(Meanwhile, &str); 3] = [
        (
            |other| drop(other.publish(T, "A\nB\nc\n").unwrap()),
            "globalPrompts/summary",
        ),
        (
            |other| drop(other.customize(2, T, "mine").unwrap()),
            "accounts/2/prompts/summary",
        ),
        (
            |other| {
                // The same own text over a newer base.
                let keep = AcknowledgePrompt {
                    account_id: account(2),
                    prompt_type: kind(T),
                    expected_etag: None,
                };
                other.run(&Command::AcknowledgePrompt(keep)).unwrap();
            },
            "accounts/2/prompts/summary",
        ),
    ];
    for (meanwhile, expect) in cases {
        let mut other = library.clone();
        meanwhile(&mut other);
        let before = other.snapshot.digest();
        assert_eq!(resource(other.store_merge(2, T, &merge)), expect);
        assert_eq!(other.snapshot.digest(), before);
    }
    // A change that left the texts alone does no harm.
    library.activate(T, false).unwrap();
    library.activate(T, true).unwrap();
    library.store_merge(2, T, &merge).unwrap();
    let told = "A\nb\nC\n AccountCustom based 2 of 2 CustomCurrent behind 0";
    assert_eq!(library.told(2, T), told);
}

#[test]
fn no_merge_leaves_nothing() {
    let mut library = Library::default();
    library.push(2, Plan::Starter, true);
    library.create(T, "a\nb\n").unwrap();
    library.customize(2, T, "a\n").unwrap();
    library.publish(T, "b\n").unwrap();
    // Ours took one line out, theirs the other.
    let texts = library.merge_texts(2, T).unwrap();
    let blank = Resolution::Text("\n".to_owned());
    let merges = [
        FinishedMerge::of(&texts, &[]),
        FinishedMerge::of(&texts, &[blank]),
    ];
    let refused = merges.map(|merge| reason(library.store_merge(2, T, &merge)));
    assert_eq!(refused, ["MergeConflict", "FieldInvalid"]);
}

/// The etag of a row is of what is stored of it and nothing else, however it is asked for.
#[test]
fn an_etag_is_of_the_row() {
    let mut library = library();
    library.push(4, Plan::Starter, true);
    let etag = |library: &Library, id: i64| {
        let key = ResourceKey::AccountPrompt(account(id), kind(T));
        let etag = library.held(id, T).unwrap().etag();
        assert_eq!(library.snapshot.etag(&key), etag);
        etag
    };
    let absent = etag(&library, 2);
    assert_eq!(absent, etag(&library, 99));
    let mut seen = std::collections::BTreeSet::from([absent.clone()]);
    library.customize(2, T, "mine").unwrap();
    let mine = etag(&library, 2);
    assert!(mine.len() == 32 && seen.insert(mine.clone()));
    // The same row of another account, another text, another base, another version.
    library.customize(4, T, "mine").unwrap();
    assert!(seen.insert(etag(&library, 4)));
    library.customize(2, T, "other").unwrap();
    assert!(seen.insert(etag(&library, 2)));
    library.customize(2, T, "mine").unwrap();
    assert_eq!(etag(&library, 2), mine);
    // Neither the library nor the plan moves it.
    library.publish(T, "two").unwrap();
    library.push(2, Plan::Free, true);
    assert!(library.held(2, T).unwrap().is_dormant());
    assert_eq!(etag(&library, 2), mine);
    library.push(2, Plan::Starter, true);
    library.reset(2, T, ResetTarget::CurrentGlobal).unwrap();
    assert!(seen.insert(etag(&library, 2)));
    library.reset(2, T, ResetTarget::FollowGlobal).unwrap();
    assert_eq!(etag(&library, 2), absent);
}
