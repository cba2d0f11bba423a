//! Runs an import: the plan is made on the newest state under the lock and written at once.

use aiconfig_domain::{CommandContext, KeyFingerprint, ProviderName, Record, Snapshot, Timestamp};
use aiconfig_persistence::{LedgerRow, StoredAnswerRow};
use aiconfig_vault::ring::Purpose;
use secrecy::SecretString;

use super::conclude::Plan;
use super::ledger::Ledger;
use super::planner::Given;
use super::{Dump, ImportOptions, ImportReport, Seal, plan};
use crate::secrets::{Sidecar, side_effects};
use crate::write::{advance, scope};
use crate::{AppError, Application, Live, WriteCall, seed, texts};

impl Seal for Application {
    fn describe_key(
        &self,
        provider: &ProviderName,
        key: &SecretString,
    ) -> Result<(String, KeyFingerprint), AppError> {
        Self::describe_key(self, provider, key)
    }

    fn content_hash(&self, content: &[u8]) -> Result<Vec<u8>, AppError> {
        Ok(self.ring().body_mac(content)?.to_vec())
    }
}

impl Application {
    /// Imports a dump of the old tables in one transaction and one revision. With
    /// `validate_only` in the call it says what it would do.
    ///
    /// # Errors
    /// Nothing is imported then: the keyring or the database is not there. Only after
    /// [`aiconfig_persistence::StoreError::OutcomeUnknown`] all of it may be. A second run is safe
    /// in any case, it takes only what is missing.
    pub async fn import_django(
        &self,
        call: &WriteCall,
        dump: Dump,
        options: &ImportOptions,
    ) -> Result<ImportReport, AppError> {
        self.ring().require(Purpose::Audit)?;
        if call.validate_only {
            let ledger = self.store.ledger_all().await?;
            let live = self.live.load_full();
            let now = Timestamp::next_log_time(self.now(), live.snapshot.log_time());
            let plan = self.plan_import(call, dump, options, &live, &ledger, now)?;
            return Ok(ImportReport {
                dry_run: true,
                ..plan.report
            });
        }
        let _turn = self.turn().await?;
        let transaction = self.begin().await?;
        // A plan of a large dump takes a while.
        transaction.allow_long_pauses().await?;
        let ledger = transaction.ledger_all().await?;
        let live = self.live.load_full();
        let last = Timestamp::from_micros(transaction.head().log_time_us);
        let now = Timestamp::next_log_time(self.now(), last);
        let Plan {
            changes,
            secrets,
            texts,
            ledger,
            mut report,
        } = self.plan_import(call, dump, options, &live, &ledger, now)?;
        if changes.is_empty() && ledger.is_empty() {
            transaction.rollback().await?;
            return Ok(report);
        }
        let context = context(call, now);
        let (snapshot, records) = advance(&live.snapshot, &changes, &context);
        let side = side_effects(
            &changes,
            &Sidecar::Keys(secrets),
            &live.snapshot,
            snapshot.revision(),
            &self.ring(),
            self.random.as_ref(),
        )?;
        report.revision = report.changed.then(|| snapshot.revision());
        // Nobody repeats this call, but where the connection is lost at the commit the outcome is
        // looked up by this row.
        let stored = StoredAnswerRow {
            scope: scope(call),
            body_mac: self.ring().body_mac(&call.body)?.to_vec(),
            answer: Vec::new(),
            revision: report.revision,
            time_us: now.as_micros(),
        };
        let mut commit = self.commit_of(
            call,
            transaction.head(),
            &live,
            &records,
            side.clone(),
            Some(stored),
            "django import",
        )?;
        commit.ledger = ledger;
        commit.texts = texts.iter().map(texts::row).collect();
        self.commit(call, transaction, commit).await?;
        if report.changed {
            self.publish_change(&live, snapshot, side, &texts);
        }
        Ok(report)
    }

    fn plan_import(
        &self,
        call: &WriteCall,
        dump: Dump,
        options: &ImportOptions,
        live: &Live,
        ledger: &[LedgerRow],
        now: Timestamp,
    ) -> Result<Plan, AppError> {
        let given = Given {
            before: &live.snapshot,
            shipped: &shipped()?,
            texts: &live.texts,
            options,
            seal: self,
            context: context(call, now),
        };
        plan(dump, &given, Ledger::new(ledger))
    }
}

fn context(call: &WriteCall, now: Timestamp) -> CommandContext {
    CommandContext {
        now,
        actor: call.caller.name(),
    }
}

/// What an empty database starts with.
fn shipped() -> Result<Snapshot, AppError> {
    let (resources, _) = seed::resources().map_err(|_| AppError::Inconsistent {
        what: "the shipped defaults".to_owned(),
    })?;
    let mut shipped = Snapshot::new();
    for resource in resources {
        shipped.apply(&Record {
            change: aiconfig_domain::Change::Put(resource),
            revision: 1,
            time: Timestamp::default(),
            actor: "shipped".into(),
        });
    }
    Ok(shipped)
}
