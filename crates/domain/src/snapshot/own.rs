//! The items that accounts own. A copy that is as its origin shares the origin's content: a clone
//! to ten thousand accounts is kept once.

use std::sync::Arc;

use crate::{
    AccountId, AuthorProfile, ItemId, Meta, OwnItem, OwnLibrary, PromptType, Snapshot, Stored,
    Strategy,
};

impl Snapshot {
    pub(super) fn put_own_profile(&mut self, mut item: OwnItem<AuthorProfile>, meta: Meta) {
        let origin = item.origin.and_then(|origin| self.profiles.get(&origin.id));
        if let Some(origin) = origin.filter(|origin| origin.value.content == item.content) {
            item.content = Arc::clone(&origin.value.content);
        }
        let own = self.own_library(item.account_id, &meta);
        insert(&mut own.profiles, item, meta);
    }

    pub(super) fn put_own_strategy(&mut self, mut item: OwnItem<Strategy>, meta: Meta) {
        let origin = item
            .origin
            .and_then(|origin| self.strategies.get(&origin.id));
        if let Some(origin) = origin.filter(|origin| origin.value.content == item.content) {
            item.content = Arc::clone(&origin.value.content);
        }
        self.count_prompts(&item.content.prompt_types, 1);
        let own = self.own_library(item.account_id, &meta);
        insert(&mut own.strategies, item, meta);
    }

    pub(super) fn remove_own_profile(&mut self, account: AccountId, id: ItemId) {
        if let Some(own) = self.kept_library(account) {
            own.profiles.retain(|item| item.value.id != id);
        }
    }

    pub(super) fn remove_own_strategy(&mut self, account: AccountId, id: ItemId) {
        let Some(own) = self.kept_library(account) else {
            return;
        };
        let at = own.strategies.iter().position(|item| item.value.id == id);
        if let Some(at) = at {
            let removed = own.strategies.remove(at);
            self.count_prompts(&removed.value.content.prompt_types, -1);
        }
    }

    fn own_library(&mut self, account: AccountId, meta: &Meta) -> &mut OwnLibrary {
        let rare = self.entry(account, meta).rare();
        Arc::make_mut(rare.library.get_or_insert_default())
    }

    fn kept_library(&mut self, account: AccountId) -> Option<&mut OwnLibrary> {
        self.kept_rare(account)?.library.as_mut().map(Arc::make_mut)
    }

    fn count_prompts(&mut self, named: &[PromptType], by: i64) {
        for prompt_type in named {
            let count = self.named_by_strategies.get(prompt_type).copied();
            let count = count.unwrap_or(0) + by;
            if count == 0 {
                self.named_by_strategies.remove(prompt_type);
            } else {
                self.named_by_strategies.insert(prompt_type.clone(), count);
            }
        }
    }
}

fn insert<T>(items: &mut Vec<Stored<OwnItem<T>>>, value: OwnItem<T>, meta: Meta) {
    let at = items.partition_point(|item| item.value.id < value.id);
    if items.len() == items.capacity() {
        // By an eighth: few are ever added, and there are many accounts.
        items.reserve_exact(1 + items.len() / 8);
    }
    items.insert(at, Stored { value, meta });
}
