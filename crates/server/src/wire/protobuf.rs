//! Writes the fields of a message straight from where their values are. The answer that is asked
//! for most is written so: as a message it would be some twenty texts, each copied, freed and
//! wiped.
//!
//! Fields are written as prost writes them, also as to which are left out; the callers give them
//! in the order of their numbers.

use prost::Message;

/// How a value is written.
#[derive(Clone, Copy)]
enum Form {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
}

/// The bytes of a message so far.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// With room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What was written.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// What was written.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A number; 0 is left out. Enums and signed numbers are written by their 64 bits.
    pub(crate) fn number(&mut self, field: u32, value: impl Into<i64>) {
        let value = value.into();
        if value != 0 {
            self.key(field, Form::Varint);
            self.varint(value.cast_unsigned());
        }
    }

    /// A number that may be absent; 0 is not.
    pub(crate) fn some_number(&mut self, field: u32, value: Option<impl Into<i64>>) {
        if let Some(value) = value {
            self.key(field, Form::Varint);
            self.varint(value.into().cast_unsigned());
        }
    }

    /// A number that is never negative; 0 is left out.
    pub(crate) fn count(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.key(field, Form::Varint);
            self.varint(value);
        }
    }

    /// A number with a fraction that may be absent.
    pub(crate) fn some_double(&mut self, field: u32, value: Option<f64>) {
        if let Some(value) = value {
            self.key(field, Form::Fixed64);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// A switch; off is left out.
    pub(crate) fn flag(&mut self, field: u32, on: bool) {
        self.number(field, on);
    }

    /// A text; the empty one is left out.
    pub(crate) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.item(field, text);
        }
    }

    /// A text that may be absent; the empty one is not.
    pub(crate) fn some_text(&mut self, field: u32, text: Option<&str>) {
        if let Some(text) = text {
            self.item(field, text);
        }
    }

    /// One of a list of texts.
    pub(crate) fn item(&mut self, field: u32, text: &str) {
        self.key(field, Form::Bytes);
        self.varint(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A message in the message.
    pub(crate) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.key(field, Form::Bytes);
        let at = self.0.len();
        // Most are short: room for one byte of length is left, and more is made where it needs it.
        self.0.push(0);
        write(self);
        let length = self.0.len() - at - 1;
        if let (Ok(short @ ..0x80), Some(place)) = (u8::try_from(length), self.0.get_mut(at)) {
            *place = short;
        } else {
            let mut prefix = Self::default();
            prefix.varint(length as u64);
            self.0.splice(at..=at, prefix.0);
        }
    }

    /// A message that there is.
    pub(crate) fn encoded(&mut self, field: u32, message: &impl Message) {
        self.key(field, Form::Bytes);
        self.varint(message.encoded_len() as u64);
        self.0.extend_from_slice(&message.encode_to_vec());
    }

    fn key(&mut self, field: u32, form: Form) {
        self.varint(u64::from(field << 3 | form as u32));
    }

    fn varint(&mut self, mut value: u64) {
        while let low @ 0x80.. = value {
            self.0.push(low.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

#[cfg(test)]
mod tests {
    use prost_types::{FileDescriptorProto, Timestamp, UninterpretedOption, uninterpreted_option};

    use super::*;

    #[test]
    fn fields_are_written_as_prost_writes_them() {
        for (positive, negative, text) in [
            (0, 0, String::new()),
            (1, -1, "a".repeat(127)),
            (127, i64::MIN, "b".repeat(128)),
            (128, -300, "c".repeat(20_000)),
            (u64::MAX, i64::MAX, "d".to_owned()),
        ] {
            let expected = UninterpretedOption {
                name: vec![uninterpreted_option::NamePart {
                    name_part: text.clone(),
                    is_extension: true,
                }],
                identifier_value: Some(text.clone()),
                positive_int_value: Some(positive),
                negative_int_value: Some(negative),
                double_value: Some(-0.5),
                string_value: None,
                aggregate_value: None,
            };
            let mut writer = Writer::default();
            writer.message(2, |name| {
                name.some_text(1, Some(&text));
                name.some_number(2, Some(1));
            });
            writer.some_text(3, Some(&text));
            writer.some_number(4, Some(positive.cast_signed()));
            writer.some_number(5, Some(negative));
            writer.some_double(6, Some(-0.5));
            assert_eq!(writer.as_slice(), expected.encode_to_vec());
        }
    }

    #[test]
    fn what_is_absent_takes_no_bytes() {
        let mut writer = Writer::default();
        writer.number(1, 0);
        writer.some_number(2, None::<i64>);
        writer.count(3, 0);
        writer.some_double(4, None);
        writer.flag(5, false);
        writer.text(6, "");
        writer.some_text(7, None);
        assert!(writer.as_slice().is_empty());
        assert!(Timestamp::default().encode_to_vec().is_empty());
        writer.message(3, |_| ());
        writer.encoded(3, &Timestamp::default());
        let lists = FileDescriptorProto {
            dependency: vec![String::new(); 2],
            ..FileDescriptorProto::default()
        };
        assert_eq!(writer.into_bytes(), lists.encode_to_vec());
    }
}
