//! Runs an import of prices as one write: planned on the newest state under the lock.

use std::sync::OnceLock;

use aiconfig_domain::{Command, ModelId};

use super::plan::plan;
use super::{PriceFile, PriceReport, RefusedPrice};
use crate::{AppError, Application, Applied, Sidecar, WriteCall, Written};

/// How a price file is taken.
#[derive(Clone, Debug, Default)]
pub struct PriceOptions {
    /// The version of the file, such as `1.109.1`; empty: not known.
    pub version: String,
    /// Whether models that are not there are added, inactive.
    pub create_missing: bool,
}

/// What the file says for itself, and what the plan found in it; the rest of a report is in what
/// the command came to.
struct PriceTally {
    report: PriceReport,
    refused: OnceLock<Vec<(ModelId, RefusedPrice)>>,
}

impl PriceTally {
    fn report(&self, applied: &Applied<'_>) -> PriceReport {
        let mut report = self.report.clone();
        report.changed = applied.changed;
        report.revision = (applied.changed && !report.dry_run).then(|| applied.snapshot.revision());
        if let Some(import) = &applied.decision.price_import {
            let refused = self.refused.get().map_or(&[][..], Vec::as_slice);
            report.take(import, refused);
        }
        report
    }
}

impl Application {
    /// Imports a price file in one transaction and one revision. With `validate_only` in the call
    /// it says what it would do. `answer` and `encode` are those of [`Application::write`].
    ///
    /// # Errors
    /// Nothing is imported then. A file that is cut off or of another kind than it seems is
    /// refused with [`aiconfig_domain::Reason::PriceFileImplausible`].
    pub async fn import_prices<T: Send>(
        &self,
        call: &WriteCall,
        file: &PriceFile,
        options: &PriceOptions,
        answer: impl Fn(PriceReport, &Applied<'_>) -> T + Send + Sync,
        encode: impl Fn(&T) -> Vec<u8> + Send + Sync,
    ) -> Result<Written<T>, AppError> {
        let PriceOptions {
            version,
            create_missing,
        } = options;
        let source = format!("{} {version}", file.source());
        let source = source.trim_end().to_owned();
        let (prices_in_file, refused_in_file) = file.price_counts();
        let tally = PriceTally {
            report: PriceReport {
                dry_run: call.validate_only,
                source: source.clone(),
                models_in_file: file.model_count(),
                prices_in_file,
                refused_in_file,
                ..PriceReport::default()
            },
            refused: OnceLock::new(),
        };
        self.write(
            call,
            |live| {
                let plan = plan(file, &live.snapshot, source, *create_missing);
                tally.refused.get_or_init(|| plan.refused);
                Ok(Command::ImportPrices(plan.command))
            },
            Sidecar::None,
            |applied| answer(tally.report(applied), applied),
            encode,
        )
        .await
    }
}
