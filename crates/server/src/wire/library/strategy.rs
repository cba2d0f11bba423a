//! Strategies on the wire.

use aiconfig_domain::{
    Draft, LibraryItem, OwnItem, PromptType, Stored, Strategy, StrategyCategory, StrategyField,
};
use aiconfig_proto::v1;

use super::structure::{read_structure, structure};
use super::{LibraryWire, OwnPlace, library_messages};
use crate::wire::common::{Faults, time};
use crate::wire::enums::{read_strategy_category, strategy_category};

impl LibraryWire for Strategy {
    const IDS: (&'static str, &'static str) = ("strategy_id", "strategy_ids");
    const CATEGORY_PREFIX: &'static str = "STRATEGY_CATEGORY_";

    fn categories() -> Vec<&'static str> {
        StrategyCategory::ALL
            .iter()
            .map(|one| one.as_str())
            .collect()
    }

    fn category(&self) -> &'static str {
        self.category.as_str()
    }

    library_messages! {
        GlobalStrategy Strategy strategy_id {
            name: name.clone(),
            description: description.clone(),
            category: strategy_category(*category),
            prompt_types: prompt_types.iter().map(ToString::to_string).collect(),
            section_logic: Some(structure(section_logic)),
            sector: sector.clone(),
        }
    }

    fn gives(given: &v1::GlobalStrategy, field: StrategyField) -> bool {
        match field {
            StrategyField::Name => !given.name.is_empty(),
            StrategyField::Description => !given.description.is_empty(),
            StrategyField::Category => given.category != v1::StrategyCategory::Unspecified as i32,
            StrategyField::PromptTypes => !given.prompt_types.is_empty(),
            StrategyField::SectionLogic => given.section_logic.is_some(),
            StrategyField::Sector => !given.sector.is_empty(),
            StrategyField::Active => given.active.is_some(),
        }
    }

    fn read(
        faults: &mut Faults,
        holder: &str,
        given: v1::GlobalStrategy,
        taken: &[StrategyField],
    ) -> Option<Draft<Self>> {
        let v1::GlobalStrategy {
            strategy_id: _,
            name,
            description,
            category,
            prompt_types,
            section_logic,
            sector,
            active,
            version: _,
            etag: _,
            revision: _,
            create_time: _,
            update_time: _,
            updated_by: _,
        } = given;
        let at = |field: &str| format!("{holder}.{field}");
        let category = if taken.contains(&StrategyField::Category) {
            read_strategy_category(faults, &at("category"), category)
        } else {
            Some(StrategyCategory::Blog)
        };
        let mut types = Vec::new();
        if taken.contains(&StrategyField::PromptTypes) {
            for (place, name) in prompt_types.iter().enumerate() {
                let field = at(&format!("prompt_types[{place}]"));
                types.extend(faults.need(&field, PromptType::parse(name), PromptType::RULE));
            }
        }
        let section_logic = read_structure(faults, &at("section_logic"), section_logic);
        Some(Draft {
            active: active.unwrap_or(true),
            content: Self {
                name,
                description,
                category: category?,
                prompt_types: types,
                section_logic,
                sector,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_only_what_it_takes() {
        let given = v1::GlobalStrategy {
            prompt_types: vec!["ideas".to_owned(), "No Slug".to_owned()],
            ..v1::GlobalStrategy::default()
        };
        let read = |taken: &[StrategyField]| {
            let mut faults = Faults::default();
            let draft = Strategy::read(&mut faults, "x", given.clone(), taken);
            let fields = faults
                .into_violations()
                .into_iter()
                .map(|fault| fault.field);
            (draft.is_some(), fields.collect::<Vec<_>>())
        };
        assert_eq!(read(&[StrategyField::Sector]), (true, vec![]));
        let both = [StrategyField::Category, StrategyField::PromptTypes];
        let faults = ["x.category", "x.prompt_types[1]"].map(ToOwned::to_owned);
        assert_eq!(read(&both), (false, faults.to_vec()));
    }
}
