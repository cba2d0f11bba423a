//! Prompt texts: those of the library are in memory, those of accounts behind a bounded cache. A
//! text is found by its hash, so that a change of a prompt makes nothing in the cache wrong.

use std::collections::HashMap;
use std::sync::Arc;

use aiconfig_domain::{PromptText, TextHash};
use aiconfig_persistence::{Store, TextRow};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::{AppError, Application, Live};

/// What an entry costs beside its text.
const ENTRY: u64 = 128;
/// The size of a usual prompt, by which the cache guesses how many it will hold.
const USUAL: u64 = 4 * 1024;

/// Texts by hash.
pub(crate) type Texts = HashMap<TextHash, Arc<str>>;

/// Weighs a text by its bytes.
#[derive(Clone)]
pub(crate) struct ByBytes;

impl Weighter<TextHash, Arc<str>> for ByBytes {
    fn weight(&self, _: &TextHash, text: &Arc<str>) -> u64 {
        text.len() as u64 + ENTRY
    }
}

/// The texts of accounts that were asked for lately.
pub(crate) type TextCache = Cache<TextHash, Arc<str>, ByBytes>;

/// A cache that holds so many bytes.
pub(crate) fn cache(bytes: u64) -> TextCache {
    let items = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
    Cache::with_weighter(items.max(1), bytes, ByBytes)
}

/// The row that keeps a text.
pub(crate) fn row(text: &PromptText) -> TextRow {
    TextRow {
        hash: text.hash().as_bytes().to_vec(),
        value: text.shared(),
    }
}

impl Live {
    /// Takes in the library's texts that are among some, and drops those that the library has no
    /// more use for. Says which it lacks.
    pub(crate) fn take_texts(&mut self, given: &Texts) -> Vec<TextHash> {
        let prompts = self.snapshot.global_prompts();
        let wanted: Vec<TextHash> = prompts.map(|prompt| prompt.value.text).collect();
        let lacks = |hash: &&TextHash| !self.texts.contains_key(hash);
        let missing: Vec<TextHash> = wanted.iter().filter(lacks).copied().collect();
        // Nearly every change is about something else.
        if missing.is_empty() && self.texts.keys().all(|hash| wanted.contains(hash)) {
            return missing;
        }
        let taken = missing.iter().filter_map(|hash| given.get_key_value(hash));
        let mut texts = Texts::clone(&self.texts);
        texts.extend(taken.map(|(hash, text)| (*hash, Arc::clone(text))));
        texts.retain(|hash, _| wanted.contains(hash));
        self.texts = Arc::new(texts);
        missing
            .into_iter()
            .filter(|hash| !given.contains_key(hash))
            .collect()
    }
}

/// Reads the texts of the library that a state lacks.
pub(crate) async fn take_library(store: &Store, live: &mut Live) -> Result<(), AppError> {
    let missing = live.take_texts(&Texts::new());
    if !missing.is_empty() {
        let hashes: Vec<[u8; 32]> = missing.iter().map(|hash| *hash.as_bytes()).collect();
        let found = read(store, &hashes).await?;
        live.take_texts(&found);
    }
    Ok(())
}

/// Reads texts; a row whose text is not that of its hash counts as none.
pub(crate) async fn read(store: &Store, hashes: &[[u8; 32]]) -> Result<Texts, AppError> {
    let rows = store.texts(hashes).await?;
    let sound = rows.into_iter().filter_map(|row| {
        let hash = TextHash::of(&row.value);
        (hash.as_bytes().as_slice() == row.hash.as_slice()).then_some((hash, row.value))
    });
    Ok(sound.collect())
}

impl Application {
    /// A text: from memory, else from the database.
    ///
    /// # Errors
    /// As the store's, where it is not in memory; [`AppError::Inconsistent`] if it is nowhere.
    pub async fn text(&self, live: &Live, hash: TextHash) -> Result<Arc<str>, AppError> {
        if let Some(text) = live.texts.get(&hash) {
            return Ok(Arc::clone(text));
        }
        let read = async {
            let found = read(&self.store, &[*hash.as_bytes()]).await?;
            found
                .into_values()
                .next()
                .ok_or_else(|| AppError::Inconsistent {
                    what: format!("the prompt text {hash}"),
                })
        };
        self.texts.get_or_insert_async(&hash, read).await
    }

    /// Reads those of some texts into the cache that are not in memory.
    ///
    /// # Errors
    /// As the store's.
    pub(crate) async fn fetch_texts(
        &self,
        live: &Live,
        hashes: &[TextHash],
    ) -> Result<(), AppError> {
        let here =
            |hash: &TextHash| live.texts.contains_key(hash) || self.texts.get(hash).is_some();
        let missing = hashes.iter().filter(|hash| !here(hash));
        let missing: Vec<[u8; 32]> = missing.map(|hash| *hash.as_bytes()).collect();
        // A single one is read where it is asked for, once for all who wait for it.
        if missing.len() > 1 {
            for (hash, text) in read(&self.store, &missing).await? {
                self.texts.insert(hash, text);
            }
        }
        Ok(())
    }

    /// The bytes that the cache of accounts' texts holds.
    #[must_use]
    pub fn text_cache_bytes(&self) -> u64 {
        self.texts.weight()
    }

    /// Puts the texts of a change that was just written where the next reader looks. One of the
    /// library that is not among them is read when it is asked for.
    pub(crate) fn keep_texts(&self, next: &mut Live, texts: &[PromptText]) {
        for text in texts {
            self.texts.insert(text.hash(), text.shared());
        }
        let given = texts.iter().map(|text| (text.hash(), text.shared()));
        next.take_texts(&given.collect());
    }
}
