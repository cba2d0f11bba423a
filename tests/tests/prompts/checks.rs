//! What `check --data` says of prompts: those that functions and strategies name, and their texts.

use aiconfig_proto::v1::{self, Plan};
use sea_orm::{ConnectionTrait as _, Database};

use crate::{Stage, on_both};

/// The lines of a check that are about prompts.
fn told(stage: &Stage) -> Vec<String> {
    let check = stage.place.run(&["check", "--data"]);
    let text = String::from_utf8(check.stdout).unwrap();
    let lines = text.lines().filter(|line| {
        let finding = ["FAILED ", "warning "];
        finding.iter().any(|word| line.starts_with(word))
    });
    let about = ["prompt", " its text ", "trategies"];
    let lines = lines.filter(|line| about.iter().any(|word| line.contains(word)));
    lines.map(ToOwned::to_owned).collect()
}

#[track_caller]
fn has(told: &[String], start: &str, part: &str) {
    let found = told
        .iter()
        .any(|line| line.starts_with(start) && line.contains(part));
    assert!(found, "no line {start}…{part} in {told:#?}");
}

/// Changes the database beside the service.
async fn beside(stage: &Stage, statement: &str) {
    let file = format!("sqlite://{}/aiconfig.db", stage.place.data().display());
    let url = stage.place.database().unwrap_or(&file);
    let database = Database::connect(url).await.unwrap();
    let done = database.execute_unprepared(statement).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{statement}");
}

async fn add_function(stage: &mut Stage, name: &str, prompt_type: &str) -> Vec<String> {
    let function = v1::Function {
        name: name.to_owned(),
        modality: v1::Modality::Text.into(),
        prompt_types: vec![prompt_type.to_owned()],
        ..Default::default()
    };
    let create = v1::CreateFunctionRequest {
        function: Some(function),
        ..Default::default()
    };
    let created = stage.admin.catalog.create_function(create).await;
    created.unwrap().into_inner().warnings
}

/// A function may name a prompt that is yet to come; it is told so, and the check tells it too.
#[tokio::test]
async fn functions_without_their_prompts_are_found() {
    on_both(async |stage| {
        assert!(told(stage).is_empty());
        assert!(add_function(stage, "sum_up", "ideas").await.is_empty());
        let warnings = add_function(stage, "write_haiku", "haiku").await;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("haiku"), "{warnings:?}");
        stage.switch("ideas", false).await;
        let found = told(stage);
        assert_eq!(found.len(), 3, "{found:#?}");
        has(&found, "FAILED   functions/write_haiku", "create it");
        for function in ["generate_ideas", "sum_up"] {
            let start = format!("FAILED   functions/{function}");
            has(&found, &start, "activate it");
        }
        // A change of something else does not repeat the warning.
        let other = v1::UpdateFunctionRequest {
            function: Some(v1::Function {
                name: "write_haiku".to_owned(),
                display_name: "Haiku".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let other = stage.admin.catalog.update_function(other).await;
        assert!(other.unwrap().get_ref().warnings.is_empty());
        stage.create("haiku", "Write a haiku.").await;
        stage.switch("ideas", true).await;
        assert!(told(stage).is_empty());
    })
    .await;
}

/// No call can make a strategy name a prompt that is gone: a damaged database can.
#[tokio::test]
async fn strategies_that_name_prompts_that_are_gone_are_found() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        for id in [1, 2] {
            stage.push(id, Plan::Growth, 1).await;
        }
        let global = v1::GlobalStrategy {
            name: "Poems".to_owned(),
            category: v1::StrategyCategory::Blog.into(),
            prompt_types: vec!["ideas".to_owned(), "poem".to_owned()],
            ..Default::default()
        };
        let create = v1::CreateGlobalStrategyRequest {
            global_strategy: Some(global),
            ..Default::default()
        };
        let created = stage.admin.strategies.create_global_strategy(create).await;
        let created = created.unwrap().into_inner().global_strategy.unwrap();
        let clone = v1::CloneStrategiesRequest {
            strategy_ids: vec![created.strategy_id],
            account_ids: vec![1, 2],
            ..Default::default()
        };
        let cloned = stage.admin.strategies.clone_strategies(clone).await;
        let mut cloned = cloned.unwrap().into_inner();
        while let Some(progress) = cloned.message().await.unwrap() {
            assert_eq!(progress.failed, 0);
        }
        assert!(told(stage).is_empty());
        beside(
            stage,
            "DELETE FROM resource WHERE kind = 'global_prompt' AND key = 'poem'",
        )
        .await;
        let found = told(stage);
        let start = format!("warning  globalStrategies/{}", created.strategy_id);
        has(&found, &start, "prompt poem");
        has(&found, "warning  accounts", "2 strategies");
        assert_eq!(found.len(), 2, "{found:#?}");
    })
    .await;
}

#[tokio::test]
async fn texts_that_are_lost_or_changed_or_hold_a_key_are_found() {
    on_both(async |stage| {
        for id in [1, 2, 3] {
            stage.push(id, Plan::Growth, 1).await;
            stage.customize(id, "ideas", &format!("Own {id}")).await;
        }
        let pasted = "Use the key sk-test-0123456789abcdef, please.";
        stage.customize(3, "ideas", pasted).await;
        beside(stage, "DELETE FROM prompt_text WHERE value = 'Own 1'").await;
        let spoil = "UPDATE prompt_text SET value = 'Spoilt' WHERE value = 'Own 2'";
        beside(stage, spoil).await;
        let found = told(stage);
        for id in [1, 2] {
            let start = format!("FAILED   accounts/{id}/prompts/ideas");
            has(&found, &start, "is missing, or was changed");
        }
        let start = "FAILED   accounts/3/prompts/ideas";
        has(&found, start, "looks like a credential");
        assert!(!found.concat().contains("sk-test"), "{found:#?}");
        assert_eq!(found.len(), 3, "{found:#?}");
    })
    .await;
}
