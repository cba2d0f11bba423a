//! What the first start installs, and how lists are filtered, ordered and paged.

use aiconfig_proto::v1;
use aiconfig_tests::reason;

use crate::{FREE, Stage};

pub(crate) async fn walk(stage: &mut Stage) {
    shipped(stage).await;
    filtered(stage).await;
    ordered(stage).await;
    let none = v1::ListAuthorProfilesRequest {
        account_id: FREE,
        ..Default::default()
    };
    let none = stage.backend.profiles.list_author_profiles(none).await;
    assert_eq!(none.unwrap().into_inner().author_profiles, []);
    let unknown = v1::ListStrategiesRequest {
        account_id: 99,
        ..Default::default()
    };
    let unknown = stage.backend.strategies.list_strategies(unknown).await;
    assert_eq!(reason(&unknown.unwrap_err()), "ACCOUNT_NOT_FOUND");
}

async fn shipped(stage: &mut Stage) {
    let asked = v1::ListGlobalStrategiesRequest::default();
    let listed = stage.backend.strategies.list_global_strategies(asked).await;
    let listed = listed.unwrap().into_inner();
    assert_eq!(
        (listed.total_size, listed.next_page_token.as_str()),
        (9, "")
    );
    let named = |name: &str| {
        let mut all = listed.global_strategies.iter();
        all.find(|item| item.name == name).unwrap().clone()
    };
    let strategy = named("SEO Blog Post Strategy");
    assert!(
        strategy
            .prompt_types
            .contains(&"content_generation".to_owned())
    );
    assert_eq!((strategy.active, strategy.version), (Some(true), 1));
    let logic = strategy.section_logic.unwrap();
    assert!(logic.fields.contains_key("sections"), "{logic:?}");
}

async fn profiles(stage: &mut Stage, filter: &str, order_by: &str, size: i32) -> Vec<String> {
    let mut asked = v1::ListGlobalAuthorProfilesRequest {
        filter: filter.to_owned(),
        order_by: order_by.to_owned(),
        page_size: size,
        ..Default::default()
    };
    let mut names = Vec::new();
    loop {
        let page = stage
            .backend
            .profiles
            .list_global_author_profiles(asked.clone());
        let page = page.await.unwrap().into_inner();
        let items = page.global_author_profiles.into_iter();
        names.extend(items.map(|item| item.name));
        if page.next_page_token.is_empty() {
            assert_eq!(usize::try_from(page.total_size).unwrap(), names.len());
            return names;
        }
        asked.page_token = page.next_page_token;
    }
}

async fn filtered(stage: &mut Stage) {
    let blog = profiles(stage, "category = blog AND active = true", "", 0).await;
    assert_eq!(blog, ["Blog Conversational"]);
    let same = profiles(stage, "category = PROFILE_CATEGORY_BLOG", "", 0).await;
    assert_eq!(same, blog);
    assert_eq!(profiles(stage, "active = false", "", 0).await, [""; 0]);
    for (filter, order_by, expected) in [
        ("category = poems", "", "FILTER_INVALID"),
        ("custom = true", "", "FILTER_INVALID"),
        ("", "tone", "ORDER_BY_INVALID"),
    ] {
        let asked = v1::ListGlobalAuthorProfilesRequest {
            filter: filter.to_owned(),
            order_by: order_by.to_owned(),
            ..Default::default()
        };
        let refused = stage.backend.profiles.list_global_author_profiles(asked);
        assert_eq!(reason(&refused.await.unwrap_err()), expected);
    }
}

async fn ordered(stage: &mut Stage) {
    let by_number = profiles(stage, "", "", 3).await;
    assert_eq!(by_number[0], "SaaS B2B Professional");
    let by_name = profiles(stage, "", "name desc", 4).await;
    let mut sorted = by_number;
    sorted.sort();
    sorted.reverse();
    assert_eq!(by_name, sorted);
}
