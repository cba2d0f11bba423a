//! What a model's state is, and what in the catalogue needs care (section 7).

/// Whether a model can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelStatus {
    /// It is active.
    Usable,
    /// It is not, but its replacements end in one that is.
    Retired,
    /// Neither.
    Inactive,
}
