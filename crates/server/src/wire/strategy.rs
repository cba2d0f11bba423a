//! Strategies on the wire.

use aiconfig_domain::{
    Draft, LibraryItem, OwnItem, PromptType, Stored, Strategy, StrategyCategory, StrategyField,
};
use aiconfig_proto::v1;

use super::common::{Faults, time};
use super::enums::{read_strategy_category, strategy_category};
use super::library::{LibraryWire, OwnPlace, read_structure, structure};

impl LibraryWire for Strategy {
    type Global = v1::GlobalStrategy;
    type Own = v1::Strategy;
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

    fn global_message(stored: &Stored<LibraryItem<Self>>, etag: String) -> v1::GlobalStrategy {
        let Stored { value, meta } = stored;
        let LibraryItem {
            id,
            active,
            version,
            content,
        } = value;
        let Self {
            name,
            description,
            category,
            prompt_types,
            section_logic,
            sector,
        } = &**content;
        v1::GlobalStrategy {
            strategy_id: id.get(),
            name: name.clone(),
            description: description.clone(),
            category: strategy_category(*category),
            prompt_types: prompt_types.iter().map(ToString::to_string).collect(),
            section_logic: Some(structure(section_logic)),
            sector: sector.clone(),
            active: Some(*active),
            version: *version,
            etag,
            revision: meta.revision,
            create_time: Some(time(meta.create_time)),
            update_time: Some(time(meta.update_time)),
            updated_by: meta.updated_by.to_string(),
        }
    }

    fn own_message(stored: &Stored<OwnItem<Self>>, place: &OwnPlace, etag: String) -> v1::Strategy {
        let Stored { value, meta } = stored;
        let OwnItem {
            account_id,
            id,
            active,
            origin,
            content,
        } = value;
        let Self {
            name,
            description,
            category,
            prompt_types,
            section_logic,
            sector,
        } = &**content;
        v1::Strategy {
            account_id: account_id.get(),
            strategy_id: id.get(),
            name: name.clone(),
            description: description.clone(),
            category: strategy_category(*category),
            prompt_types: prompt_types.iter().map(ToString::to_string).collect(),
            section_logic: Some(structure(section_logic)),
            sector: sector.clone(),
            active: Some(*active),
            custom: origin.is_none(),
            cloned_from: place.cloned_from(),
            cloned_version: place.cloned_version(),
            origin_version: place.origin_version(),
            origin_state: place.origin_state(),
            dormant: place.dormant,
            etag,
            revision: meta.revision,
            create_time: Some(time(meta.create_time)),
            update_time: Some(time(meta.update_time)),
            updated_by: meta.updated_by.to_string(),
        }
    }

    fn of_own(own: v1::Strategy) -> (i64, v1::GlobalStrategy) {
        let v1::Strategy {
            account_id,
            strategy_id,
            name,
            description,
            category,
            prompt_types,
            section_logic,
            sector,
            active,
            custom: _,
            cloned_from: _,
            cloned_version: _,
            origin_version: _,
            origin_state: _,
            dormant: _,
            etag: _,
            revision: _,
            create_time: _,
            update_time: _,
            updated_by: _,
        } = own;
        let written = v1::GlobalStrategy {
            strategy_id,
            name,
            description,
            category,
            prompt_types,
            section_logic,
            sector,
            active,
            ..v1::GlobalStrategy::default()
        };
        (account_id, written)
    }

    fn id(given: &v1::GlobalStrategy) -> i64 {
        given.strategy_id
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
