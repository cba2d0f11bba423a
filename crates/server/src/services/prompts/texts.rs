//! Texts that are looked up together.

use std::collections::HashMap;
use std::sync::Arc;

use aiconfig_application::{AppError, Live};
use aiconfig_domain::TextHash;

use super::Services;
use crate::errors::ApiError;

/// Texts that were looked up, and why some are missing, if any is.
#[derive(Default)]
pub(in crate::services) struct Found {
    texts: HashMap<TextHash, Arc<str>>,
    failed: Option<ApiError>,
}

impl Found {
    /// One of them.
    ///
    /// # Errors
    /// As the database's; `DATA_LOSS` if it does not have the text.
    pub(in crate::services) fn text(&self, hash: TextHash) -> Result<&Arc<str>, ApiError> {
        self.texts.get(&hash).ok_or_else(|| {
            let nowhere = || ApiError::from(AppError::text_missing(hash));
            self.failed.clone().unwrap_or_else(nowhere)
        })
    }

    /// All of them.
    ///
    /// # Errors
    /// If one is missing.
    pub(in crate::services) fn whole(self) -> Result<HashMap<TextHash, Arc<str>>, ApiError> {
        self.failed.map_or(Ok(self.texts), Err)
    }

    /// Takes in others.
    pub(in crate::services) fn join(&mut self, others: Self) {
        self.texts.extend(others.texts);
        self.failed = self.failed.take().or(others.failed);
    }
}

impl Services {
    /// Looks texts up, those that are not in memory with one look at the database.
    pub(in crate::services) async fn found(
        &self,
        live: &Live,
        hashes: impl IntoIterator<Item = TextHash>,
    ) -> Found {
        let (texts, failed) = self.0.app.texts(live, hashes).await;
        Found {
            texts,
            failed: failed.map(ApiError::from),
        }
    }

    /// A text.
    pub(in crate::services) async fn text(
        &self,
        live: &Live,
        hash: TextHash,
    ) -> Result<Arc<str>, ApiError> {
        Ok(self.0.app.text(live, hash).await?)
    }
}
