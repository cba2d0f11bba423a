//! Putting a merge together once each conflict has a resolution. Never half.

use crate::template::{TextFault, check_text};

use super::{Chunk, Merge};

/// What to put in the place of a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The lines of ours.
    Ours,
    /// The lines of theirs.
    Theirs,
    /// The lines of the base.
    Base,
    /// Lines of one's own, byte for byte; empty: none.
    Text(String),
}

impl Resolution {
    fn of<'r>(&'r self, conflict: &Chunk<'r>) -> &'r str {
        match self {
            Self::Ours => conflict.ours.text,
            Self::Theirs => conflict.theirs.text,
            Self::Base => conflict.base.text,
            Self::Text(text) => text,
        }
    }
}

/// Why resolutions do not fit a merge. Texts are not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveFault {
    /// Not one for each conflict.
    #[error("a resolution for each of the {conflicts} conflicts, these are {given}")]
    Count {
        /// The conflicts of the merge.
        conflicts: usize,
        /// The resolutions given.
        given: usize,
    },
    /// A text that does not end its last line, with more lines after it.
    #[error("a text that ends with a line end, as lines follow conflict {conflict}")]
    Unterminated {
        /// The index of the conflict, from 0 on.
        conflict: usize,
    },
    /// No prompt may have the merged text.
    #[error(transparent)]
    Text(#[from] TextFault),
}

impl Merge<'_> {
    /// The merged text, with a resolution for each conflict, in order; none for a clean merge.
    ///
    /// # Errors
    /// The resolutions do not fit, or no prompt may have the text; there is no text then.
    pub fn resolve(&self, resolutions: &[Resolution]) -> Result<String, ResolveFault> {
        let conflicts = self.conflicts().count();
        if conflicts != resolutions.len() {
            let given = resolutions.len();
            return Err(ResolveFault::Count { conflicts, given });
        }
        let mut resolved = resolutions.iter();
        let mut merged = String::new();
        for chunk in &self.chunks {
            let before = conflicts - resolved.len();
            let text = match chunk.merged() {
                Some(text) => text,
                None => resolved.next().map_or("", |choice| choice.of(chunk)),
            };
            // Lines of the three texts are whole but for their last, which nothing follows; what
            // follows a conflict has a line at least.
            if !merged.is_empty() && !merged.ends_with('\n') {
                let conflict = before.saturating_sub(1);
                return Err(ResolveFault::Unterminated { conflict });
            }
            merged.push_str(text);
        }
        check_text(&merged)?;
        Ok(merged)
    }
}
