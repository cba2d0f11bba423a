//! The prompts that ten accounts of the sample get, beside those that the old system gave them.

use std::collections::BTreeMap;

use aiconfig_domain::{AccountId, PromptType, Reason};
use aiconfig_resolution::effective_prompt;
use serde_json::Value;

use crate::bench::Bench;

const SAMPLE: &str = include_str!("../data/legacy-django-dump.json");

/// Why an account gets another text than before.
#[derive(Debug, PartialEq)]
enum Why {
    /// It had the default with other line ends: it follows the library, which has line feeds.
    LineEnds,
    /// It is on FREE, which may not customise: its text is dormant, and the library's holds.
    Dormant,
    /// It was suspended or deleted: nothing is answered.
    Refused,
}

/// Accounts by what they stand for. All other prompts of theirs are the same as before.
const DIFFERS: &[(i64, &[(&str, Why)])] = &[
    // STARTER without rows: all of the library, which is what the magic account had.
    (3, &[]),
    // FREE with two texts of its own.
    (
        10,
        &[
            ("content_generation", Why::Dormant),
            ("service_generation", Why::Dormant),
        ],
    ),
    // FREE with an empty default and the library's own text.
    (17, &[]),
    // STARTER with a text of its own.
    (22, &[]),
    // SCALE with one text of its own, and one that is the default.
    (57, &[]),
    // Without a plan, so FREE, with two texts of its own.
    (
        67,
        &[
            ("image_prompt_template", Why::Dormant),
            ("product_generation", Why::Dormant),
        ],
    ),
    // STARTER, with the default in other line ends.
    (86, &[("ideas", Why::LineEnds)]),
    // STARTER with a text of its own and an empty default.
    (95, &[]),
    // FREE: the default in other line ends beside an empty default, and a text of its own.
    (
        108,
        &[
            ("content_generation", Why::LineEnds),
            ("image_prompt_template", Why::Dormant),
        ],
    ),
    // The plan enterprise, so FREE, with one text of its own and one that is the default.
    (193, &[("image_prompt_extraction", Why::Dormant)]),
];

/// What the old system answered with: the account's active row, else the magic account's.
fn before(rows: &[Value]) -> BTreeMap<(i64, String), String> {
    let mut texts = BTreeMap::new();
    for row in rows.iter().filter(|row| row["model"] == "system.aiprompt") {
        let fields = &row["fields"];
        if fields["is_active"] == true {
            let account = fields["account"].as_i64().unwrap();
            let kind = fields["prompt_type"].as_str().unwrap().to_owned();
            let text = fields["prompt_value"].as_str().unwrap().to_owned();
            texts.insert((account, kind), text);
        }
    }
    texts
}

/// What this service answers with; `None`: the account is refused.
async fn now(bench: &Bench, account: i64, kind: &str) -> Option<String> {
    let live = bench.live();
    let account = AccountId::new(account).unwrap();
    let kind = PromptType::parse(kind).unwrap();
    match effective_prompt(&live.snapshot, account, &kind) {
        Ok(prompt) => {
            assert_eq!(prompt.behind_by, 0, "imported rows are not behind");
            Some(bench.text(prompt.text).await)
        }
        Err(rejection) => {
            assert_eq!(rejection.reason, Reason::AccountInactive);
            None
        }
    }
}

#[tokio::test]
async fn ten_accounts_get_what_they_got_but_for_what_is_explained() {
    let rows: Vec<Value> = serde_json::from_str(SAMPLE).unwrap();
    let before = before(&rows);
    let bench = Bench::new().await;
    bench.import(Value::Array(rows)).await;
    let kinds: Vec<String> = {
        let live = bench.live();
        let prompts = live.snapshot.global_prompts();
        prompts
            .map(|stored| stored.value.prompt_type.to_string())
            .collect()
    };
    assert_eq!((kinds.len(), DIFFERS.len()), (10, 10));
    let mut own = 0;
    for (account, differs) in DIFFERS {
        let mut seen = Vec::new();
        for kind in &kinds {
            let of_account = before.get(&(*account, kind.clone()));
            own += usize::from(of_account.is_some());
            let library = &before[&(1, kind.clone())];
            let old = of_account.unwrap_or(library);
            match now(&bench, *account, kind).await {
                None => seen.push((kind.as_str(), Why::Refused)),
                Some(text) if text == *old => {}
                Some(text) => {
                    assert_eq!(text, *library, "{account} {kind}");
                    let same_lines = old.replace("\r\n", "\n") == text;
                    let why = if same_lines {
                        Why::LineEnds
                    } else {
                        Why::Dormant
                    };
                    seen.push((kind.as_str(), why));
                }
            }
        }
        assert_eq!(seen, *differs, "{account}");
    }
    assert_eq!(own, 14, "rows of these accounts");
    assert_eq!(
        now(&bench, 80, "clustering").await,
        None,
        "{:?}",
        Why::Refused
    );
}
