//! `/metrics` as a server shows it, and the table of it in the documentation.

use std::collections::{BTreeMap, BTreeSet};

use aiconfig_proto::v1;
use aiconfig_tests::{Bearer, Clients, Place, Server, account, query};
use rcgen::{CertificateParams, KeyPair};

use crate::files;

/// Where every metric is described.
const PAGE: &str = "docs/operations/monitoring.md";

/// One metric: its type, and the labels that any of its series has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Metric {
    pub(crate) kind: String,
    pub(crate) labels: BTreeSet<String>,
}

/// All metrics by name.
pub(crate) type Metrics = BTreeMap<String, Metric>;

/// The metric that a series is part of: a histogram has several.
pub(crate) fn family(series: &str) -> &str {
    let parts = ["_bucket", "_sum", "_count"];
    let part = parts.iter().find_map(|part| series.strip_suffix(part));
    part.unwrap_or(series)
}

/// Every metric that servers show, with TLS and without, after calls of many outcomes.
pub(crate) async fn shown() -> Metrics {
    let mut metrics = Metrics::new();
    read(&after_calls().await, &mut metrics);
    read(&with_tls(), &mut metrics);
    metrics
}

async fn after_calls() -> String {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let grow = account(1, v1::Plan::Growth);
    admin.accounts.upsert_account(grow).await.unwrap();
    let mut backend = server.clients("backend").await;
    backend.configs.get_model_config(query(1)).await.unwrap();
    backend.configs.get_model_config(query(2)).await.unwrap();
    let nobody = Bearer::new("nobody");
    let mut nobody = Clients::new(&server.channel().await, &nobody);
    nobody.configs.get_model_config(query(1)).await.unwrap_err();
    server.page("/metrics")
}

fn with_tls() -> String {
    let place = Place::sqlite();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let cert = CertificateParams::new(names).unwrap();
    let cert = cert.self_signed(&key).unwrap().pem();
    let cert = place.write_private("cert.pem", &cert);
    let key = place.write_private("key.pem", &key.serialize_pem());
    let env = [
        ("AICONFIG_TLS_CERT_FILE", cert.to_str().unwrap()),
        ("AICONFIG_TLS_KEY_FILE", key.to_str().unwrap()),
    ];
    Server::start_with(&place, &env).page("/metrics")
}

/// Reads a page in Prometheus' text format.
fn read(page: &str, metrics: &mut Metrics) {
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let (_, body) = page.split_once("\r\n\r\n").unwrap();
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            kind.clone_into(&mut metrics.entry(name.to_owned()).or_default().kind);
        } else if let Some((series, labels)) = line.split_once('{') {
            let (labels, _) = labels.rsplit_once('}').unwrap();
            let names = labels
                .split("\",")
                .filter_map(|label| label.split_once('='));
            let names = names.map(|(name, _)| name.to_owned());
            let metric = metrics.entry(family(series).to_owned()).or_default();
            metric.labels.extend(names.filter(|name| name != "le"));
        }
    }
}

/// The rows of the table in the documentation.
fn documented() -> Metrics {
    let page = files::text(PAGE);
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let name = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
        let metric = name.starts_with("aiconfig_") || name.starts_with("process_");
        let [_, kind, labels, meaning, ..] = cells.as_slice() else {
            return None;
        };
        assert!(
            !metric || !meaning.is_empty(),
            "{PAGE}: {name} has no meaning"
        );
        let labels = labels
            .split(',')
            .map(|label| label.trim().trim_matches('`'));
        let labels = labels.filter(|label| !label.is_empty());
        let row = Metric {
            kind: (*kind).to_owned(),
            labels: labels.map(str::to_owned).collect(),
        };
        metric.then(|| (name.to_owned(), row))
    });
    rows.collect()
}

/// The metrics whose rows call them an alarm.
pub(crate) fn alarms() -> BTreeSet<String> {
    let page = files::text(PAGE);
    let rows = page.lines().filter(|line| line.contains("alarm"));
    let names = rows.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_metric_is_documented() {
    let (shown, documented) = (shown().await, documented());
    let lacking = |these: &Metrics, those: &Metrics| -> Vec<String> {
        these
            .keys()
            .filter(|name| !those.contains_key(*name))
            .cloned()
            .collect()
    };
    let undocumented = lacking(&shown, &documented);
    assert!(
        undocumented.is_empty(),
        "add a row for each of these to the table in {PAGE}: {undocumented:?}"
    );
    let gone = lacking(&documented, &shown);
    assert!(
        gone.is_empty(),
        "{PAGE} describes what no server shows; a metric is to be set to 0 at the start, not when \
         it first happens, or its row is to go: {gone:?}"
    );
    for (name, metric) in &shown {
        assert_eq!(
            &documented[name], metric,
            "type or labels of {name} in {PAGE} are not those shown"
        );
    }
}

#[test]
fn pages_are_read() {
    let page = "HTTP/1.1 200 OK\r\n\r\n# HELP a_total A.\n# TYPE a_total counter\na_total 1\n\
                # TYPE b_seconds histogram\nb_seconds_bucket{rpc=\"x,y\",le=\"1\"} 2\n";
    let mut metrics = Metrics::new();
    read(page, &mut metrics);
    assert_eq!(metrics["a_total"].kind, "counter");
    assert_eq!(metrics["b_seconds"].kind, "histogram");
    assert_eq!(
        metrics["b_seconds"].labels,
        BTreeSet::from(["rpc".to_owned()])
    );
    assert_eq!(metrics.len(), 2);
}
