//! The ring of wrapped keys.

use crate::commit;
use crate::error::StoreError;
use crate::load::all;
use crate::rows::{CanaryRow, DekRow};
use crate::steps::Step;
use crate::store::Store;
use crate::tables::vault::{CANARY, DEK, canary, canary_values, dek, dek_values};

impl Store {
    /// The ring, by purpose and version.
    ///
    /// # Errors
    /// As every call.
    pub async fn deks(&self) -> Result<Vec<DekRow>, StoreError> {
        all(&self.caller, &self.pools.read, &DEK, dek).await
    }

    /// The canaries of the key-encryption keys.
    ///
    /// # Errors
    /// As every call.
    pub async fn canaries(&self) -> Result<Vec<CanaryRow>, StoreError> {
        all(&self.caller, &self.pools.read, &CANARY, canary).await
    }

    /// Stores the first ring. Of several servers that start at once, one does.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is a ring or a canary already, or as a write.
    pub async fn create_ring(&self, ring: &[DekRow], first: &CanaryRow) -> Result<(), StoreError> {
        let (caller, transaction, head) = self.begin_write().await?.into_parts();
        let deks = all(&caller, &transaction, &DEK, dek).await?;
        let canaries = all(&caller, &transaction, &CANARY, canary).await?;
        if !deks.is_empty() || !canaries.is_empty() {
            return Err(StoreError::Conflict {
                what: "there is a ring already",
            });
        }
        let mut steps = DEK.inserts(ring.iter().map(dek_values));
        steps.extend(CANARY.inserts([canary_values(first)]));
        let steps: Vec<Step> = steps.into_iter().map(Step::Insert).collect();
        commit::write(&caller, &transaction, steps, &head, &head, false).await?;
        caller.commit(transaction).await
    }
}
