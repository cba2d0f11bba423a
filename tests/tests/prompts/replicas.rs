//! Two servers over one PostgreSQL, a restart, and a database that is away.

use std::time::Duration;

use aiconfig_proto::v1::batch_get_effective_prompts_response::result::Result as Item;
use aiconfig_proto::v1::{self, Plan, PromptSource, ResetTarget};
use aiconfig_tests::{Clients, Place, Server, effective};
use aiconfig_testsupport::{PgOptions, PgServer};
use tonic::{Code, Request};

use crate::{Stage, digest, on_both, refused, why};

async fn read(backend: &mut Clients, id: i64, min_revision: u64) -> v1::EffectivePrompt {
    let request = v1::GetEffectivePromptRequest {
        min_revision,
        ..effective(id, "poem")
    };
    let answer = backend.prompts.get_effective_prompt(request).await.unwrap();
    answer.into_inner().effective_prompt.unwrap()
}

#[tokio::test]
async fn what_one_server_writes_the_other_reads() {
    let place = Place::postgres(&PgServer::shared().create_database());
    let mut stage = Stage::new(place).await;
    let second = Server::start(&stage.place);
    let mut other = second.clients("backend").await;
    let mut other_admin = second.clients("admin").await;
    stage.create("poem", "Library 1").await;
    stage.push(1, Plan::Growth, 1).await;
    for round in 1..=20 {
        // An account's text, to and fro.
        let text = format!("Own {round}");
        let written = stage.customize(1, "poem", &text).await.revision;
        let held = read(&mut other, 1, written).await;
        assert_eq!(
            (held.prompt_value.as_str(), held.source()),
            (text.as_str(), PromptSource::AccountCustom)
        );
        std::mem::swap(&mut stage.backend, &mut other);
        // A new version of the library.
        let text = format!("Library of {round}");
        let published = stage.publish("poem", &text).await;
        let held = read(&mut other, 2, published.revision).await;
        assert_eq!(held.prompt_value, text);
        assert_eq!(held.global_version, round + 1);
        let held = read(&mut other, 1, published.revision).await;
        assert_eq!(held.behind_by, round);
        std::mem::swap(&mut stage.admin, &mut other_admin);
    }
    let back = stage.reset(1, "poem", ResetTarget::FollowGlobal).await;
    let held = read(&mut other, 1, back.revision).await;
    assert_eq!(held.prompt_value, "Library of 20");
    let here = digest(&mut stage.admin, back.revision).await;
    assert_eq!(here, digest(&mut other_admin, back.revision).await);
}

/// What a server says about prompts, all of it.
async fn all_answers(stage: &mut Stage) -> (Vec<v1::EffectivePrompt>, Vec<v1::GlobalPrompt>) {
    let own = v1::ListAccountPromptsRequest {
        account_id: 1,
        include_prompt_values: true,
        ..Default::default()
    };
    let own = stage
        .backend
        .prompts
        .list_account_prompts(own)
        .await
        .unwrap();
    let library = v1::ListGlobalPromptsRequest {
        include_prompt_values: true,
        ..Default::default()
    };
    let library = stage
        .admin
        .global_prompts
        .list_global_prompts(library)
        .await;
    (
        own.into_inner().effective_prompts,
        library.unwrap().into_inner().global_prompts,
    )
}

#[tokio::test]
async fn a_restart_and_a_replay_come_to_the_same() {
    on_both(async |stage| {
        stage.create("poem", "Library 1").await;
        stage.push(1, Plan::Growth, 1).await;
        stage.customize(1, "poem", "Own \r\n\u{1f600}").await;
        stage.customize(1, "ideas", "Own ideas").await;
        stage.publish("poem", "Library 2").await;
        stage.reset(1, "ideas", ResetTarget::AccountDefault).await;
        stage.switch("negative_prompt", false).await;
        let before = all_answers(stage).await;
        let state = digest(&mut stage.admin, 0).await;
        let server = Server::start(&stage.place);
        stage.admin = server.clients("admin").await;
        stage.backend = server.clients("backend").await;
        drop(std::mem::replace(&mut stage.server, server));
        assert_eq!(all_answers(stage).await, before);
        assert_eq!(digest(&mut stage.admin, 0).await, state);
        let export = String::from_utf8(stage.place.run(&["export"]).stdout).unwrap();
        assert!(export.lines().last().unwrap().contains(&state.0));
        // The check replays the log and compares with what is stored.
        let check = stage.place.run(&["check", "--data"]);
        let told = String::from_utf8(check.stdout).unwrap();
        assert!(!told.contains("FAILED   log"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn with_the_database_away_nothing_is_made_up() {
    // What was acknowledged must be there after the crash.
    let database = PgServer::start(PgOptions { fsync: true });
    let mut stage = Stage::new(Place::postgres(&database.create_database())).await;
    stage.create("poem", "Library").await;
    for id in [1, 2, 3] {
        stage.push(id, Plan::Growth, 1).await;
    }
    stage.customize(1, "poem", "Own 1").await;
    let written = stage.customize(2, "poem", "Own 2").await.revision;
    // A second server has read one of the texts, and not the other.
    let server = Server::start(&stage.place);
    let mut backend = server.clients("backend").await;
    assert_eq!(read(&mut backend, 1, written).await.prompt_value, "Own 1");
    database.halt();

    assert_eq!(read(&mut backend, 1, 0).await.prompt_value, "Own 1");
    for follower in [3, 99] {
        let held = read(&mut backend, follower, 0).await;
        assert_eq!(held.prompt_value, "Library");
    }
    let within = || {
        let mut request = Request::new(effective(2, "poem"));
        let limit = "15S".parse().unwrap();
        request.metadata_mut().insert("grpc-timeout", limit);
        request
    };
    let away = why(Code::Unavailable, "STORAGE_UNAVAILABLE");
    let uncached = backend.prompts.get_effective_prompt(within()).await;
    assert_eq!(refused(uncached), away);
    let rendered = v1::RenderPromptRequest {
        account_id: 2,
        prompt_type: "poem".to_owned(),
        ..Default::default()
    };
    let rendered = backend.prompts.render_prompt(rendered).await;
    assert_eq!(refused(rendered), away);
    let requests = vec![
        effective(1, "poem"),
        effective(2, "poem"),
        effective(3, "poem"),
    ];
    let batch = v1::BatchGetEffectivePromptsRequest { requests };
    let batch = backend.prompts.batch_get_effective_prompts(batch).await;
    let results = batch.unwrap().into_inner().results;
    let told: Vec<i32> = results
        .iter()
        .map(|one| match one.result.as_ref().unwrap() {
            Item::EffectivePrompt(_) => 0,
            Item::Error(error) => error.code,
        })
        .collect();
    assert_eq!(told, [0, i32::from(Code::Unavailable), 0]);
    // Without texts, the list goes on; with them, it does not pretend.
    let list = v1::ListAccountPromptsRequest {
        account_id: 2,
        ..Default::default()
    };
    let without = backend.prompts.list_account_prompts(list.clone()).await;
    assert!(without.unwrap().get_ref().effective_prompts.len() > 10);
    let with = v1::ListAccountPromptsRequest {
        include_prompt_values: true,
        ..list
    };
    let with = backend.prompts.list_account_prompts(with).await;
    assert_eq!(refused(with), away);

    database.resume();
    let mut tries = 0;
    let held = loop {
        match backend.prompts.get_effective_prompt(within()).await {
            Ok(answer) => break answer.into_inner().effective_prompt.unwrap(),
            Err(status) => {
                tries += 1;
                assert!(
                    tries < 50 && status.code() == Code::Unavailable,
                    "{status:?}"
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    assert_eq!(held.prompt_value, "Own 2");
}
