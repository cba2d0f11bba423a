//! The whole state at one revision, for a server that starts.

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::call::Caller;
use crate::error::{DriverError, StoreError};
use crate::page::{self, ResourcePage};
use crate::rows::{CanaryRow, DekRow, EnvelopeRow, Head, ResourceRow, VerifierRow};
use crate::statement::Table;
use crate::store::{Store, read_head};
use crate::tables::{state, vault};

/// What to leave out.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadOptions<'a> {
    /// Kinds of resources that are not kept in memory.
    pub skip_kinds: &'a [&'a str],
}

/// Everything but the resources, from the same state of the database as they.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedState {
    /// The head of that state.
    pub head: Head,
    /// How many resources were handed over.
    pub resources: u64,
    /// The sealed keys.
    pub envelopes: Vec<EnvelopeRow>,
    /// What tokens are compared with.
    pub verifiers: Vec<VerifierRow>,
    /// The ring.
    pub deks: Vec<DekRow>,
    /// The canaries of the key-encryption keys.
    pub canaries: Vec<CanaryRow>,
}

impl Store {
    /// Reads the state as [`Store::load_pages`] does; `each` gets every resource by itself.
    ///
    /// # Errors
    /// As [`Store::load_pages`], and [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn load(
        &self,
        options: LoadOptions<'_>,
        mut each: impl FnMut(ResourceRow) + Send,
    ) -> Result<LoadedState, StoreError> {
        let mut broken = None;
        let loaded = self.load_pages(options, |page| {
            for row in page.rows() {
                match row {
                    Ok(row) => each(row.into()),
                    Err(error) => drop(broken.get_or_insert(error)),
                }
            }
        });
        let loaded = loaded.await?;
        broken.map_or(Ok(loaded), Err)
    }

    /// Reads the state in one read transaction; `each` gets every resource in the order of kind
    /// and key, by bytes.
    ///
    /// # Errors
    /// As every call.
    pub async fn load_pages(
        &self,
        options: LoadOptions<'_>,
        mut each: impl FnMut(ResourcePage) + Send,
    ) -> Result<LoadedState, StoreError> {
        let caller = &self.caller;
        let reads = caller.begin_read(&self.pools.read).await?;
        // The one who takes the rows may be slow.
        caller.allow_long_pauses(&reads).await?;
        let head = read_head(caller, &reads, false).await?;
        let mut resources = 0;
        let mut kind = next_kind(caller, &reads, None).await?;
        while let Some(name) = kind {
            if !options.skip_kinds.contains(&name.as_str()) {
                resources += load_kind(caller, &reads, &name, &mut each).await?;
            }
            kind = next_kind(caller, &reads, Some(&name)).await?;
        }
        let loaded = LoadedState {
            head,
            resources,
            envelopes: all(caller, &reads, &vault::ENVELOPE, vault::envelope).await?,
            verifiers: all(caller, &reads, &vault::VERIFIER, vault::verifier).await?,
            deks: all(caller, &reads, &vault::DEK, vault::dek).await?,
            canaries: all(caller, &reads, &vault::CANARY, vault::canary).await?,
        };
        caller.end_read(reads).await?;
        Ok(loaded)
    }
}

/// Reads a small table in the order of its key.
pub(crate) async fn all<C: ConnectionTrait, T, const N: usize>(
    caller: &Caller,
    on: &C,
    table: &'static Table<N>,
    decode: fn(&QueryResult) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut select = table.select();
    for key in table.columns.iter().take(table.key) {
        select.order_by(*key, Order::Asc);
    }
    let rows = caller.all(on, "read a table", &select).await?;
    rows.iter().map(decode).collect()
}

/// The kind after this one: a short look into the index, where `DISTINCT` would read it all.
async fn next_kind<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    after: Option<&str>,
) -> Result<Option<String>, StoreError> {
    const DURING: &str = "read the kinds";
    let mut select = Query::select();
    select
        .expr(Expr::col("kind").min())
        .from(state::RESOURCE.name);
    if let Some(after) = after {
        select.and_where(Expr::col("kind").gt(after));
    }
    let Some(row) = caller.one(on, DURING, &select).await? else {
        return Ok(None);
    };
    row.try_get_by_index(0).map_err(|_| StoreError::Other {
        during: DURING,
        source: DriverError::plain("a kind is not text"),
    })
}

async fn load_kind<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    kind: &str,
    each: &mut (impl FnMut(ResourcePage) + Send),
) -> Result<u64, StoreError> {
    let mut count = 0;
    let mut page = load_page(caller, on, kind, None).await?;
    loop {
        count += page.count();
        let Some(last) = page.full().map(str::to_owned) else {
            each(page);
            return Ok(count);
        };
        // The query first: the database makes the next page while this one is taken.
        let next = load_page(caller, on, kind, Some(&last));
        let take = async {
            each(page);
            Ok(())
        };
        (page, ()) = futures::future::try_join(next, take).await?;
    }
}

async fn load_page<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    kind: &str,
    after: Option<&str>,
) -> Result<ResourcePage, StoreError> {
    let select = page::select(caller.backend, kind, after);
    let row = caller.one(on, "load resources", &select).await?;
    ResourcePage::new(kind, row.as_ref())
}
