//! Author profiles on the wire.

use aiconfig_domain::{
    AuthorProfile, Draft, LANGUAGE_RULE, LibraryItem, OwnItem, ProfileCategory, ProfileField,
    Stored, language_tag,
};
use aiconfig_proto::v1;

use super::structure::{read_structure, structure};
use super::{LibraryWire, OwnPlace, library_messages};
use crate::wire::common::{Faults, time};
use crate::wire::enums::{profile_category, read_profile_category};

const DEFAULT_LANGUAGE: &str = "en";

impl LibraryWire for AuthorProfile {
    const IDS: (&'static str, &'static str) = ("author_profile_id", "author_profile_ids");
    const CATEGORY_PREFIX: &'static str = "PROFILE_CATEGORY_";

    fn categories() -> Vec<&'static str> {
        ProfileCategory::ALL
            .iter()
            .map(|one| one.as_str())
            .collect()
    }

    fn category(&self) -> &'static str {
        self.category.as_str()
    }

    library_messages! {
        GlobalAuthorProfile AuthorProfile author_profile_id {
            name: name.clone(),
            description: description.clone(),
            category: profile_category(*category),
            tone: tone.clone(),
            language: language.clone(),
            structure_template: Some(structure(structure_template)),
        }
    }

    fn gives(given: &v1::GlobalAuthorProfile, field: ProfileField) -> bool {
        match field {
            ProfileField::Name => !given.name.is_empty(),
            ProfileField::Description => !given.description.is_empty(),
            ProfileField::Category => given.category != v1::ProfileCategory::Unspecified as i32,
            ProfileField::Tone => !given.tone.is_empty(),
            ProfileField::Language => !given.language.is_empty(),
            ProfileField::StructureTemplate => given.structure_template.is_some(),
            ProfileField::Active => given.active.is_some(),
        }
    }

    fn read(
        faults: &mut Faults,
        holder: &str,
        given: v1::GlobalAuthorProfile,
        taken: &[ProfileField],
    ) -> Option<Draft<Self>> {
        let v1::GlobalAuthorProfile {
            author_profile_id: _,
            name,
            description,
            category,
            tone,
            language,
            structure_template,
            active,
            version: _,
            etag: _,
            revision: _,
            create_time: _,
            update_time: _,
            updated_by: _,
        } = given;
        let at = |field: &str| format!("{holder}.{field}");
        let category = if taken.contains(&ProfileField::Category) {
            read_profile_category(faults, &at("category"), category)
        } else {
            Some(ProfileCategory::Blog)
        };
        let language = if taken.contains(&ProfileField::Language) {
            faults.optional(&at("language"), &language, language_tag, LANGUAGE_RULE)
        } else {
            None
        };
        let structure_template =
            read_structure(faults, &at("structure_template"), structure_template);
        Some(Draft {
            active: active.unwrap_or(true),
            content: Self {
                name,
                description,
                category: category?,
                tone,
                language: language.unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned()),
                structure_template,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use aiconfig_domain::LibraryContent as _;

    use super::*;

    #[test]
    fn what_is_left_out_has_its_default() {
        let given = v1::GlobalAuthorProfile {
            name: "Plain".to_owned(),
            category: v1::ProfileCategory::News.into(),
            ..v1::GlobalAuthorProfile::default()
        };
        let mut faults = Faults::default();
        let draft = AuthorProfile::read(&mut faults, "x", given, AuthorProfile::FIELDS).unwrap();
        assert!(faults.is_empty() && draft.active);
        assert_eq!(draft.content.language, "en");
    }

    #[test]
    fn languages_are_kept_in_their_canonical_case() {
        let read = |language: &str| {
            let given = v1::GlobalAuthorProfile {
                category: v1::ProfileCategory::News.into(),
                language: language.to_owned(),
                ..v1::GlobalAuthorProfile::default()
            };
            let mut faults = Faults::default();
            let draft = AuthorProfile::read(&mut faults, "x", given, AuthorProfile::FIELDS);
            faults.finish(draft).map(|draft| draft.content.language)
        };
        assert_eq!(read("PT-br").unwrap(), "pt-BR");
        assert_eq!(
            read("english").unwrap_err().violations[0].field,
            "x.language"
        );
    }
}
