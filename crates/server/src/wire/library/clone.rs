//! What a clone is asked for.

use std::collections::BTreeSet;

use aiconfig_domain::{AccountId, ItemId, Rejection};

use super::{ABOVE_ZERO, LibraryWire};
use crate::wire::common::Faults;

/// Copies of one clone.
const MOST_COPIES: usize = 1_000_000;
/// Characters of the suffix of names.
const SUFFIX_LIMIT: usize = 100;

/// Which items a clone copies to which accounts.
#[derive(Debug)]
pub(crate) struct CloneOrder {
    pub(crate) items: Vec<ItemId>,
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) name_suffix: Option<String>,
}

/// Reads what a clone is asked for.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn clone_order<T: LibraryWire>(
    items: &[i64],
    accounts: &[i64],
    name_suffix: Option<String>,
) -> Result<CloneOrder, Rejection> {
    let mut faults = Faults::default();
    if items.len().saturating_mul(accounts.len()) > MOST_COPIES {
        let rule = "times the number of items at most 1000000";
        faults.add("account_ids", rule);
        return faults.finish(None);
    }
    let items = numbers(&mut faults, T::IDS.1, items, ItemId::new);
    let accounts = numbers(&mut faults, "account_ids", accounts, AccountId::new);
    let suffix = name_suffix.as_deref().unwrap_or_default();
    if suffix.chars().count() > SUFFIX_LIMIT || suffix.contains('\0') {
        faults.add("name_suffix", "up to 100 characters, no NUL");
    }
    faults.finish(Some(CloneOrder {
        items,
        accounts,
        name_suffix,
    }))
}

/// Numbers of which there must be one, and none twice. Of many faults only the first is told.
pub(super) fn numbers<N: Copy + Ord>(
    faults: &mut Faults,
    field: &str,
    given: &[i64],
    read: impl Fn(i64) -> Option<N>,
) -> Vec<N> {
    if given.is_empty() {
        faults.add(field, "must have at least one number");
    }
    let mut seen = BTreeSet::new();
    for (at, number) in given.iter().enumerate() {
        let rule = match read(*number) {
            None => ABOVE_ZERO,
            Some(number) if !seen.insert(number) => "each number once",
            Some(_) => continue,
        };
        faults.add(format!("{field}[{at}]"), rule);
        break;
    }
    given.iter().copied().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use aiconfig_domain::AuthorProfile;

    use super::*;

    #[test]
    fn a_clone_names_items_and_accounts_once() {
        let faults = |items: &[i64], accounts: &[i64], suffix: Option<&str>| {
            let suffix = suffix.map(ToOwned::to_owned);
            let read = clone_order::<AuthorProfile>(items, accounts, suffix);
            let faults = read.err().map(|rejection| rejection.violations);
            let faults = faults.unwrap_or_default().into_iter();
            faults.map(|fault| fault.field).collect::<Vec<_>>()
        };
        assert_eq!(faults(&[1], &[7, 8], Some("")), [""; 0]);
        assert_eq!(
            faults(&[], &[], None),
            ["author_profile_ids", "account_ids"]
        );
        assert_eq!(
            faults(&[1, 1], &[7, 0], Some(&"x".repeat(101))),
            ["author_profile_ids[1]", "account_ids[1]", "name_suffix"]
        );
        let many: Vec<i64> = (1..=1_001).collect();
        assert_eq!(faults(&many, &many, None), ["account_ids"]);
    }
}
