//! What a model makes of a value that it inherits, and what the catalogue gives of its own.

use crate::{AdjustmentKind, Field, FieldValue, Matched, Model};

/// A value as a model uses it.
#[derive(Clone, Debug, PartialEq)]
pub enum Inherited {
    /// As it stands.
    Unchanged,
    /// Changed so that the model takes it.
    Changed(AdjustmentKind, FieldValue),
    /// Not at all: the next level is asked.
    Unsupported,
}

impl Model {
    /// What becomes of an inherited value of a parameter.
    #[must_use]
    pub fn inherit(&self, field: Field, value: &FieldValue) -> Inherited {
        let able = |able: bool| {
            if able {
                Inherited::Unchanged
            } else {
                Inherited::Unsupported
            }
        };
        let clamped = |to| Inherited::Changed(AdjustmentKind::ClampedToModelLimit, to);
        match (field, value) {
            (Field::Temperature, FieldValue::Number(number)) => {
                let abilities = &self.capabilities;
                if abilities.temperature && *number > abilities.max_temperature {
                    clamped(FieldValue::Number(abilities.max_temperature))
                } else {
                    able(abilities.temperature)
                }
            }
            (Field::MaxTokens, FieldValue::Whole(number)) => match self.max_output_tokens {
                Some(limit) if *number > limit => clamped(FieldValue::Whole(limit)),
                _ => Inherited::Unchanged,
            },
            (Field::Steps, _) => able(self.capabilities.steps),
            (Field::Guidance, _) => able(self.capabilities.guidance),
            (
                Field::ImageSize | Field::ImageQuality | Field::ImageStyle | Field::ImageFormat,
                FieldValue::Text(text),
            ) => match self.match_value(field, text) {
                Some(Matched::Listed) => Inherited::Unchanged,
                Some(Matched::Alias(to)) => {
                    Inherited::Changed(AdjustmentKind::AliasedForModel, FieldValue::Text(to))
                }
                None => Inherited::Unsupported,
            },
            _ => Inherited::Unchanged,
        }
    }

    /// What the catalogue gives for a parameter that no level gives: the model's own limit, or
    /// the first of its list.
    #[must_use]
    pub fn catalogue_value(&self, field: Field) -> Option<FieldValue> {
        match field {
            Field::MaxTokens => self.max_output_tokens.map(FieldValue::Whole),
            _ => self.list_of(field).first().cloned().map(FieldValue::Text),
        }
    }
}
