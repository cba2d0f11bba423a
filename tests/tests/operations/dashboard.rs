//! The Grafana dashboard.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{files, metrics, query};

const DASHBOARD: &str = "deploy/grafana/aiconfig.json";

fn dashboard() -> Value {
    serde_json::from_str(&files::text(DASHBOARD)).unwrap()
}

#[tokio::test]
async fn the_dashboard_asks_for_what_there_is() {
    let metrics = metrics::shown().await;
    let dashboard = dashboard();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        for target in panel["targets"].as_array().into_iter().flatten() {
            query::check(title, target["expr"].as_str().unwrap(), &metrics);
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        query::check("annotation", annotation["expr"].as_str().unwrap(), &metrics);
    }
    // Every metric of the service is on it; those of the process are a choice.
    let text = dashboard.to_string();
    let absent: Vec<&String> = metrics
        .keys()
        .filter(|name| name.starts_with("aiconfig_") && !text.contains(name.as_str()))
        .collect();
    assert!(absent.is_empty(), "{DASHBOARD} does not show {absent:?}");
}

#[test]
fn panels_have_a_place_of_their_own_and_say_what_they_show() {
    let dashboard = dashboard();
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{title}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(cells.insert((x, y)), "{title} lies over another");
            }
        }
        if panel["type"] != "row" {
            assert!(
                !panel["description"].as_str().unwrap().is_empty(),
                "{title}"
            );
            assert!(
                panel["fieldConfig"]["defaults"]["unit"].is_string(),
                "{title}"
            );
        }
    }
}
