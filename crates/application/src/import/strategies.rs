//! Strategies, read from their rows.

use aiconfig_domain::{
    AccountEntry, AccountId, ItemId, LibraryItem, MAX_ITEM_DESCRIPTION_CHARS, OwnItem, PromptType,
    Resource, ResourceKey, Snapshot, Stored, Strategy, StrategyCategory,
};
use serde_json::Value;

use super::cells::{Fields, is_blank, shown};
use super::dump::Kind;
use super::items::{Item, category, dropped};
use super::planner::{Planner, RowId};
use super::report::{Consequence, Totals};
use super::structure::{object, words};

/// Characters of a sector.
const SECTOR: usize = 255;
/// Prompt types of one strategy.
const PROMPT_TYPES: usize = 20;

impl Item for Strategy {
    const KINDS: [Kind; 2] = [Kind::GlobalStrategy, Kind::Strategy];
    const WHAT: &'static str = "strategy";

    fn read(
        planner: &mut Planner<'_>,
        row: RowId,
        fields: &Fields,
        name: String,
        origin: Option<&Self>,
    ) -> Self {
        let class = dropped(planner, row);
        let usual = origin.map_or(StrategyCategory::Blog, |origin| origin.category);
        Self {
            name,
            description: words(
                planner,
                row,
                fields,
                "description",
                MAX_ITEM_DESCRIPTION_CHARS,
                class,
            ),
            category: category(planner, row, fields, StrategyCategory::parse, usual),
            prompt_types: prompt_types(planner, row, fields, class),
            section_logic: object(planner, row, fields, "section_logic", class),
            sector: sector(planner, row, fields, class),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn global(snapshot: &Snapshot, id: ItemId) -> Option<&LibraryItem<Self>> {
        snapshot.library_strategy(id).map(|stored| &stored.value)
    }

    fn globals(snapshot: &Snapshot) -> impl Iterator<Item = &LibraryItem<Self>> {
        snapshot.library_strategies().map(|stored| &stored.value)
    }

    fn owned(entry: &AccountEntry) -> &[Stored<OwnItem<Self>>] {
        entry.strategies()
    }

    fn put_global(item: LibraryItem<Self>) -> Resource {
        Resource::LibraryStrategy(item)
    }

    fn put_own(item: OwnItem<Self>) -> Resource {
        Resource::OwnStrategy(item)
    }

    fn id_of(key: &ResourceKey) -> Option<(Option<AccountId>, ItemId)> {
        match key {
            ResourceKey::LibraryStrategy(id) => Some((None, *id)),
            ResourceKey::OwnStrategy(account, id) => Some((Some(*account), *id)),
            _ => None,
        }
    }

    fn total(totals: &mut Totals) -> &mut u64 {
        &mut totals.strategies
    }
}

/// The prompt types of a row, each once; those that the library does not have are left out.
fn prompt_types(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    dropped: Consequence,
) -> Vec<PromptType> {
    const FIELD: &str = "prompt_types";
    let given = fields.get(FIELD);
    let parsed = match given {
        value if is_blank(value) => return Vec::new(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(value) => value.clone(),
        None => return Vec::new(),
    };
    let Value::Array(items) = parsed else {
        let why = "not a list of prompt types";
        planner.tell(row, dropped, FIELD, "dropped", why);
        return Vec::new();
    };
    let mut types: Vec<PromptType> = Vec::new();
    for item in items {
        let name = item.as_str().map(str::trim).unwrap_or_default();
        let known = planner.after.global_prompt(name);
        let known = known.map(|stored| stored.value.prompt_type.clone());
        match known {
            Some(known) if types.contains(&known) => {}
            Some(_) if types.len() == PROMPT_TYPES => {
                let why = "a strategy has up to 20 prompt types";
                planner.tell(row, dropped, FIELD, "left out", why);
            }
            Some(known) => types.push(known),
            None => {
                let done = format!("{} left out", shown(name));
                let why = "the library has no prompt of this type";
                planner.tell(row, dropped, FIELD, done, why);
            }
        }
    }
    types
}

/// The sector of a row: a text, as rows of other tables are not in the dump.
fn sector(planner: &mut Planner<'_>, row: RowId, fields: &Fields, dropped: Consequence) -> String {
    if fields.get("sector").is_some_and(Value::is_number) {
        let why = "a reference to a table that is not taken; a sector is a text here";
        planner.tell(row, dropped, "sector", "dropped", why);
        return String::new();
    }
    words(planner, row, fields, "sector", SECTOR, dropped)
}
