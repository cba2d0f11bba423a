//! Prompts that strategies name: they stay as long as one does, and come with the strategy.

use aiconfig_proto::v1::get_resolved_strategy_response::prompt::Result as Item;
use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::reason;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{Stage, on_both};

fn types(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

async fn delete(stage: &mut Stage, prompt_type: &str) -> Result<(), tonic::Status> {
    let delete = v1::DeleteGlobalPromptRequest {
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    };
    let done = stage.admin.global_prompts.delete_global_prompt(delete);
    done.await.map(drop)
}

async fn global(stage: &mut Stage, name: &str, prompts: &[&str]) -> i64 {
    let strategy = v1::GlobalStrategy {
        name: name.to_owned(),
        category: v1::StrategyCategory::Marketing.into(),
        prompt_types: types(prompts),
        ..Default::default()
    };
    let create = v1::CreateGlobalStrategyRequest {
        global_strategy: Some(strategy),
        ..Default::default()
    };
    let made = stage.admin.strategies.create_global_strategy(create).await;
    let made = made.unwrap().into_inner().global_strategy;
    made.unwrap().strategy_id
}

async fn own(stage: &mut Stage, account_id: i64, prompts: &[&str]) -> i64 {
    let strategy = v1::Strategy {
        account_id,
        name: "Own".to_owned(),
        category: v1::StrategyCategory::Blog.into(),
        prompt_types: types(prompts),
        ..Default::default()
    };
    let create = v1::CreateStrategyRequest {
        strategy: Some(strategy),
        ..Default::default()
    };
    let made = stage.backend.strategies.create_strategy(create).await;
    made.unwrap().into_inner().strategy.unwrap().strategy_id
}

#[tokio::test]
async fn a_deletion_is_refused_with_the_list_of_those_that_name_it() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        for id in [1, 2] {
            stage.push(id, Plan::Growth, 1).await;
            own(stage, id, &["poem", "ideas"]).await;
        }
        let first = global(stage, "Rhymes", &["poem"]).await;
        let second = global(stage, "Ballads", &["ideas", "poem"]).await;
        let refused = delete(stage, "poem").await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refused), "RESOURCE_IN_USE");
        let details = refused.get_error_details();
        let told = &details.error_info().unwrap().metadata;
        assert_eq!(told["strategies"], "Rhymes, Ballads");
        assert_eq!(told["account_strategies"], "2");
        assert_eq!(told["prompt_type"], "poem");
        assert!(!told.contains_key("functions"), "{told:?}");
        // Neither the platform's alone nor the accounts' alone give it free.
        for id in [first, second] {
            let remove = v1::DeleteGlobalStrategyRequest {
                strategy_id: id,
                ..Default::default()
            };
            let done = stage.admin.strategies.delete_global_strategy(remove);
            done.await.unwrap();
        }
        let refused = delete(stage, "poem").await.unwrap_err();
        assert_eq!(reason(&refused), "RESOURCE_IN_USE");
        // A deleted account names nothing any more, and a dormant one does.
        let gone = v1::DeleteAccountRequest {
            account_id: 1,
            source_version: 2,
            ..Default::default()
        };
        stage.admin.accounts.delete_account(gone).await.unwrap();
        stage.push(2, Plan::Free, 2).await;
        let refused = delete(stage, "poem").await.unwrap_err();
        let details = refused.get_error_details();
        let told = &details.error_info().unwrap().metadata;
        assert_eq!(told["account_strategies"], "1");
        let listed = v1::ListStrategiesRequest {
            account_id: 2,
            ..Default::default()
        };
        let listed = stage.backend.strategies.list_strategies(listed).await;
        let last = listed.unwrap().into_inner().strategies.remove(0);
        let remove = v1::DeleteStrategyRequest {
            account_id: 2,
            strategy_id: last.strategy_id,
            ..Default::default()
        };
        let strategies = &mut stage.backend.strategies;
        strategies.delete_strategy(remove).await.unwrap();
        delete(stage, "poem").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_strategy_comes_with_its_prompts_and_tells_of_those_that_are_off() {
    on_both(async |stage| {
        let long = "x".repeat(200 << 10);
        stage.push(1, Plan::Growth, 1).await;
        let long_ones: Vec<String> = (0..18).map(|at| format!("long{at}")).collect();
        for name in &long_ones {
            stage.create(name, "Library").await;
            stage.customize(1, name, &format!("{name} {long}")).await;
        }
        let listed = long_ones.iter().map(String::as_str);
        let all: Vec<&str> = listed.chain(["ideas"]).collect();
        let strategy_id = own(stage, 1, &all).await;
        stage.switch("ideas", false).await;
        let resolve = v1::GetResolvedStrategyRequest {
            account_id: 1,
            strategy_id,
            ..Default::default()
        };
        let prompts = stage
            .backend
            .strategies
            .get_resolved_strategy(resolve)
            .await;
        let prompts = prompts.unwrap().into_inner().prompts;
        let told: Vec<(&str, i32)> = prompts
            .iter()
            .map(|prompt| {
                let code = match prompt.result.as_ref().unwrap() {
                    Item::EffectivePrompt(held) => {
                        assert!(held.prompt_value.starts_with(&prompt.prompt_type));
                        0
                    }
                    Item::Error(error) => error.code,
                };
                (prompt.prompt_type.as_str(), code)
            })
            .collect();
        // Fifteen of these texts fit into an answer; the others are for a call of their own.
        let full = i32::from(Code::ResourceExhausted);
        for (at, (name, code)) in told.iter().enumerate() {
            assert_eq!(*name, all[at]);
            assert_eq!(*code, if at < 15 { 0 } else { full }, "{name}");
        }
        // A strategy of a few has them all, but for the one that is off.
        let update = v1::UpdateStrategyRequest {
            strategy: Some(v1::Strategy {
                account_id: 1,
                strategy_id,
                prompt_types: types(&["ideas", "long3", "clustering"]),
                ..Default::default()
            }),
            ..Default::default()
        };
        let strategies = &mut stage.backend.strategies;
        strategies.update_strategy(update).await.unwrap();
        let prompts = strategies.get_resolved_strategy(resolve).await;
        let prompts = prompts.unwrap().into_inner().prompts;
        let Some(Item::Error(off)) = &prompts[0].result else {
            panic!("{:?}", prompts[0]);
        };
        assert_eq!(off.code, i32::from(Code::NotFound));
        for prompt in &prompts[1..] {
            assert!(matches!(prompt.result, Some(Item::EffectivePrompt(_))));
        }
    })
    .await;
}
