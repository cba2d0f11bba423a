//! Dumps that are untidy in any way: nothing fails, and a second run changes nothing.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::bench::{Bench, account, account_as, dump, prompt, row, settings};

fn base() -> Vec<Value> {
    let images = json!({"service": "openai", "model": "dall-e-3", "runwareModel": "runware:97@1"});
    let model = json!({"model_name": "gpt-4o", "provider": "openai", "model_type": "text",
        "cost_per_1k_input_tokens": "0.002", "tokens_per_credit": 10, "is_default": true});
    let cost = json!({"operation_type": "clustering", "credits_cost": 3, "unit": "per_request",
        "default_model": 1});
    let newer = json!({"openai_model": "gpt-4.1", "openai_api_key": "sk-test-newer-key"});
    let own = json!({"account": 3, "openai_model": "gpt-4o", "dalle_size": "1024x1024"});
    let text = json!({"prompt_type": "clustering", "prompt_value": "New {x}", "is_active": true});
    let item = json!({"name": "House", "category": "news", "description": "", "is_active": true});
    let copy = json!({"account": 2, "name": "House", "cloned_from": 1, "language": "de",
        "structure_template": {"a": 1}, "section_logic": {"token": "x"}});
    let with_types = json!({"account": 2, "name": "Other", "prompt_types": ["ideas", "none"],
        "tone": "dry", "sector": 3, "is_active": "false"});
    let rows = [
        account_as(1, "aws-admin", 4),
        account(2, 2),
        account(3, 3),
        settings(
            1,
            1,
            "openai",
            json!({"apiKey": "sk-test-first-key", "model": "gpt-4o"}),
        ),
        settings(2, 1, "image_generation", images.clone()),
        settings(
            3,
            2,
            "openai",
            json!({"temperature": 0.2, "max_tokens": "4000"}),
        ),
        settings(4, 2, "image_generation", images),
        row("billing.aimodelconfig", 1, model),
        row("billing.creditcostconfig", 1, cost),
        row("system.globalintegrationsettings", 1, newer),
        row("system.accountintegrationoverride", 1, own),
        prompt(1, 1, "ideas", "Ideas from {keywords}", ""),
        prompt(
            2,
            2,
            "ideas",
            "Mine from {keywords}",
            "Ideas from {keywords}",
        ),
        prompt(3, 3, "ideas", "Mine", ""),
        row("system.globalaiprompt", 1, text),
        row("system.globalauthorprofile", 1, item.clone()),
        row("system.globalstrategy", 1, item),
        row("system.authorprofile", 1, copy.clone()),
        row("system.authorprofile", 2, with_types.clone()),
        row("system.strategy", 1, copy),
        row("system.strategy", 2, with_types),
        row(
            "system.moduleenablesettings",
            1,
            json!({"account": 2, "writer_enabled": false}),
        ),
        row(
            "system.globalmodulesettings",
            1,
            json!({"linker_enabled": false}),
        ),
    ];
    match dump(rows) {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9.:@ -]{0,12}".prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!([1, {"token": "x"}])),
        Just(json!({"nested": {"apiKey": "x"}, "model": "gpt-4o"})),
        prop::sample::select(vec![
            "gpt-4o", "runware", "dall-e-3", "openai", "0.7", "1e400", "7"
        ])
        .prop_map(Value::from),
    ]
}

/// Puts a value in the place of a member of a row, or of a member of its config.
fn spoil(rows: &mut [Value], at: Index, member: Index, value: Value) {
    let row = at.get_mut(rows);
    let Some(fields) = row["fields"].as_object_mut() else {
        return;
    };
    let in_config = fields.get("config").is_some_and(Value::is_object) && member.index(2) == 0;
    let members = if in_config {
        fields.get_mut("config").and_then(Value::as_object_mut)
    } else {
        Some(fields)
    };
    let Some(members) = members.filter(|members| !members.is_empty()) else {
        return;
    };
    let name = member.index(members.len());
    if let Some(slot) = members.values_mut().nth(name) {
        *slot = value;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_dump_is_taken_once(
        spoils in prop::collection::vec((any::<Index>(), any::<Index>(), odd_value()), 1..6),
        turn in any::<Index>(),
    ) {
        let mut rows = base();
        for (at, member, value) in spoils {
            spoil(&mut rows, at, member, value);
        }
        let turn = turn.index(rows.len());
        rows.rotate_left(turn);
        let (changed, same, reloaded) = Runtime::new().unwrap().block_on(async {
            let bench = Bench::new().await;
            bench.import(Value::Array(rows.clone())).await;
            let digest = bench.live().snapshot.digest();
            let second = bench.import(Value::Array(rows.clone())).await;
            let replayed = bench.app.replay_log().await.unwrap().1;
            (second.changed, bench.live().snapshot.digest() == digest, replayed == digest)
        });
        prop_assert!(!changed && same && reloaded);
    }
}
