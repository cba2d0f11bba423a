//! Prompt texts: those of the library are in memory, those of accounts behind a bounded cache. A
//! text is found by its hash, so that a change of a prompt makes nothing in the cache wrong.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use aiconfig_domain::template::MAX_TEXT_BYTES;
use aiconfig_domain::{PromptText, TextHash};
use aiconfig_persistence::{Store, TextRow};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

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

/// A cache that holds so many bytes. It is in shards, each with its part of the bytes, and keeps no
/// text that is more than a shard: each has room for some of the longest.
pub(crate) fn cache(bytes: u64) -> TextCache {
    let items = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX).max(1);
    let cores = available_parallelism().map_or(1, NonZero::get);
    let roomy = usize::try_from(bytes / (4 * MAX_TEXT_BYTES as u64)).unwrap_or(usize::MAX);
    // The cache takes the power of two that is not below.
    let most = roomy.checked_ilog2().map_or(1, |power| 1 << power);
    let options = OptionsBuilder::new()
        .shards(most.min(4 * cores))
        .estimated_items_capacity(items)
        .weight_capacity(bytes)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            ByBytes,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ),
        // It is complete.
        Err(_) => Cache::with_weighter(items, bytes, ByBytes),
    }
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
        let found = read(store, &missing).await?;
        live.take_texts(&found);
    }
    Ok(())
}

/// Reads texts; a row whose text is not that of its hash counts as none.
pub(crate) async fn read(store: &Store, hashes: &[TextHash]) -> Result<Texts, AppError> {
    let hashes: Vec<[u8; 32]> = hashes.iter().map(|hash| *hash.as_bytes()).collect();
    let rows = store.texts(&hashes).await?;
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
            let found = read(&self.store, &[hash]).await?;
            let text = found.into_values().next();
            text.ok_or_else(|| AppError::text_missing(hash))
        };
        self.texts.get_or_insert_async(&hash, read).await
    }

    /// Texts by their hashes, those that are not in memory with one look at the database; and why
    /// the others are missing, if any is.
    pub async fn texts(
        &self,
        live: &Live,
        hashes: impl IntoIterator<Item = TextHash>,
    ) -> (HashMap<TextHash, Arc<str>>, Option<AppError>) {
        let mut found = Texts::new();
        let mut missing = BTreeSet::new();
        for hash in hashes {
            let here = live.texts.get(&hash).map(Arc::clone);
            match here.or_else(|| self.texts.get(&hash)) {
                Some(text) => drop(found.insert(hash, text)),
                None => drop(missing.insert(hash)),
            }
        }
        let missing: Vec<TextHash> = missing.into_iter().collect();
        let read = match missing.as_slice() {
            [] => Ok(Texts::new()),
            // Once for all who wait for it.
            [one] => self
                .text(live, *one)
                .await
                .map(|text| [(*one, text)].into()),
            many => read(&self.store, many).await.inspect(|read| {
                for (hash, text) in read {
                    self.texts.insert(*hash, Arc::clone(text));
                }
            }),
        };
        match read {
            Ok(read) => found.extend(read),
            Err(error) => return (found, Some(error)),
        }
        let nowhere = missing.iter().find(|hash| !found.contains_key(hash));
        let failed = nowhere.map(|hash| AppError::text_missing(*hash));
        (found, failed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_texts_are_kept_in_the_smallest_cache() {
        for bytes in [1 << 20, 3 << 20, 64 << 20] {
            let cache = cache(bytes);
            for letter in ["a", "b", "c"] {
                let text: Arc<str> = letter.repeat(MAX_TEXT_BYTES).into();
                let hash = TextHash::of(&text);
                cache.insert(hash, text);
                assert!(cache.get(&hash).is_some(), "{letter} in {bytes}");
                assert!(cache.weight() <= bytes);
            }
        }
    }
}
