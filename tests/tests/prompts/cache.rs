//! The cache of accounts' texts: it has a bound, and what does not fit is read from the database.

use aiconfig_proto::v1::batch_get_effective_prompts_response::result::Result as Item;
use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Server, effective};

use crate::{Stage, on_both};

/// Texts that are more than twice the cache together, each within the limit of one.
const ACCOUNTS: i64 = 12;
const BYTES: usize = 200 << 10;

fn text(id: i64) -> String {
    format!("{id:08}").repeat(BYTES / 8)
}

fn cached(stage: &Stage) -> u64 {
    let page = stage.server.page("/metrics");
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("aiconfig_prompt_cache_bytes "));
    line.unwrap().parse().unwrap()
}

async fn small(stage: &mut Stage) {
    let cache = [("AICONFIG_PROMPT_CACHE_MEBIBYTES", "1")];
    let server = Server::start_with(&stage.place, &cache);
    stage.admin = server.clients("admin").await;
    stage.backend = server.clients("backend").await;
    let former = std::mem::replace(&mut stage.server, server);
    assert!(former.stop());
}

#[tokio::test]
async fn what_does_not_fit_is_read_again() {
    on_both(async |stage| {
        small(stage).await;
        for id in 1..=ACCOUNTS {
            stage.push(id, Plan::Growth, 1).await;
            stage.customize(id, "ideas", &text(id)).await;
        }
        // Written, read one by one, and read together: each is its own account's, and the cache
        // keeps to its bound.
        for id in 1..=ACCOUNTS {
            let held = stage.effective(id, "ideas").await;
            assert!(held.prompt_value == text(id), "account {id}");
            assert!(cached(stage) <= 1 << 20);
        }
        let requests = (1..=ACCOUNTS).map(|id| effective(id, "ideas")).collect();
        let batch = v1::BatchGetEffectivePromptsRequest { requests };
        let prompts = &mut stage.backend.prompts;
        let answer = prompts.batch_get_effective_prompts(batch).await.unwrap();
        for (result, id) in answer.into_inner().results.into_iter().zip(1..) {
            let Some(Item::EffectivePrompt(held)) = result.result else {
                panic!("{:?}", result.result);
            };
            assert!(held.prompt_value == text(id), "account {id}");
        }
        let used = cached(stage);
        assert!((1..=1 << 20).contains(&used), "{used} bytes");
    })
    .await;
}

/// A list looks up the texts of its page alone, and every page has them.
#[tokio::test]
async fn pages_of_texts_go_on_where_the_last_one_ended() {
    on_both(async |stage| {
        small(stage).await;
        stage.push(1, Plan::Growth, 1).await;
        let types: Vec<String> = (0..ACCOUNTS).map(|at| format!("long{at:02}")).collect();
        for (name, id) in types.iter().zip(1..) {
            stage.create(name, "Library").await;
            stage.customize(1, name, &text(id)).await;
        }
        let mut list = v1::ListAccountPromptsRequest {
            account_id: 1,
            filter: "customized = true".to_owned(),
            include_prompt_values: true,
            ..Default::default()
        };
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let prompts = &mut stage.backend.prompts;
            let page = prompts.list_account_prompts(list.clone()).await.unwrap();
            let page = page.into_inner();
            assert_eq!(i64::from(page.total_size), ACCOUNTS);
            for held in page.effective_prompts {
                let place = types.iter().position(|name| *name == held.prompt_type);
                let id = i64::try_from(place.unwrap()).unwrap() + 1;
                assert!(held.prompt_value == text(id), "{}", held.prompt_type);
                assert_eq!(held.default_prompt, "Library");
                seen.push(held.prompt_type);
            }
            pages += 1;
            if page.next_page_token.is_empty() {
                break;
            }
            list.page_token = page.next_page_token;
        }
        assert_eq!(seen, types);
        assert_eq!(pages, 3, "a page has a mebibyte, five of these texts");
    })
    .await;
}
