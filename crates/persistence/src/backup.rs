//! A copy of a SQLite database while it is in use.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};

use crate::call::Caller;
use crate::error::{DriverError, StoreError};
use crate::store::Store;

/// A copy of a large database takes as long as its disk does.
const COPY_LIMIT: Duration = Duration::from_hours(24);

impl Store {
    /// Copies a SQLite database as it is at one moment into a file that is not there or empty, and
    /// packs it on the way: what was erased is not in the copy. Others read and write meanwhile;
    /// their write-ahead log only grows until the copy is done. The copy is not flushed to the disk.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] on PostgreSQL, which has tools of its own, or as every call.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let during = "copy the database";
        if !self.is_embedded() {
            return Err(StoreError::Unavailable {
                reason: "only a SQLite database can be copied to a file",
                source: None,
            });
        }
        let Some(file) = file.to_str() else {
            return Err(StoreError::Other {
                during,
                source: DriverError::plain("the name of the file is not UTF-8"),
            });
        };
        let caller = Caller {
            limit: COPY_LIMIT,
            ..self.caller.clone()
        };
        let copy = Statement::from_sql_and_values(caller.backend, "VACUUM INTO ?", [file.into()]);
        // It only reads, but a connection that may not write refuses it.
        let copied = self.pools.write.execute_raw(copy);
        caller.bound(during, copied).await.map(drop)
    }

    /// The size of a SQLite database in bytes, without its write-ahead log.
    ///
    /// # Errors
    /// As every call; on PostgreSQL it is refused.
    pub async fn size(&self) -> Result<u64, StoreError> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        let size = self.number(&self.pools.read, "measure the database", sql);
        Ok(u64::try_from(size.await?).unwrap_or_default())
    }
}
