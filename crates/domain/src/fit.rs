//! Fits foreign values to a type of settings: what a save would refuse is left out, field by
//! field, and the rest stays (section 9).

use crate::check::{FieldScope, check_fields};
use crate::effective::model_of_row;
use crate::integration::{provider_of_service, service_of_provider};
use crate::{Field, IntegrationType, Modality, ModelFields, ProviderName, Snapshot};

/// Values that stand together, and what was left out of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fitted {
    /// What stays.
    pub fields: ModelFields,
    /// What was left out, and why; never the value.
    pub left_out: Vec<(Field, String)>,
    /// What a save would warn of.
    pub warnings: Vec<(Field, String)>,
}

/// Leaves out of the given fields of `merged` what a save of this type would refuse. One thing is
/// milder than a save: a model that the catalogue knows stays, usable or not.
#[must_use]
pub fn fit_settings(
    snapshot: &Snapshot,
    kind: &IntegrationType,
    merged: ModelFields,
    given: &[Field],
) -> Fitted {
    let mut fitted = Fitted {
        fields: merged,
        ..Fitted::default()
    };
    let Some((modality, _)) = kind.shape(snapshot) else {
        fitted.fields = ModelFields::default();
        return fitted;
    };
    let provider = match kind {
        IntegrationType::Provider(name) => Some(name),
        _ => None,
    };
    let scope = FieldScope {
        modality,
        provider,
        fallback_model: None,
        prefix: "",
    };
    if given.contains(&Field::Service) {
        let service = ModelFields {
            service: fitted.fields.service.clone(),
            ..ModelFields::default()
        };
        fitted.judge(
            Field::Service,
            check_fields(snapshot, &scope, &service, &[Field::Service]),
        );
        let canonical = fitted.fields.service.as_deref();
        let canonical = canonical.and_then(|service| provider_of_service(modality, service));
        if let Some(provider) = canonical {
            fitted.fields.service = Some(service_of_provider(modality, &provider));
        }
    }
    if given.contains(&Field::Model) || given.contains(&Field::Service) {
        fitted.model(snapshot, &scope);
    }
    // The limits are those of the model that is left.
    let row = fitted.fields.clone();
    let scope = FieldScope {
        fallback_model: model_of_row(snapshot, kind, modality, Some(&row)),
        ..scope
    };
    for field in given.iter().copied() {
        if !matches!(field, Field::Service | Field::Model) {
            fitted.judge(
                field,
                check_fields(snapshot, &scope, &fitted.fields, &[field]),
            );
        }
    }
    fitted
}

impl Fitted {
    fn judge(&mut self, field: Field, checked: Result<Vec<String>, Vec<crate::Violation>>) {
        match checked {
            Ok(warnings) => self.warn(field, warnings),
            Err(violations) => {
                let right: Vec<String> = violations.into_iter().map(|v| v.description).collect();
                self.leave(field, right.join("; "));
            }
        }
    }

    fn warn(&mut self, field: Field, warnings: Vec<String>) {
        self.warnings
            .extend(warnings.into_iter().map(|warning| (field, warning)));
    }

    fn leave(&mut self, field: Field, why: String) {
        self.fields.take(field, &ModelFields::default());
        self.left_out.push((field, why));
    }

    fn model(&mut self, snapshot: &Snapshot, scope: &FieldScope<'_>) {
        let Some(name) = self.fields.model.clone() else {
            return;
        };
        let modality = scope.modality;
        if let Some(why) = misfit(snapshot, &name, modality, scope.provider, &self.fields) {
            return self.leave(Field::Model, why);
        }
        // By itself: the fields beside it are judged one by one.
        let alone = ModelFields {
            model: Some(name.clone()),
            ..ModelFields::default()
        };
        let warnings = check_fields(snapshot, scope, &alone, &[Field::Model]);
        // What is of the right kind and yet refused is inactive.
        let inactive = |_| vec![format!("model {name} is inactive; calls pass it over")];
        self.warn(Field::Model, warnings.unwrap_or_else(inactive));
    }
}

/// Why a model cannot be that of a row, whatever its state.
fn misfit(
    snapshot: &Snapshot,
    name: &str,
    modality: Modality,
    fixed: Option<&ProviderName>,
    fields: &ModelFields,
) -> Option<String> {
    let Some(model) = snapshot.model(name).map(|stored| &stored.value) else {
        return Some("not a model of the catalogue".to_owned());
    };
    if model.modality != modality {
        return Some(format!(
            "a model for {}, not for {}",
            model.modality.as_str(),
            modality.as_str()
        ));
    }
    let service = fields.service.as_deref();
    let owner = fixed
        .cloned()
        .or_else(|| service.and_then(|service| provider_of_service(modality, service)));
    owner.filter(|owner| *owner != model.provider).map(|owner| {
        format!(
            "a model of provider {}, where one of {owner} belongs",
            model.provider
        )
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::sample;
    use crate::{Change, Model, ModelId, Provider, Record, Resource, Timestamp};

    fn state() -> Snapshot {
        let provider = |name: &str, modality| {
            Resource::Provider(Provider {
                name: ProviderName::parse(name).unwrap(),
                display_name: name.into(),
                modalities: [modality].into(),
                base_url: "https://api.example".into(),
                probe_path: String::new(),
                key_fallback: None,
            })
        };
        let mini = Model {
            is_default: true,
            ..sample("openai", "gpt-mini", Modality::Text)
        };
        let old = Model {
            active: false,
            replacement: ModelId::parse("gpt-mini"),
            max_output_tokens: Some(4096),
            ..sample("openai", "gpt-old", Modality::Text)
        };
        let off = Model {
            active: false,
            ..sample("openai", "gpt-off", Modality::Text)
        };
        let image = Model {
            is_default: true,
            valid_sizes: vec!["1x1".into()],
            ..sample("dalle", "image-one", Modality::Image)
        };
        let other = Model {
            valid_sizes: vec!["2x2".into()],
            ..sample("runware", "image-two", Modality::Image)
        };
        let mut snapshot = Snapshot::new();
        for resource in [
            provider("openai", Modality::Text),
            provider("anthropic", Modality::Text),
            provider("dalle", Modality::Image),
            provider("runware", Modality::Image),
            Resource::Model(mini),
            Resource::Model(old),
            Resource::Model(off),
            Resource::Model(sample("anthropic", "claude", Modality::Text)),
            Resource::Model(image),
            Resource::Model(other),
        ] {
            snapshot.apply(&Record {
                change: Change::Put(resource),
                revision: 1,
                time: Timestamp::from_micros(1),
                actor: "test".into(),
            });
        }
        snapshot
    }

    fn check(kind: &str, fields: ModelFields, kept: &ModelFields, left: &[Field]) -> Fitted {
        let kind = IntegrationType::parse(kind).unwrap();
        let given: Vec<Field> = fields.set_fields().collect();
        let fitted = fit_settings(&state(), &kind, fields, &given);
        let names: Vec<Field> = fitted.left_out.iter().map(|(field, _)| *field).collect();
        assert_eq!((&fitted.fields, names.as_slice()), (kept, left));
        fitted
    }

    fn text(model: &str, max_tokens: i32) -> ModelFields {
        ModelFields {
            model: (!model.is_empty()).then(|| Arc::from(model)),
            max_tokens: (max_tokens != 0).then_some(max_tokens),
            ..ModelFields::default()
        }
    }

    #[test]
    fn a_known_model_stays_and_gives_the_limits() {
        check(
            "openai",
            text("gpt-mini", 16_384),
            &text("gpt-mini", 16_384),
            &[],
        );
        check("openai", text("gpt-off", 8), &text("gpt-off", 8), &[]);
        // A retired model counts as its replacement, which takes more.
        let fitted = check("openai", text("gpt-old", 9000), &text("gpt-old", 9000), &[]);
        assert!(fitted.warnings[0].1.contains("gpt-mini"));
        let fitted = check("openai", text("gpt-off", 0), &text("gpt-off", 0), &[]);
        assert!(fitted.warnings[0].1.contains("inactive"));
        let left = [Field::MaxTokens];
        check(
            "openai",
            text("gpt-mini", 16_385),
            &text("gpt-mini", 0),
            &left,
        );
        check("openai", text("", -1), &text("", 0), &left);
        let fitted = check("openai", text("gpt-old", -1), &text("gpt-old", 0), &left);
        assert!(fitted.warnings[0].1.contains("retired"));
    }

    #[test]
    fn unknown_and_foreign_models_leave_the_rest() {
        let left = [Field::Model];
        check("openai", text("typo", 4000), &text("", 4000), &left);
        check("openai", text("claude", 4000), &text("", 4000), &left);
        check("openai", text("image-one", 4000), &text("", 4000), &left);
        // Without its model the row has the limits of the one that is inherited.
        let both = [Field::Model, Field::MaxTokens];
        check("openai", text("typo", 200_000), &text("", 0), &both);
    }

    fn image(service: &str, model: &str, size: &str) -> ModelFields {
        let text = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        ModelFields {
            service: text(service),
            model: text(model),
            image_size: text(size),
            ..ModelFields::default()
        }
    }

    #[test]
    fn the_service_decides_unless_it_is_unknown() {
        let kind = "image_generation";
        let kept = image("openai", "image-one", "1x1");
        check(kind, image("openai", "image-one", "1x1"), &kept, &[]);
        check(kind, image("dalle", "image-one", "1x1"), &kept, &[]);
        let (service, model) = ([Field::Service], [Field::Model]);
        check(
            kind,
            image("midjourney", "image-two", "2x2"),
            &image("", "image-two", "2x2"),
            &service,
        );
        check(
            kind,
            image("openai", "image-two", "1x1"),
            &image("openai", "", "1x1"),
            &model,
        );
        check(
            kind,
            image("openai", "", "2x2"),
            &image("openai", "", ""),
            &[Field::ImageSize],
        );
    }
}
