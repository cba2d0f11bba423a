//! Rows of accounts: whose they are, whether their plan lets them count, and what goes with them.

use std::collections::BTreeSet;

use aiconfig_domain::{AccountEntry, AccountId, Change, ResourceKey};

use super::cells::Fields;
use super::dump::Pk;
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::report::{Consequence, Totals};

impl Planner<'_> {
    /// Tells that a row was stored for an account whose plan keeps it dormant, if it does.
    pub(super) fn tell_dormant(&mut self, row: RowId, account: AccountId, what: &str) {
        let entry = self.after.account(account).and_then(AccountEntry::live);
        if entry.is_some_and(|account| !account.plan.rules().may_override) {
            let done = format!("stored as {what}, dormant");
            let why = "the account is on FREE, which may override nothing; an upgrade wakes it";
            self.tell(row, Consequence::Dormant, "", done, why);
        }
    }

    /// The account of a row, if it is registered and was not deleted here.
    pub(super) fn owner(&self, fields: &Fields) -> Option<AccountId> {
        let Some(Pk::Number(number)) = fields.get("account").and_then(Pk::of) else {
            return None;
        };
        let id = AccountId::new(number)?;
        self.after.account(id)?.live().map(|_| id)
    }

    /// Rows with the accounts that own them; orphans are left out.
    pub(super) fn owned(
        &mut self,
        rows: Vec<(RowId, Fields)>,
    ) -> Vec<(RowId, (AccountId, Fields))> {
        let mut owned = Vec::with_capacity(rows.len());
        for (row, fields) in rows {
            if let Some(account) = self.owner(&fields) {
                owned.push((row, (account, fields)));
            } else {
                let why = "its account is neither in the dump nor here, or was deleted here";
                self.leave_out(row, "account", why);
            }
        }
        owned
    }

    /// Takes away what rows wrote for accounts at an earlier import, where no row speaks of it now.
    pub(super) fn clear_abandoned(
        &mut self,
        rows: &[RowId],
        total: impl Fn(&mut Totals) -> &mut u64,
    ) {
        let mut spoken: BTreeSet<Cell> = BTreeSet::new();
        for row in rows {
            let head = &self.heads[*row];
            spoken.extend(head.cells.iter().map(|(cell, _)| cell.clone()));
            if !head.fresh && !head.left {
                let former = self.ledger.cells(head.kind, &head.pk);
                spoken.extend(former.iter().cloned());
            }
        }
        for row in rows {
            for cell in self.abandoned(*row) {
                let of_account = matches!(
                    cell.key,
                    ResourceKey::AccountPrompt(..)
                        | ResourceKey::AccountModules(_)
                        | ResourceKey::OwnProfile(..)
                        | ResourceKey::OwnStrategy(..)
                );
                let stands = of_account && self.after.resource(&cell.key).is_some();
                if stands && !spoken.contains(&cell) {
                    let key = cell.key.clone();
                    if self.may_write(*row, cell, "", false) {
                        *total(&mut self.draft.totals) += 1;
                        self.change(Change::Delete(key));
                    }
                }
            }
        }
    }
}
