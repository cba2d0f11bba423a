//! Writes of what is the platform's, plainly: each says whether it is taken, and changes the world
//! if it is.

use crate::rules::{Scope, without_model};
use crate::world::{
    No, V, Values, World, call_fields, general, invalid, no, provider_of, service_of, shape,
    text_of,
};

/// No account has this number.
const NOBODY: i64 = i64::MAX;

impl World {
    /// Sets or clears one field of a section.
    pub(crate) fn set_section(
        &mut self,
        name: &str,
        field: &str,
        value: Option<&V>,
    ) -> Result<(), No> {
        let path = format!("global_settings.sections.{name}.{field}");
        let before = self.sections.get(name).cloned().unwrap_or_default();
        let mut values = before.clone();
        match value {
            Some(value) => values.insert(field.to_owned(), value.clone()),
            None => values.remove(field),
        };
        if values == before {
            return Ok(());
        }
        let Some((modality, fields)) = section_shape(name) else {
            return invalid([format!("global_settings.sections.{name}")]);
        };
        if value.is_some() && !fields.contains(&field) {
            return invalid([path]);
        }
        let must = ["text_generation", "image_generation"].contains(&name) && field == "service";
        if value.is_none() {
            if must {
                return invalid([path]);
            }
        } else {
            let own = (name != general(modality)).then_some(name);
            let service = text_of(&values, "service").map(|service| provider_of(modality, service));
            let provider = own.map(ToOwned::to_owned).or(service);
            let mut next = self.clone();
            next.sections
                .insert(name.to_owned(), without_model(&values));
            let otherwise = provider.as_ref().and_then(|provider| {
                let effective = next.of_provider(modality, provider);
                text_of(&effective, "model").map(ToOwned::to_owned)
            });
            let scope = Scope {
                modality,
                provider: own,
                otherwise,
            };
            let wrong = self.check(&scope, &values, &[field]);
            if !wrong.is_empty() {
                let path = |field| format!("global_settings.sections.{name}.{field}");
                return invalid(wrong.into_iter().map(path));
            }
        }
        if values.is_empty() {
            self.sections.remove(name);
        } else {
            self.sections.insert(name.to_owned(), values);
        }
        Ok(())
    }

    /// The values that a provider's sections lead to.
    fn of_provider(&self, modality: &str, provider: &str) -> Values {
        if modality == "text" {
            let known = shape(provider).is_some();
            return if known {
                self.effective(provider, None).0
            } else {
                Values::new()
            };
        }
        let service = V::S(service_of(modality, provider));
        let row: Values = [("service".to_owned(), service)].into();
        self.effective(&general(modality), Some(&row)).0
    }

    /// Sets or clears one default of a function.
    pub(crate) fn set_default(
        &mut self,
        name: &str,
        field: &str,
        value: Option<&V>,
    ) -> Result<(), No> {
        let Some(function) = self.functions.get(name) else {
            return no("FUNCTION_NOT_FOUND");
        };
        let mut values = function.defaults.clone();
        match value {
            Some(value) => values.insert(field.to_owned(), value.clone()),
            None => values.remove(field),
        };
        if values != function.defaults && value.is_some() {
            let modality = function.modality.clone();
            if !call_fields(&modality).contains(&field) {
                return invalid([format!("function.defaults.{field}")]);
            }
            // What an account without rows would use by the defaults without their model.
            let mut next = self.clone();
            next.functions.get_mut(name).unwrap().defaults = without_model(&values);
            let used = next.resolve_with(NOBODY, name, &Values::new()).ok();
            let scope = Scope {
                modality: &modality,
                provider: None,
                otherwise: used
                    .and_then(|used| text_of(&used.values, "model").map(ToOwned::to_owned)),
            };
            let wrong = self.check(&scope, &values, &[field]);
            if !wrong.is_empty() {
                let path = |field| format!("function.defaults.{field}");
                return invalid(wrong.into_iter().map(path));
            }
        }
        self.functions.get_mut(name).unwrap().defaults = values;
        Ok(())
    }

    pub(crate) fn make_default(&mut self, id: &str) -> Result<(), No> {
        let Some(model) = self.models.get(id).cloned() else {
            return no("MODEL_NOT_FOUND");
        };
        if !model.active {
            return no("MODEL_NOT_USABLE");
        }
        for other in self.models.values_mut() {
            if other.provider == model.provider && other.modality == model.modality {
                other.is_default = other.id == id;
            }
        }
        Ok(())
    }
}

/// The fields of a section of the global settings.
fn section_shape(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    match name {
        "dalle" | "runware" => Some((
            "image",
            &[
                "model",
                "image_size",
                "image_quality",
                "image_style",
                "image_format",
                "max_in_article_images",
                "steps",
                "guidance",
            ],
        )),
        other => shape(other),
    }
}
