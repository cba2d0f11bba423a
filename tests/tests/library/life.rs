//! The life of items in the library and in accounts.

use aiconfig_proto::v1::{self, OriginState, Plan};
use aiconfig_tests::{account, config, number, reason, text};
use prost_types::FieldMask;
use tonic_types::StatusExt as _;

use crate::{FREE, GROWTH, Stage};

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask {
        paths: paths.iter().map(ToString::to_string).collect(),
    }
}

fn profile(name: &str) -> v1::GlobalAuthorProfile {
    v1::GlobalAuthorProfile {
        name: name.to_owned(),
        category: v1::ProfileCategory::News.into(),
        language: "PT-br".to_owned(),
        structure_template: Some(config(&[("lead", text("who, what")), ("h2", number(3.0))])),
        ..Default::default()
    }
}

fn create(profile: v1::GlobalAuthorProfile) -> v1::CreateGlobalAuthorProfileRequest {
    v1::CreateGlobalAuthorProfileRequest {
        global_author_profile: Some(profile),
        ..Default::default()
    }
}

fn update(
    profile: &v1::GlobalAuthorProfile,
    paths: &[&str],
) -> v1::UpdateGlobalAuthorProfileRequest {
    v1::UpdateGlobalAuthorProfileRequest {
        global_author_profile: Some(profile.clone()),
        update_mask: Some(mask(paths)),
        expected_etag: profile.etag.clone(),
        ..Default::default()
    }
}

pub(crate) async fn profiles(stage: &mut Stage) {
    let made = create(profile("Agency"));
    let made = stage
        .admin
        .profiles
        .create_global_author_profile(made)
        .await;
    let made = made.unwrap().into_inner().global_author_profile.unwrap();
    assert_eq!((made.language.as_str(), made.version), ("pt-BR", 1));
    let again = create(profile("Agency"));
    let again = stage
        .admin
        .profiles
        .create_global_author_profile(again)
        .await;
    assert_eq!(reason(&again.unwrap_err()), "ALREADY_EXISTS");
    let got = v1::GetGlobalAuthorProfileRequest {
        author_profile_id: made.author_profile_id,
        ..Default::default()
    };
    let got = stage.backend.profiles.get_global_author_profile(got).await;
    let got = got.unwrap().into_inner().global_author_profile.unwrap();
    assert_eq!(got, made);
    // Given back as it was given out, nothing changes.
    let same = stage
        .admin
        .profiles
        .update_global_author_profile(update(&got, &["*"]));
    assert!(!same.await.unwrap().into_inner().changed);

    let copy = cloned(stage, made.author_profile_id).await;
    assert_eq!(copy.origin_state(), OriginState::Current);
    assert!(!copy.custom && !copy.dormant);
    let calm = v1::GlobalAuthorProfile {
        tone: "calm".to_owned(),
        ..got.clone()
    };
    let calm = stage
        .admin
        .profiles
        .update_global_author_profile(update(&calm, &["tone"]));
    let calm = calm
        .await
        .unwrap()
        .into_inner()
        .global_author_profile
        .unwrap();
    assert_eq!(calm.version, 2);
    let outdated = stage
        .admin
        .profiles
        .update_global_author_profile(update(&got, &["tone"]));
    assert_eq!(reason(&outdated.await.unwrap_err()), "ETAG_MISMATCH");
    let behind = view(stage, copy.author_profile_id).await;
    assert_eq!(behind.origin_state(), OriginState::Behind);
    assert_eq!(
        (behind.cloned_version, behind.origin_version),
        (Some(1), Some(2))
    );
    assert_eq!(behind.tone, "", "a copy stays as it is");

    let switch = v1::AuthorProfileServiceBatchSetActiveRequest {
        author_profile_ids: vec![made.author_profile_id, 7],
        active: Some(false),
        partial: true,
        ..Default::default()
    };
    let switched = stage
        .admin
        .profiles
        .batch_set_active(switch)
        .await
        .unwrap()
        .into_inner();
    let changed: Vec<bool> = switched.results.iter().map(|one| one.changed).collect();
    assert_eq!(changed, [true, false]);
    let retired = view(stage, copy.author_profile_id).await;
    assert_eq!(retired.origin_state(), OriginState::Retired);
    assert_eq!(retired.cloned_from, Some(made.author_profile_id));
    let delete = v1::DeleteGlobalAuthorProfileRequest {
        author_profile_id: made.author_profile_id,
        ..Default::default()
    };
    stage
        .admin
        .profiles
        .delete_global_author_profile(delete)
        .await
        .unwrap();
    let orphan = view(stage, copy.author_profile_id).await;
    assert_eq!((orphan.cloned_from, orphan.custom), (None, false));
    assert_eq!(orphan.origin_state(), OriginState::Retired);
    assert_eq!(orphan.etag, copy.etag, "the deletion rewrote no copy");
}

async fn cloned(stage: &mut Stage, id: i64) -> v1::AuthorProfile {
    let clone = v1::CloneAuthorProfilesRequest {
        author_profile_ids: vec![id],
        account_ids: vec![GROWTH],
        ..Default::default()
    };
    let answer = stage.backend.profiles.clone_author_profiles(clone).await;
    let first = answer
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
    view(stage, first.cloned[0].id).await
}

async fn view(stage: &mut Stage, id: i64) -> v1::AuthorProfile {
    let asked = v1::GetAuthorProfileRequest {
        account_id: GROWTH,
        author_profile_id: id,
        ..Default::default()
    };
    let answer = stage.backend.profiles.get_author_profile(asked).await;
    answer.unwrap().into_inner().author_profile.unwrap()
}

pub(crate) async fn strategies(stage: &mut Stage) {
    let strategies = &mut stage.backend.strategies;
    let own = |account_id| v1::Strategy {
        account_id,
        name: "Ours".to_owned(),
        category: v1::StrategyCategory::Blog.into(),
        prompt_types: vec!["ideas".to_owned()],
        ..Default::default()
    };
    let create = |strategy| v1::CreateStrategyRequest {
        strategy: Some(strategy),
        ..Default::default()
    };
    let forbidden = strategies.create_strategy(create(own(FREE))).await;
    assert_eq!(reason(&forbidden.unwrap_err()), "PLAN_FORBIDS_OVERRIDES");
    let mut bad = own(GROWTH);
    bad.prompt_types.push("poems".to_owned());
    bad.section_logic = Some(config(&[("api_key", text("x"))]));
    let bad = strategies.create_strategy(create(bad)).await.unwrap_err();
    assert_eq!(reason(&bad), "FIELD_INVALID");
    let details = bad.get_error_details();
    let faults = details.bad_request().unwrap().field_violations.iter();
    let fields: Vec<&str> = faults.map(|fault| fault.field.as_str()).collect();
    assert_eq!(
        fields,
        ["strategy.prompt_types[1]", "strategy.section_logic.api_key"]
    );

    let made = strategies
        .create_strategy(create(own(GROWTH)))
        .await
        .unwrap();
    let mut made = made.into_inner().strategy.unwrap();
    assert!(made.custom && made.origin_state() == OriginState::Unspecified);
    made.prompt_types.push("clustering".to_owned());
    made.active = Some(false);
    let update = v1::UpdateStrategyRequest {
        strategy: Some(made.clone()),
        update_mask: Some(mask(&["promptTypes", "active"])),
        ..Default::default()
    };
    let updated = strategies
        .update_strategy(update.clone())
        .await
        .unwrap()
        .into_inner();
    let updated = updated.strategy.unwrap();
    assert_eq!(
        (updated.prompt_types.len(), updated.active),
        (2, Some(false))
    );
    resolved(stage, &updated).await;
    dormant(stage, update).await;
}

fn resolve(strategy_id: i64) -> v1::GetResolvedStrategyRequest {
    v1::GetResolvedStrategyRequest {
        account_id: GROWTH,
        strategy_id,
        ..Default::default()
    }
}

/// The strategy comes with the prompts of its account: one of its own, one of the library.
async fn resolved(stage: &mut Stage, strategy: &v1::Strategy) {
    let own_text = v1::CustomizePromptRequest {
        account_id: GROWTH,
        prompt_type: "clustering".to_owned(),
        prompt_value: "Our own words.".to_owned(),
        ..Default::default()
    };
    stage
        .backend
        .prompts
        .customize_prompt(own_text)
        .await
        .unwrap();
    let strategies = &mut stage.backend.strategies;
    let resolved = strategies
        .get_resolved_strategy(resolve(strategy.strategy_id))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(resolved.strategy, Some(strategy.clone()));
    let texts: Vec<(String, v1::PromptSource)> =
        resolved.prompts.into_iter().map(text_of).collect();
    let [ideas, clustering] = texts.as_slice() else {
        unreachable!("a prompt for each type, not {texts:?}");
    };
    assert!(!ideas.0.is_empty() && ideas.1 == v1::PromptSource::Global);
    let custom = ("Our own words.".to_owned(), v1::PromptSource::AccountCustom);
    assert_eq!(*clustering, custom);
}

/// After a downgrade the item sleeps: it can be read and deleted, not changed.
async fn dormant(stage: &mut Stage, update: v1::UpdateStrategyRequest) {
    let strategy_id = update.strategy.as_ref().unwrap().strategy_id;
    let mut free = account(GROWTH, Plan::Free);
    free.account.as_mut().unwrap().source_version = 2;
    stage
        .admin
        .accounts
        .upsert_account(free.clone())
        .await
        .unwrap();
    let strategies = &mut stage.backend.strategies;
    let refused = strategies.update_strategy(update).await.unwrap_err();
    assert_eq!(reason(&refused), "PLAN_FORBIDS_OVERRIDES");
    let refused = strategies
        .get_resolved_strategy(resolve(strategy_id))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "PLAN_FORBIDS_OVERRIDES");
    let asked = v1::GetStrategyRequest {
        account_id: GROWTH,
        strategy_id,
        ..Default::default()
    };
    let dormant = strategies.get_strategy(asked).await.unwrap().into_inner();
    assert!(dormant.strategy.unwrap().dormant);
    let delete = v1::DeleteStrategyRequest {
        account_id: GROWTH,
        strategy_id,
        ..Default::default()
    };
    strategies.delete_strategy(delete).await.unwrap();
    let gone = strategies.get_strategy(asked).await.unwrap_err();
    assert_eq!(reason(&gone), "STRATEGY_NOT_FOUND");
    let upgrade = free.account.as_mut().unwrap();
    upgrade.source_version = 3;
    upgrade.plan = Plan::Growth.into();
    stage.admin.accounts.upsert_account(free).await.unwrap();
}

fn text_of(prompt: v1::get_resolved_strategy_response::Prompt) -> (String, v1::PromptSource) {
    use v1::get_resolved_strategy_response::prompt::Result as Told;
    match prompt.result.unwrap() {
        Told::EffectivePrompt(held) => {
            assert_eq!(held.prompt_type, prompt.prompt_type);
            (held.prompt_value.clone(), held.source())
        }
        Told::Error(error) => unreachable!("{error:?}"),
    }
}
