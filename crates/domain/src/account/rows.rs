//! An account's overrides as they are kept: all of them in one block of bytes, of the many fields
//! that a row can have those alone that it has. There is a row or two for each of a million
//! accounts, and the main call reads one or two of them.

use std::sync::Arc;

use super::packed::{Packed, Packer};
use crate::{
    AccountId, Field, FieldValue, IntegrationType, Meta, ModelFields, Override, Stored, Timestamp,
};

/// The rows of an account, at most one of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRows {
    account_id: AccountId,
    packed: Box<[u8]>,
}

/// A row where it is kept; what resolving does not look at is taken out when it is asked for.
#[derive(Clone, Copy)]
struct Row<'a> {
    kind: &'a [u8],
    enabled: bool,
    meta: Packed<'a>,
    values: Packed<'a>,
}

impl OverrideRows {
    /// No rows.
    pub(super) fn new(account_id: AccountId) -> Self {
        let packed = Box::default();
        Self { account_id, packed }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packed_rows().count()
    }

    /// Each row.
    pub fn iter(&self) -> impl Iterator<Item = Stored<Override>> {
        self.rows().filter_map(|row| self.stored(&row))
    }

    /// The names of the types of the rows that are not switched off.
    pub fn enabled_types(&self) -> impl Iterator<Item = &str> {
        let enabled = self.rows().filter(|row| row.enabled);
        enabled.map(|row| text(row.kind))
    }

    /// The row of a type of that name.
    #[must_use]
    pub fn named(&self, kind: &str) -> Option<Stored<Override>> {
        self.row(kind).and_then(|row| self.stored(&row))
    }

    /// The switch and the values of the row of a type of that name.
    #[must_use]
    pub fn values_of(&self, kind: &str) -> Option<(bool, ModelFields)> {
        self.row(kind).map(|row| (row.enabled, fields(row.values)))
    }

    /// Puts a row in; there is none of its type.
    pub(crate) fn push(&mut self, row: &Stored<Override>) {
        let mut packer = Packer::default();
        self.packed_rows().for_each(|row| packer.bytes(row));
        packer.bytes(&pack(row));
        self.packed = packer.into_bytes().into();
    }

    /// Takes the row of a type out.
    pub(crate) fn remove(&mut self, kind: &IntegrationType) {
        let mut packer = Packer::default();
        for row in self.packed_rows() {
            if Row::unpack(row).kind != kind.as_str().as_bytes() {
                packer.bytes(row);
            }
        }
        self.packed = packer.into_bytes().into();
    }

    fn packed_rows(&self) -> impl Iterator<Item = &[u8]> {
        let mut packed = Packed::new(&self.packed);
        std::iter::from_fn(move || (!packed.is_empty()).then(|| packed.bytes()))
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.packed_rows().map(Row::unpack)
    }

    fn row(&self, kind: &str) -> Option<Row<'_>> {
        self.rows().find(|row| row.kind == kind.as_bytes())
    }

    fn stored(&self, row: &Row<'_>) -> Option<Stored<Override>> {
        Some(Stored {
            value: Override {
                account_id: self.account_id,
                integration_type: IntegrationType::parse(text(row.kind))?,
                enabled: row.enabled,
                fields: fields(row.values),
            },
            meta: meta(row.meta),
        })
    }
}

impl<'a> Row<'a> {
    fn unpack(bytes: &'a [u8]) -> Self {
        let mut packed = Packed::new(bytes);
        Self {
            kind: packed.bytes(),
            enabled: packed.byte() == 1,
            meta: Packed::new(packed.bytes()),
            values: packed,
        }
    }
}

fn pack(row: &Stored<Override>) -> Vec<u8> {
    let Stored { value, meta } = row;
    let mut packer = Packer::default();
    packer.bytes(value.integration_type.as_str().as_bytes());
    packer.byte(value.enabled.into());
    packer.bytes(&pack_meta(meta));
    for (at, field) in (0..).zip(Field::ALL) {
        let Some(value) = value.fields.get(field) else {
            continue;
        };
        packer.byte(at);
        match value {
            FieldValue::Text(text) => packer.bytes(text.as_bytes()),
            FieldValue::Number(number) => packer.double(number),
            FieldValue::Whole(whole) => packer.number(whole.into()),
        }
    }
    packer.into_bytes()
}

fn pack_meta(meta: &Meta) -> Vec<u8> {
    let (created, updated) = (meta.create_time.as_micros(), meta.update_time.as_micros());
    let mut packer = Packer::default();
    packer.count(meta.revision);
    packer.number(created);
    packer.number(updated.wrapping_sub(created));
    packer.bytes(meta.updated_by.as_bytes());
    packer.into_bytes()
}

fn meta(mut packed: Packed<'_>) -> Meta {
    let (revision, created) = (packed.count(), packed.number());
    Meta {
        revision,
        create_time: Timestamp::from_micros(created),
        update_time: Timestamp::from_micros(created.wrapping_add(packed.number())),
        updated_by: text(packed.bytes()).into(),
    }
}

/// What was packed as a text.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

fn fields(mut values: Packed<'_>) -> ModelFields {
    let mut fields = ModelFields::default();
    let text = |values: &mut Packed<'_>| Some(Arc::from(text(values.bytes())));
    let whole = |values: &mut Packed<'_>| i32::try_from(values.number()).ok();
    while !values.is_empty() {
        match Field::ALL.get(usize::from(values.byte())) {
            Some(Field::Service) => fields.service = text(&mut values),
            Some(Field::Model) => fields.model = text(&mut values),
            Some(Field::Temperature) => fields.temperature = Some(values.double()),
            Some(Field::MaxTokens) => fields.max_tokens = whole(&mut values),
            Some(Field::ImageSize) => fields.image_size = text(&mut values),
            Some(Field::ImageQuality) => fields.image_quality = text(&mut values),
            Some(Field::ImageStyle) => fields.image_style = text(&mut values),
            Some(Field::ImageFormat) => fields.image_format = text(&mut values),
            Some(Field::MaxInArticleImages) => fields.max_in_article_images = whole(&mut values),
            Some(Field::Steps) => fields.steps = whole(&mut values),
            Some(Field::Guidance) => fields.guidance = Some(values.double()),
            None => break,
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

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
            rows.push(row);
        }
        assert_eq!(rows.iter().collect::<Vec<_>>(), wanted);
        assert_eq!(rows.named("openai").as_ref(), Some(&wanted[1]));
        assert_eq!(
            rows.values_of("openai"),
            Some((false, ModelFields::default()))
        );
        assert_eq!(
            rows.enabled_types().collect::<Vec<_>>(),
            ["image_generation"]
        );
        rows.remove(&IntegrationType::ImageGeneration);
        assert_eq!((rows.len(), rows.named("image_generation")), (1, None));
    }

    #[test]
    fn a_row_is_small() {
        let row = Stored {
            value: Override {
                account_id: AccountId::new(7).unwrap(),
                integration_type: IntegrationType::parse("openai").unwrap(),
                enabled: true,
                fields: ModelFields {
                    model: Some("gpt-4o".into()),
                    temperature: Some(0.3),
                    ..ModelFields::default()
                },
            },
            meta: Meta {
                revision: 1_000_000,
                create_time: Timestamp::from_micros(1_800_000_000_000_000),
                update_time: Timestamp::from_micros(1_800_000_000_000_000),
                updated_by: "token:abcdefghijkmnpqr".into(),
            },
        };
        assert!(pack(&row).len() <= 64, "{}", pack(&row).len());
    }
}
