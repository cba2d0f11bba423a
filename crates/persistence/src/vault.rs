//! The ring of wrapped keys, and the sealed keys beside it.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Order, Query};

use crate::call::Caller;
use crate::commit;
use crate::decode::small;
use crate::error::{DriverError, StoreError};
use crate::load::all;
use crate::rows::{CanaryRow, DekRow, EnvelopeRow};
use crate::steps::Step;
use crate::store::Store;
use crate::tables::vault::{
    CANARY, DEK, ENVELOPE, canary, canary_values, dek, dek_values, envelope,
};

/// Keys that one query asks for.
const KEYS: usize = 400;

/// What is sealed, all of it from one state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRows {
    /// The ring.
    pub deks: Vec<DekRow>,
    /// The canaries.
    pub canaries: Vec<CanaryRow>,
    /// The sealed keys that were asked for.
    pub envelopes: Vec<EnvelopeRow>,
}

impl Store {
    /// The ring, by purpose and version.
    ///
    /// # Errors
    /// As every call.
    pub async fn deks(&self) -> Result<Vec<DekRow>, StoreError> {
        all(&self.caller, &self.pools.read, &DEK, dek).await
    }

    /// The ring, its canaries and the named key envelopes, or all of these; as they are now.
    ///
    /// # Errors
    /// As every call.
    pub async fn sealed(&self, keys: Option<&[(String, u32)]>) -> Result<SealedRows, StoreError> {
        let caller = &self.caller;
        let reads = caller.begin_read(&self.pools.read).await?;
        let envelopes = match keys {
            Some(keys) => envelopes_for(caller, &reads, keys).await?,
            None => all(caller, &reads, &ENVELOPE, envelope).await?,
        };
        let rows = SealedRows {
            deks: all(caller, &reads, &DEK, dek).await?,
            canaries: all(caller, &reads, &CANARY, canary).await?,
            envelopes,
        };
        caller.end_read(reads).await?;
        Ok(rows)
    }

    /// The key envelopes that are not erased, by provider and version, after the given place, at
    /// most `limit`.
    ///
    /// # Errors
    /// As every call.
    pub async fn envelopes_page(
        &self,
        after: Option<(&str, u32)>,
        limit: u64,
    ) -> Result<Vec<EnvelopeRow>, StoreError> {
        envelopes_page(&self.caller, &self.pools.read, after, limit).await
    }

    /// How many key envelopes are not erased.
    ///
    /// # Errors
    /// As every call.
    pub async fn count_envelopes(&self) -> Result<u64, StoreError> {
        const DURING: &str = "count envelopes";
        let mut select = Query::select();
        select
            .expr(Expr::col("version").count())
            .from(ENVELOPE.name)
            .and_where(Expr::col("envelope").is_not_null());
        let row = self.caller.one(&self.pools.read, DURING, &select).await?;
        row.and_then(|row| row.try_get_by_index::<i64>(0).ok())
            .and_then(|count| u64::try_from(count).ok())
            .ok_or_else(|| StoreError::Other {
                during: DURING,
                source: DriverError::plain("the count is not a number"),
            })
    }

    /// Stores the first ring. Of several servers that start at once, one does.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is a ring or a canary already,
    /// [`StoreError::RingMissing`] if there was one, or as a write.
    pub async fn create_ring(&self, ring: &[DekRow], first: &CanaryRow) -> Result<(), StoreError> {
        let (caller, transaction, head) = self.begin_write().await?.into_parts();
        let deks = all(&caller, &transaction, &DEK, dek).await?;
        let canaries = all(&caller, &transaction, &CANARY, canary).await?;
        if !deks.is_empty() || !canaries.is_empty() {
            return Err(StoreError::Conflict {
                what: "there is a ring already",
            });
        }
        let sealed = all(&caller, &transaction, &ENVELOPE, envelope).await?;
        if !head.is_new() || !sealed.is_empty() {
            return Err(StoreError::RingMissing);
        }
        let mut steps = DEK.inserts(ring.iter().map(dek_values));
        steps.extend(CANARY.inserts([canary_values(first)]));
        let steps: Vec<Step> = steps.into_iter().map(Step::Insert).collect();
        commit::write(&caller, &transaction, steps, &head, &head, false).await?;
        caller.commit(transaction).await
    }
}

pub(crate) async fn envelopes_for<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    keys: &[(String, u32)],
) -> Result<Vec<EnvelopeRow>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    for keys in keys.chunks(KEYS) {
        let mut versions: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (provider, version) in keys {
            let of_provider = versions.entry(provider).or_default();
            of_provider.push(small(*version));
        }
        let wanted = versions.into_iter().map(|(provider, versions)| {
            let version = Expr::col("version").is_in(versions);
            Expr::col("provider").eq(provider).and(version)
        });
        let mut select = ENVELOPE.select();
        select.cond_where(wanted.fold(Condition::any(), Condition::add));
        for row in &caller.all(on, "read envelopes", &select).await? {
            found.push(envelope(row)?);
        }
    }
    Ok(found)
}

pub(crate) async fn envelopes_page<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    after: Option<(&str, u32)>,
    limit: u64,
) -> Result<Vec<EnvelopeRow>, StoreError> {
    let mut select = ENVELOPE.select();
    select
        .and_where(Expr::col("envelope").is_not_null())
        .order_by("provider", Order::Asc)
        .order_by("version", Order::Asc)
        .limit(limit);
    if let Some((provider, version)) = after {
        let place = Expr::tuple([Expr::col("provider"), Expr::col("version")]);
        select.and_where(place.gt(Expr::tuple([provider.into(), small(version).into()])));
    }
    let rows = caller.all(on, "read envelopes", &select).await?;
    rows.iter().map(envelope).collect()
}
