//! Lists: filters, pages, orders, with texts and without.

use aiconfig_proto::v1::{self, Plan};
use tonic::Code;

use crate::{Stage, on_both, refused, why};

async fn account_page(
    stage: &mut Stage,
    request: v1::ListAccountPromptsRequest,
) -> v1::ListAccountPromptsResponse {
    let request = v1::ListAccountPromptsRequest {
        account_id: 1,
        ..request
    };
    let answer = stage.backend.prompts.list_account_prompts(request).await;
    answer.unwrap().into_inner()
}

fn names(prompts: &[v1::EffectivePrompt]) -> Vec<&str> {
    prompts.iter().map(|one| one.prompt_type.as_str()).collect()
}

/// Rows of account 1: `a1` is behind, `a2` is current, `a3` not customised, `a4` retired.
async fn begin(stage: &mut Stage) {
    stage.push(1, Plan::Growth, 1).await;
    for name in ["a1", "a2", "a3", "a4", "a5"] {
        stage.create(name, &format!("Library {name}")).await;
    }
    for name in ["a1", "a2", "a4"] {
        stage.customize(1, name, &format!("Own {name}")).await;
    }
    stage.customize(1, "a3", "Library a3").await;
    stage.publish("a1", "Newer").await;
    stage.switch("a4", false).await;
}

#[tokio::test]
async fn an_account_sees_what_holds_for_it() {
    on_both(async |stage| {
        begin(stage).await;
        let all = account_page(stage, v1::ListAccountPromptsRequest::default()).await;
        let found = names(&all.effective_prompts);
        assert!(found.is_sorted() && found.contains(&"clustering"));
        assert_eq!(usize::try_from(all.total_size).unwrap(), found.len());
        assert!(
            all.effective_prompts
                .iter()
                .all(|one| one.prompt_value.is_empty())
        );
        for (filter, expected) in [
            ("customized = true", &["a1", "a2", "a4"][..]),
            ("upstream_state = CUSTOM_BEHIND", &["a1"]),
            (
                "upstream_state = UPSTREAM_STATE_CUSTOM_CURRENT",
                &["a2", "a3"],
            ),
            ("upstream_state = UPSTREAM_RETIRED", &["a4"]),
            ("source = ACCOUNT_DEFAULT", &["a3"]),
            (
                "customized = true AND upstream_state = CUSTOM_CURRENT",
                &["a2"],
            ),
            ("customized = true AND source = GLOBAL", &[]),
        ] {
            let request = v1::ListAccountPromptsRequest {
                filter: filter.to_owned(),
                ..Default::default()
            };
            let found = account_page(stage, request).await;
            assert_eq!(names(&found.effective_prompts), expected, "{filter}");
        }
        let with = v1::ListAccountPromptsRequest {
            include_prompt_values: true,
            filter: "customized = true".to_owned(),
            ..Default::default()
        };
        let with = account_page(stage, with).await.effective_prompts;
        let texts: Vec<_> = with
            .iter()
            .map(|one| (one.prompt_value.as_str(), one.default_prompt.as_str()))
            .collect();
        assert_eq!(
            texts,
            [
                ("Own a1", "Library a1"),
                ("Own a2", "Library a2"),
                ("Own a4", "Library a4")
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn pages_go_through_and_fit_their_query() {
    on_both(async |stage| {
        begin(stage).await;
        let all = account_page(stage, v1::ListAccountPromptsRequest::default()).await;
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let request = v1::ListAccountPromptsRequest {
                page_size: 4,
                page_token: token,
                ..Default::default()
            };
            let page = account_page(stage, request).await;
            assert!(page.effective_prompts.len() <= 4);
            assert_eq!(page.total_size, all.total_size);
            seen.extend(page.effective_prompts);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
            // A page is stable under writes between.
            stage
                .customize(1, "a1", &format!("Own {}", seen.len()))
                .await;
        }
        assert_eq!(names(&seen), names(&all.effective_prompts));

        let first = v1::ListAccountPromptsRequest {
            page_size: 2,
            ..Default::default()
        };
        let page_token = account_page(stage, first).await.next_page_token;
        let prompts = &mut stage.backend.prompts;
        for (request, expected) in [
            (
                v1::ListAccountPromptsRequest {
                    account_id: 1,
                    page_token: page_token.clone(),
                    include_prompt_values: true,
                    ..Default::default()
                },
                "PAGE_TOKEN_INVALID",
            ),
            (
                v1::ListAccountPromptsRequest {
                    account_id: 1,
                    filter: "colour = red".to_owned(),
                    ..Default::default()
                },
                "FILTER_INVALID",
            ),
            (
                v1::ListAccountPromptsRequest {
                    account_id: 1,
                    filter: "source = BORROWED".to_owned(),
                    ..Default::default()
                },
                "FILTER_INVALID",
            ),
            (
                v1::ListAccountPromptsRequest {
                    account_id: 1,
                    page_size: -1,
                    ..Default::default()
                },
                "PAGE_SIZE_INVALID",
            ),
        ] {
            let answer = prompts.list_account_prompts(request).await;
            assert_eq!(refused(answer), why(Code::InvalidArgument, expected));
        }
        // The token of one account's list is none of another's.
        stage.push(2, Plan::Growth, 1).await;
        let other = v1::ListAccountPromptsRequest {
            account_id: 2,
            page_token,
            ..Default::default()
        };
        let other = stage.backend.prompts.list_account_prompts(other).await;
        assert_eq!(
            refused(other),
            why(Code::InvalidArgument, "PAGE_TOKEN_INVALID")
        );
    })
    .await;
}

#[tokio::test]
async fn the_library_is_listed() {
    on_both(async |stage| {
        begin(stage).await;
        let library = &mut stage.backend.global_prompts;
        let list = v1::ListGlobalPromptsRequest::default;
        let all = library
            .list_global_prompts(list())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(all.total_size, 15, "ten that come built in, and five");
        assert!(
            all.global_prompts
                .iter()
                .all(|one| one.prompt_value.is_empty())
        );
        let off = v1::ListGlobalPromptsRequest {
            filter: "active = false".to_owned(),
            include_prompt_values: true,
            ..list()
        };
        let off = library.list_global_prompts(off).await.unwrap().into_inner();
        let [prompt] = off.global_prompts.as_slice() else {
            panic!("{off:?}");
        };
        assert_eq!(
            (prompt.prompt_type.as_str(), prompt.prompt_value.as_str()),
            ("a4", "Library a4")
        );
        let backwards = v1::ListGlobalPromptsRequest {
            order_by: "prompt_type desc".to_owned(),
            page_size: 3,
            ..list()
        };
        let backmost = library
            .list_global_prompts(backwards.clone())
            .await
            .unwrap();
        let backmost = backmost.into_inner();
        assert_eq!(
            backmost.global_prompts[0].prompt_type,
            "taxonomy_generation"
        );
        let turned = v1::ListGlobalPromptsRequest {
            page_token: backmost.next_page_token,
            ..list()
        };
        let turned = library.list_global_prompts(turned).await;
        assert_eq!(
            refused(turned),
            why(Code::InvalidArgument, "PAGE_TOKEN_INVALID")
        );
        let order = v1::ListGlobalPromptsRequest {
            order_by: "version".to_owned(),
            ..list()
        };
        let order = library.list_global_prompts(order).await;
        assert_eq!(
            refused(order),
            why(Code::InvalidArgument, "ORDER_BY_INVALID")
        );
    })
    .await;
}

/// A page with texts also ends at 1 MiB; all versions come, each once.
#[tokio::test]
async fn versions_come_in_pages_of_a_mebibyte() {
    on_both(async |stage| {
        stage.create("poem", "0").await;
        for number in 1..=9 {
            let text = format!("{number}{}", "x".repeat((256 << 10) - 1));
            stage.publish("poem", &text).await;
        }
        for order_by in ["", "version"] {
            let (mut seen, mut pages, mut page_token) = (Vec::new(), 0, String::new());
            loop {
                let request = v1::ListGlobalPromptVersionsRequest {
                    prompt_type: "poem".to_owned(),
                    include_prompt_values: true,
                    order_by: order_by.to_owned(),
                    page_token,
                    ..Default::default()
                };
                let library = &mut stage.admin.global_prompts;
                let page = library.list_global_prompt_versions(request).await;
                let page = page.unwrap().into_inner();
                let bytes: usize = page
                    .global_prompt_versions
                    .iter()
                    .map(|one| one.prompt_value.len())
                    .sum();
                assert!(bytes <= 5 << 18, "{bytes}");
                for one in page.global_prompt_versions {
                    let first = (one.version - 1).to_string();
                    assert!(one.prompt_value.starts_with(&first));
                    assert_eq!(one.prompt_value.len(), one.size_bytes as usize);
                    seen.push(one.version);
                }
                pages += 1;
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            let mut expected: Vec<u32> = (1..=10).collect();
            if order_by.is_empty() {
                expected.reverse();
            }
            assert_eq!(seen, expected);
            assert!(pages > 1);
        }
    })
    .await;
}
