//! The alert rules.

use std::collections::BTreeSet;

use serde_norway::Value;

use crate::{files, metrics, query};

const RULES: &str = "deploy/prometheus/alerts.yml";
const PAGE: &str = "docs/operations/monitoring.md";

fn rules() -> Vec<Value> {
    let rules: Value = serde_norway::from_str(&files::text(RULES)).unwrap();
    let groups = rules["groups"].as_sequence().unwrap().iter();
    let rules = groups.flat_map(|group| group["rules"].as_sequence().unwrap());
    rules.cloned().collect()
}

#[tokio::test]
async fn alerts_ask_for_what_there_is() {
    let metrics = metrics::shown().await;
    let page = files::text(PAGE);
    let mut names = BTreeSet::new();
    let mut asked = BTreeSet::new();
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap();
        asked.extend(query::check(name, rule["expr"].as_str().unwrap(), &metrics));
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        let severity = rule["labels"]["severity"].as_str().unwrap();
        let row = format!("| `{name}` | {severity} | ");
        assert!(page.contains(&row), "{PAGE} has no row {row}");
        assert!(rule["annotations"]["summary"].as_str().is_some(), "{name}");
    }
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `Aiconfig"))
        .count();
    assert_eq!(
        rows,
        names.len(),
        "{PAGE} describes alerts that are not there"
    );
    let alarms = metrics::alarms();
    assert!(alarms.contains("aiconfig_vault_damage_total"), "{alarms:?}");
    let quiet: Vec<&String> = alarms.difference(&asked).collect();
    assert!(
        quiet.is_empty(),
        "{PAGE} calls these an alarm, and no rule asks for them: {quiet:?}"
    );
}

#[test]
fn every_alert_has_a_part_in_the_runbook() {
    for rule in rules() {
        let place = rule["annotations"]["runbook"].as_str().unwrap();
        let (page, anchor) = place.split_once('#').unwrap();
        let text = files::text(page);
        let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
        let anchors: Vec<String> = headings.map(anchor_of).collect();
        assert!(anchors.iter().any(|a| a == anchor), "{place}: {anchors:?}");
    }
}

/// As GitHub makes them.
pub(crate) fn anchor_of(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn the_tests_of_rules_name_rules_that_there_are() {
    let tests: Value =
        serde_norway::from_str(&files::text("deploy/prometheus/alerts.test.yml")).unwrap();
    let names: Vec<Value> = rules().iter().map(|rule| rule["alert"].clone()).collect();
    for test in tests["tests"].as_sequence().unwrap() {
        for case in test["alert_rule_test"].as_sequence().unwrap() {
            assert!(names.contains(&case["alertname"]), "{case:?}");
        }
    }
}
