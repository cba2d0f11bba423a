//! Whether what clients were told is what is there, and whether all that is there is whole.

use std::collections::HashMap;

use aiconfig_proto::v1;
use aiconfig_tests::{Clients, Place};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

use crate::ledger::{Attempt, Ledger, Told};
use crate::table::say;

/// What does not fit.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) lost: usize,
    pub(crate) half_applied: usize,
}

/// Each counts what must not be there.
const NEVER: &[(&str, &str)] = &[
    (
        "revisions that the log skips",
        "SELECT (SELECT revision FROM head) - (SELECT count(DISTINCT revision) FROM change)",
    ),
    (
        "revisions past the head",
        "SELECT count(*) FROM change WHERE revision > (SELECT revision FROM head)",
    ),
    (
        "revisions without their audit record",
        "SELECT count(DISTINCT revision) - (SELECT count(DISTINCT revision) FROM audit WHERE \
         revision IS NOT NULL) FROM change",
    ),
    (
        "revisions with two audit records",
        "SELECT count(revision) - count(DISTINCT revision) FROM audit",
    ),
    (
        "audit records that the chain skips",
        "SELECT (SELECT audit_sequence FROM head) - (SELECT count(*) FROM audit)",
    ),
    (
        "revisions but the first without a stored answer",
        "SELECT (SELECT revision FROM head) - 1 - count(DISTINCT revision) FROM stored_answer",
    ),
    (
        "answers of a revision that another request made",
        "SELECT count(*) FROM stored_answer s JOIN audit a ON a.revision = s.revision WHERE \
         a.request_id <> s.request_id AND s.request_id NOT LIKE 'auto:%'",
    ),
    (
        "requests that were made twice",
        "SELECT count(*) FROM (SELECT request_id FROM audit WHERE revision > 3 GROUP BY \
         token_id, rpc, request_id HAVING count(*) > 1) twice",
    ),
    (
        "live resources of a revision that did not put them",
        "SELECT count(*) FROM resource r LEFT JOIN change c ON c.revision = r.revision AND \
         c.kind = r.kind AND c.key = r.key AND c.op = 'put' WHERE c.revision IS NULL",
    ),
];

/// The database of a place, past its server.
async fn database(place: &Place) -> DatabaseConnection {
    let url = place.database().map_or_else(
        || format!("sqlite://{}", place.data().join("aiconfig.db").display()),
        str::to_owned,
    );
    Database::connect(url).await.unwrap()
}

async fn number(database: &DatabaseConnection, sql: &str) -> i64 {
    let backend = database.get_database_backend();
    let row = database
        .query_one_raw(Statement::from_string(backend, sql))
        .await
        .unwrap()
        .unwrap();
    // Differences of counts have other types than counts.
    let small = || row.try_get_by_index::<i32>(0).map(i64::from);
    row.try_get_by_index::<i64>(0).or_else(|_| small()).unwrap()
}

/// The revisions of stored answers by request id; none for one that changed nothing.
async fn stored(database: &DatabaseConnection) -> HashMap<String, Option<i64>> {
    let sql = match database.get_database_backend() {
        DbBackend::Postgres => "SELECT request_id, revision::bigint FROM stored_answer",
        _ => "SELECT request_id, revision FROM stored_answer",
    };
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let rows = database.query_all_raw(statement).await.unwrap();
    let pair = |row: &sea_orm::QueryResult| {
        let revision = row.try_get_by_index(1).unwrap();
        (row.try_get_by_index(0).unwrap(), revision)
    };
    rows.iter().map(pair).collect()
}

impl Verdict {
    fn complain(&mut self, what: &str, lost: bool) {
        say(&format!("AT FAULT: {what}"));
        if lost {
            self.lost += 1;
        } else {
            self.half_applied += 1;
        }
    }

    /// Repeats the writes under their request ids: each taken one gives its answer again, each
    /// other one is made now, once.
    async fn repeat(&mut self, attempts: &[Attempt], database: &DatabaseConnection, to: &Clients) {
        let there = stored(database).await;
        let mut to = to.clone();
        for Attempt { id, write, told } in attempts {
            let found = there.get(id);
            match told {
                Told::Taken(answer) => match write.send(&mut to, id).await {
                    Ok(again) if again == *answer && found.is_some() => {}
                    other => {
                        let now = other.map(|answer| answer.revision);
                        let what = format!(
                            "{id} made revision {}, now {now:?}, stored {found:?}",
                            answer.revision
                        );
                        self.complain(&what, true);
                    }
                },
                Told::Nothing if found.is_none() => {}
                Told::Nothing => self.complain(&format!("{id} was to change nothing"), false),
                Told::Unknown => {
                    let first = write.send(&mut to, id).await;
                    let second = write.send(&mut to, id).await;
                    let same = match (&first, &second) {
                        (Ok(first), Ok(second)) => first == second,
                        (Err(first), Err(second)) => first.code() == second.code(),
                        _ => false,
                    };
                    let revision = first.as_ref().ok().and_then(|answer| {
                        let revision = i64::try_from(answer.revision).unwrap();
                        answer.changed.then_some(revision)
                    });
                    if !same || found.is_some_and(|found| *found != revision) {
                        let what = format!("{id}: {first:?}, then {second:?}, stored {found:?}");
                        self.complain(&what, false);
                    }
                }
            }
        }
    }

    /// Rows, log, audit and answers fit together, also as the program itself checks them.
    async fn check(&mut self, place: &Place, database: &DatabaseConnection, from: &Clients) {
        for (what, sql) in NEVER {
            let count = number(database, sql).await;
            if count != 0 {
                self.complain(&format!("{count} {what}"), false);
            }
        }
        let mut from = from.clone();
        let chain = v1::VerifyAuditChainRequest::default();
        let chain = from.audit.verify_audit_chain(chain).await.unwrap();
        if !chain.get_ref().valid {
            self.complain(&format!("the audit chain: {chain:?}"), false);
        }
        let digest = v1::GetStateDigestRequest::default();
        let digest = from.history.get_state_digest(digest).await.unwrap();
        let digest = digest.into_inner().digest;
        // The rows as they are stored.
        let export = String::from_utf8(place.run(&["export"]).stdout).unwrap();
        if !export.lines().last().unwrap_or_default().contains(&digest) {
            self.complain("the rows are not the state", false);
        }
        // The check replays the log. That no provider has a key yet is no fault here.
        let check = String::from_utf8(place.run(&["check", "--data"]).stdout).unwrap();
        let faults = check.lines().filter(|line| line.starts_with("FAILED"));
        for fault in faults.filter(|line| !line.contains("no usable key")) {
            self.complain(fault, false);
        }
        if !check.contains("keyring") {
            self.complain(&format!("the check did not get to its end: {check}"), false);
        }
    }
}

/// Repeats a round's writes, then checks everything that is stored.
pub(crate) async fn verify(place: &Place, ledger: &Ledger, server: &Clients) -> Verdict {
    let database = database(place).await;
    let mut verdict = Verdict::default();
    verdict.repeat(&ledger.0, &database, server).await;
    verdict.check(place, &database, server).await;
    database.close().await.unwrap();
    verdict
}
