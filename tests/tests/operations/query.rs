//! What queries to Prometheus ask for, held against what a server shows.

use std::collections::BTreeSet;

use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

use crate::metrics::{Metrics, family};

/// Labels that Prometheus puts on every series, and metrics that it makes itself.
const OF_PROMETHEUS: &[&str] = &["job", "instance"];
const MADE_BY_PROMETHEUS: &[&str] = &["up"];

/// The selectors of a query.
#[derive(Default)]
struct Selectors(Vec<VectorSelector>);

impl ExprVisitor for Selectors {
    type Error = ();

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, ()> {
        match expr {
            Expr::VectorSelector(selector) => self.0.push(selector.clone()),
            Expr::MatrixSelector(range) => self.0.push(range.vs.clone()),
            _ => {}
        }
        Ok(true)
    }
}

/// The metrics that a query asks for. Fails with `place` if it cannot be read, or asks for a metric or
/// a label that no server has.
pub(crate) fn check(place: &str, query: &str, metrics: &Metrics) -> BTreeSet<String> {
    let query = query.replace("$__rate_interval", "5m");
    let expr = parser::parse(&query).unwrap_or_else(|error| panic!("{place}: {error}: {query}"));
    let mut selectors = Selectors::default();
    walk_expr(&mut selectors, &expr).unwrap();
    assert!(!selectors.0.is_empty(), "{place} asks for nothing: {query}");
    let mut asked = BTreeSet::new();
    for selector in selectors.0 {
        let name = selector.name.clone().unwrap_or_default();
        if MADE_BY_PROMETHEUS.contains(&name.as_str()) {
            continue;
        }
        let shown = metrics.get(family(&name)).or_else(|| metrics.get(&name));
        let Some(metric) = shown else {
            panic!("{place}: no server shows the metric {name}: {query}")
        };
        for matcher in &selector.matchers.matchers {
            let label = matcher.name.as_str();
            assert!(
                OF_PROMETHEUS.contains(&label) || metric.labels.contains(label),
                "{place}: {name} has no label {label}: {query}"
            );
        }
        asked.insert(name);
    }
    asked
}
