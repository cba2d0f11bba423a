//! An account's overrides as they are kept: of the many fields that a row can have, those alone
//! that it has take room. There is a row or two for each of a million accounts.

use std::sync::Arc;

use crate::{AccountId, Field, FieldValue, IntegrationType, Meta, ModelFields, Override, Stored};

/// The rows of an account, at most one of a type.
#[derive(Clone, Debug, PartialEq)]
pub struct OverrideRows {
    account_id: AccountId,
    rows: Box<[Row]>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    kind: IntegrationType,
    values: Box<[Value]>,
    enabled: bool,
    meta: Meta,
}

/// A field with its value: the field lies beside the mark of the variant, where it takes no room.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(Field, Arc<str>),
    Number(Field, f64),
    Whole(Field, i32),
}

impl Value {
    fn new(field: Field, value: FieldValue) -> Self {
        match value {
            FieldValue::Text(text) => Self::Text(field, text),
            FieldValue::Number(number) => Self::Number(field, number),
            FieldValue::Whole(whole) => Self::Whole(field, whole),
        }
    }

    fn set(&self, fields: &mut ModelFields) {
        match self {
            Self::Text(field, text) => fields.set(*field, FieldValue::Text(Arc::clone(text))),
            Self::Number(field, number) => fields.set(*field, FieldValue::Number(*number)),
            Self::Whole(field, whole) => fields.set(*field, FieldValue::Whole(*whole)),
        }
    }
}

impl OverrideRows {
    /// No rows.
    pub(super) fn new(account_id: AccountId) -> Self {
        let rows = Box::default();
        Self { account_id, rows }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Each row.
    pub fn iter(&self) -> impl Iterator<Item = Stored<Override>> {
        self.rows.iter().map(|row| self.stored(row))
    }

    /// The types of the rows that are not switched off.
    pub fn enabled_types(&self) -> impl Iterator<Item = &IntegrationType> {
        let enabled = self.rows.iter().filter(|row| row.enabled);
        enabled.map(|row| &row.kind)
    }

    /// The row of a type of that name.
    #[must_use]
    pub fn named(&self, kind: &str) -> Option<Stored<Override>> {
        self.row(kind).map(|row| self.stored(row))
    }

    /// The switch and the values of the row of a type of that name.
    #[must_use]
    pub fn values_of(&self, kind: &str) -> Option<(bool, ModelFields)> {
        self.row(kind).map(|row| (row.enabled, row.fields()))
    }

    /// Puts a row in; there is none of its type.
    pub(crate) fn push(&mut self, row: Stored<Override>) {
        let Stored { value, meta } = row;
        let set = value.fields.set_fields();
        let values = set.filter_map(|field| Some(Value::new(field, value.fields.get(field)?)));
        let row = Row {
            values: values.collect(),
            kind: value.integration_type,
            enabled: value.enabled,
            meta,
        };
        let mut rows = std::mem::take(&mut self.rows).into_vec();
        rows.reserve_exact(1);
        rows.push(row);
        self.rows = rows.into_boxed_slice();
    }

    /// Takes the row of a type out.
    pub(crate) fn remove(&mut self, kind: &IntegrationType) {
        let mut rows = std::mem::take(&mut self.rows).into_vec();
        rows.retain(|row| row.kind != *kind);
        self.rows = rows.into_boxed_slice();
    }

    fn row(&self, kind: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind.as_str() == kind)
    }

    fn stored(&self, row: &Row) -> Stored<Override> {
        Stored {
            value: Override {
                account_id: self.account_id,
                integration_type: row.kind.clone(),
                enabled: row.enabled,
                fields: row.fields(),
            },
            meta: row.meta.clone(),
        }
    }
}

impl Row {
    fn fields(&self) -> ModelFields {
        let mut fields = ModelFields::default();
        for value in &self.values {
            value.set(&mut fields);
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn rows_come_out_as_they_went_in() {
        let account_id = AccountId::new(7).unwrap();
        let text = |text: &str| Some(text.into());
        let full = ModelFields {
            service: text("openai"),
            model: text("gpt"),
            temperature: Some(0.5),
            max_tokens: Some(1),
            image_size: text("1x1"),
            image_quality: text("high"),
            image_style: text("vivid"),
            image_format: text("png"),
            max_in_article_images: Some(2),
            steps: Some(0),
            guidance: Some(-0.0),
        };
        let row = |kind: &str, enabled, fields| Stored {
            value: Override {
                account_id,
                integration_type: IntegrationType::parse(kind).unwrap(),
                enabled,
                fields,
            },
            meta: Meta {
                revision: 3,
                create_time: Timestamp::from_micros(1),
                update_time: Timestamp::from_micros(2),
                updated_by: "test".into(),
            },
        };
        let wanted = [
            row("image_generation", true, full),
            row("openai", false, ModelFields::default()),
        ];
        let mut rows = OverrideRows::new(account_id);
        for row in &wanted {
            rows.push(row.clone());
        }
        assert_eq!(rows.iter().collect::<Vec<_>>(), wanted);
        assert_eq!(rows.named("openai").as_ref(), Some(&wanted[1]));
        assert_eq!(
            rows.values_of("openai"),
            Some((false, ModelFields::default()))
        );
        assert_eq!(
            rows.enabled_types().collect::<Vec<_>>(),
            [&IntegrationType::ImageGeneration]
        );
        rows.remove(&IntegrationType::ImageGeneration);
        assert_eq!((rows.len(), rows.named("image_generation")), (1, None));
    }

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Row>() <= 88);
        assert!(size_of::<Value>() <= 24);
    }
}
