//! Batches: reads from one state with an answer each, and changes of many prompts at once.

use aiconfig_proto::v1::batch_get_effective_prompts_response::result::Result as Item;
use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{account, effective};
use tonic::{Code, Status};

use crate::{Stage, digest, on_both, refused, violations, why};

fn types(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

async fn batch(stage: &mut Stage, requests: Vec<v1::GetEffectivePromptRequest>) -> Vec<Item> {
    let batch = v1::BatchGetEffectivePromptsRequest { requests };
    let prompts = &mut stage.backend.prompts;
    let answer = prompts.batch_get_effective_prompts(batch).await.unwrap();
    let results = answer.into_inner().results.into_iter();
    results.map(|one| one.result.unwrap()).collect()
}

#[tokio::test]
async fn each_item_has_its_answer() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        stage.push(1, Plan::Growth, 1).await;
        stage.customize(1, "poem", "Own").await;
        let mut asleep = account(2, Plan::Growth);
        asleep.account.as_mut().unwrap().active = false;
        stage.admin.accounts.upsert_account(asleep).await.unwrap();
        let items = batch(
            stage,
            vec![
                effective(1, "poem"),
                effective(2, "poem"),
                effective(3, "poem"),
                effective(1, "sonnet"),
                effective(0, "poem"),
            ],
        )
        .await;
        let told: Vec<(i32, String)> = items
            .into_iter()
            .map(|item| match item {
                Item::EffectivePrompt(prompt) => (0, prompt.prompt_value),
                Item::Error(error) => {
                    assert!(!error.details.is_empty());
                    (error.code, String::new())
                }
            })
            .collect();
        let code = |code: Code| (i32::from(code), String::new());
        assert_eq!(
            told,
            [
                (0, "Own".to_owned()),
                code(Code::FailedPrecondition),
                (0, "Library".to_owned()),
                code(Code::NotFound),
                code(Code::InvalidArgument),
            ]
        );
        // The answer of a batch is that of a single call.
        let single = effective(1, "poem");
        let alone = stage.backend.prompts.get_effective_prompt(single).await;
        let alone = alone.unwrap().into_inner().effective_prompt.unwrap();
        let items = batch(stage, vec![effective(1, "poem")]).await;
        assert_eq!(items, [Item::EffectivePrompt(alone)]);
        let most = batch(stage, vec![effective(1, "poem"); 1_000]).await;
        assert_eq!(most.len(), 1_000);
        let more = v1::BatchGetEffectivePromptsRequest {
            requests: vec![effective(1, "poem"); 1_001],
        };
        let more = stage
            .backend
            .prompts
            .batch_get_effective_prompts(more)
            .await;
        assert_eq!(violations(more)[0].0, "requests");
    })
    .await;
}

/// Clients take 4 MiB a message unless told otherwise: the answer stays below.
#[tokio::test]
async fn an_answer_fits_into_a_usual_client() {
    use aiconfig_proto::v1::prompt_service_client::PromptServiceClient;
    on_both(async |stage| {
        stage.create("poem", &"x".repeat(256 << 10)).await;
        let usual = stage.server.channel().await;
        let usual =
            &mut PromptServiceClient::with_interceptor(usual, stage.server.token("backend"));
        let requests = vec![effective(1, "poem"); 40];
        let batch = v1::BatchGetEffectivePromptsRequest { requests };
        let answer = usual.batch_get_effective_prompts(batch).await;
        let results = answer.unwrap().into_inner().results;
        assert_eq!(results.len(), 40);
        let given = results
            .iter()
            .take_while(|one| matches!(one.result, Some(Item::EffectivePrompt(_))))
            .count();
        assert!(given >= 10, "{given} of 40");
        for rest in &results[given..] {
            let Some(Item::Error(error)) = &rest.result else {
                panic!("a text after the answer was full");
            };
            assert_eq!(error.code, i32::from(Code::ResourceExhausted));
            assert!(error.message.contains("another call"), "{error:?}");
        }
    })
    .await;
}

fn increment(names: &[&str]) -> v1::BatchIncrementVersionRequest {
    v1::BatchIncrementVersionRequest {
        prompt_types: types(names),
        note: "counted".to_owned(),
        ..Default::default()
    }
}

fn switch(names: &[&str], active: bool) -> v1::GlobalPromptServiceBatchSetActiveRequest {
    v1::GlobalPromptServiceBatchSetActiveRequest {
        prompt_types: types(names),
        active,
        ..Default::default()
    }
}

#[tokio::test]
async fn versions_are_incremented_in_bulk() {
    on_both(async |stage| {
        for name in ["one", "two", "three"] {
            stage.create(name, name).await;
        }
        let before = digest(&mut stage.admin, 0).await;
        let library = &mut stage.admin.global_prompts;
        let unknown = increment(&["one", "nine", "two"]);
        let unknown = library.batch_increment_version(unknown).await;
        assert_eq!(refused(unknown), why(Code::NotFound, "PROMPT_NOT_FOUND"));
        for wrong in [increment(&[]), increment(&["one"; 1_001])] {
            let answer = library.batch_increment_version(wrong).await;
            assert_eq!(violations(answer)[0].0, "prompt_types");
        }
        let names = increment(&["one", "A b", "Two"]);
        let told = violations(library.batch_increment_version(names).await);
        let fields: Vec<String> = told.into_iter().map(|one| one.0).collect();
        assert_eq!(fields, ["prompt_types[1]", "prompt_types[2]"]);
        assert_eq!(digest(&mut stage.admin, 0).await, before, "all or none");

        let library = &mut stage.admin.global_prompts;
        let done = library.batch_increment_version(increment(&["two", "one", "two"]));
        let done = done.await.unwrap().into_inner();
        assert_eq!((done.changed, done.revision), (true, before.1 + 1));
        let told: Vec<_> = done
            .global_prompts
            .iter()
            .map(|prompt| (prompt.prompt_type.as_str(), prompt.version))
            .collect();
        assert_eq!(told, [("two", 2), ("one", 2), ("two", 2)]);
        let list = v1::ListGlobalPromptVersionsRequest {
            prompt_type: "one".to_owned(),
            include_prompt_values: true,
            ..Default::default()
        };
        let list = library.list_global_prompt_versions(list).await.unwrap();
        let newest = &list.get_ref().global_prompt_versions[0];
        assert_eq!(
            (
                newest.version,
                newest.note.as_str(),
                newest.prompt_value.as_str()
            ),
            (2, "counted", "one")
        );
        assert_eq!(newest.size_bytes, 3);
    })
    .await;
}

#[tokio::test]
async fn prompts_are_switched_in_bulk() {
    on_both(async |stage| {
        stage.create("one", "1").await;
        stage.create("two", "2").await;
        let library = &mut stage.admin.global_prompts;
        let unknown = library
            .batch_set_active(switch(&["one", "nine"], false))
            .await;
        assert_eq!(refused(unknown), why(Code::NotFound, "PROMPT_NOT_FOUND"));
        let off = library
            .batch_set_active(switch(&["one", "two"], false))
            .await;
        let off = off.unwrap().into_inner();
        assert!(off.changed);
        assert!(
            off.global_prompts
                .iter()
                .all(|one| one.active == Some(false))
        );
        assert!(off.global_prompts.iter().all(|one| one.version == 1));
        let again = library
            .batch_set_active(switch(&["two", "one"], false))
            .await;
        let again = again.unwrap().into_inner();
        assert_eq!((again.changed, again.revision), (false, off.revision));
        let asked = stage
            .backend
            .prompts
            .get_effective_prompt(effective(5, "one"));
        assert_eq!(
            refused(asked.await),
            why(Code::NotFound, "PROMPT_NOT_FOUND")
        );
        let library = &mut stage.admin.global_prompts;
        let on = library.batch_set_active(switch(&["one"], true)).await;
        assert!(on.unwrap().get_ref().changed);
        assert_eq!(stage.effective(5, "one").await.prompt_value, "1");
    })
    .await;
}

/// With `partial` each prompt has its own outcome, and the others change.
#[tokio::test]
async fn of_a_partial_batch_the_others_change() {
    on_both(async |stage| {
        stage.create("one", "1").await;
        stage.create("two", "2").await;
        let names = ["two", "nine", "A b", "one", "two"];
        let told = |rows: Vec<(String, bool, Option<tonic_types::pb::Status>)>| {
            let expect = [
                ("two", true, None),
                ("nine", false, Some(Code::NotFound)),
                ("A b", false, Some(Code::InvalidArgument)),
                ("one", true, None),
                ("two", false, None),
            ];
            assert_eq!(rows.len(), expect.len());
            for ((name, changed, error), expect) in rows.iter().zip(expect) {
                let code = error.as_ref().map(|error| Code::from_i32(error.code));
                assert_eq!((name.as_str(), *changed, code), expect);
            }
            // The item is named as without `partial`.
            let malformed = &rows[2].2.as_ref().unwrap().message;
            assert!(malformed.starts_with("prompt_types[2]: "), "{malformed}");
        };
        let library = &mut stage.admin.global_prompts;
        let counted = v1::BatchIncrementVersionRequest {
            partial: true,
            ..increment(&names)
        };
        let counted = library.batch_increment_version(counted).await.unwrap();
        let counted = counted.into_inner();
        assert!(counted.changed);
        let versions: Vec<u32> = counted
            .global_prompts
            .iter()
            .map(|one| one.version)
            .collect();
        assert_eq!(versions, [2, 2, 2]);
        let rows = counted.results.into_iter();
        told(
            rows.map(|one| (one.prompt_type, one.changed, one.error))
                .collect(),
        );
        let off = v1::GlobalPromptServiceBatchSetActiveRequest {
            partial: true,
            ..switch(&names, false)
        };
        let off = library.batch_set_active(off).await.unwrap().into_inner();
        let rows = off.results.into_iter();
        told(
            rows.map(|one| (one.prompt_type, one.changed, one.error))
                .collect(),
        );
        let none = v1::BatchIncrementVersionRequest {
            partial: true,
            ..increment(&["nine", "A b"])
        };
        let none = library.batch_increment_version(none).await.unwrap();
        assert!(!none.get_ref().changed);
        // What is wrong with the batch itself refuses it.
        for wrong in [increment(&[]), increment(&["one"; 1_001])] {
            let wrong = v1::BatchIncrementVersionRequest {
                partial: true,
                ..wrong
            };
            let answer = library.batch_increment_version(wrong).await;
            assert_eq!(violations(answer)[0].0, "prompt_types");
        }
    })
    .await;
}

/// The type is checked against the contract of `Status`, which a batch packs.
#[tokio::test]
async fn an_error_of_an_item_is_that_of_a_single_call() {
    on_both(async |stage| {
        let single = stage
            .backend
            .prompts
            .get_effective_prompt(effective(1, "sonnet"));
        let single: Status = single.await.unwrap_err();
        let items = batch(stage, vec![effective(1, "sonnet")]).await;
        let [Item::Error(error)] = items.as_slice() else {
            panic!("{items:?}");
        };
        assert_eq!(
            (error.code, error.message.as_str()),
            (i32::from(single.code()), single.message())
        );
    })
    .await;
}
