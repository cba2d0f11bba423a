//! Reading the audit, and checking that its chain is whole.

use aiconfig_persistence::{AuditFilter, AuditRow, Head, Seek};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::ring::Purpose;

use crate::{AppError, Application, audit};

/// Records that one step of a check reads.
const STEP: u64 = 1_000;

/// A page of the audit.
pub struct AuditPage {
    /// The records, in the order asked for.
    pub rows: Vec<AuditRow>,
    /// How many match in all.
    pub total: u64,
}

/// What a check of the chain came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Records that were checked.
    pub checked: u64,
    /// The first record at fault and what is wrong there, if any.
    pub fault: Option<(u64, String)>,
    /// The head's sequence.
    pub head_sequence: u64,
    /// The head's hash.
    pub head_hash: Vec<u8>,
}

impl Application {
    /// A page of the audit.
    ///
    /// # Errors
    /// As the store's.
    pub async fn audit_page(
        &self,
        filter: &AuditFilter,
        seek: Seek,
        limit: u64,
    ) -> Result<AuditPage, AppError> {
        let rows = self.store.list_audit(filter, seek, limit).await?;
        Ok(AuditPage {
            rows,
            total: self.store.count_audit(filter).await?,
        })
    }

    /// Checks the whole chain: names a record that was changed, removed, inserted or cut off.
    ///
    /// # Errors
    /// [`VaultError::KeyUnavailable`] where the audit key is missing, or as the store's.
    pub async fn verify_audit(&self) -> Result<ChainReport, AppError> {
        self.ring().require(Purpose::Audit)?;
        let Head {
            audit_sequence: head_sequence,
            audit_hash: head_hash,
            ..
        } = self.store.head().await?;
        let mut report = ChainReport {
            checked: 0,
            fault: None,
            head_sequence,
            head_hash,
        };
        let mut prev: Option<Vec<u8>> = None;
        while report.checked < head_sequence {
            let page = self
                .store
                .audit_page_for_verify(report.checked + 1, STEP)
                .await?;
            if page.is_empty() {
                break;
            }
            for row in page.iter().take_while(|row| row.sequence <= head_sequence) {
                let wanted = report.checked + 1;
                let fault = if row.sequence != wanted {
                    Some("the record is missing")
                } else if prev.as_ref().is_some_and(|prev| *prev != row.prev_hash) {
                    Some("the record does not follow the one before it")
                } else {
                    match audit::holds(&self.ring(), &row.prev_hash, row) {
                        Ok(()) => None,
                        Err(VaultError::Damaged { .. }) => Some("the record was changed"),
                        Err(error) => return Err(error.into()),
                    }
                };
                if let Some(what) = fault {
                    report.fault = Some((wanted, what.to_owned()));
                    return Ok(report);
                }
                report.checked = row.sequence;
                prev = Some(row.hash.clone());
            }
        }
        if report.checked < head_sequence {
            report.fault = Some((
                report.checked + 1,
                "the record is missing: the chain is cut off".to_owned(),
            ));
        } else if prev.is_some_and(|last| last != report.head_hash) {
            report.fault = Some((head_sequence, "the last record is not the head".to_owned()));
        }
        Ok(report)
    }
}
