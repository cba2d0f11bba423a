//! How far the platform's text has gone on since an account took it over.

/// How many versions newer than `based_on` brought another text than the version before them.
///
/// `history` has versions with their texts (or digests of them), oldest first, from `based_on`
/// on; older ones do no harm. A version that brought back an earlier text counts too: it was a
/// change. Where `based_on` itself is not in the history, the first newer version counts.
pub fn behind_by<T: PartialEq>(based_on: u32, history: impl IntoIterator<Item = (u32, T)>) -> u32 {
    let mut before = None;
    let mut behind = 0;
    for (version, text) in history {
        if version > based_on && before.as_ref() != Some(&text) {
            behind += 1;
        }
        before = Some(text);
    }
    behind
}
