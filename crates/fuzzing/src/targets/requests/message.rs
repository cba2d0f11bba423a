//! JSON to messages: what fits a field is taken, and what does not is left, so that every JSON is
//! some request.

use std::collections::BTreeMap;

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage as _, Value as Field,
};
use serde_json::Value;

/// How deep messages in messages are followed.
const DEEPEST: usize = 24;

/// What a text that begins with `$` stands for: the field of that name in a former answer.
pub(super) type Remembered = BTreeMap<String, Field>;

/// Makes a message of JSON.
pub(super) fn of_json(
    descriptor: &MessageDescriptor,
    json: &Value,
    remembered: &Remembered,
) -> DynamicMessage {
    fill(descriptor, json, remembered, DEEPEST)
}

fn fill(
    descriptor: &MessageDescriptor,
    json: &Value,
    remembered: &Remembered,
    deep: usize,
) -> DynamicMessage {
    // Structs, times and masks have a JSON form of their own.
    if descriptor.package_name() == "google.protobuf"
        && let Ok(known) = DynamicMessage::deserialize(descriptor.clone(), json)
    {
        return known;
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    for (name, value) in json.as_object().into_iter().flatten() {
        let field = descriptor
            .get_field_by_name(name)
            .or_else(|| descriptor.get_field_by_json_name(name));
        let Some(field) = field.filter(|_| deep > 0) else {
            continue;
        };
        let given = Given {
            field: &field,
            remembered,
            deep: deep - 1,
        };
        if let Some(value) = given.read(value) {
            message.set_field(&field, value);
        }
    }
    message
}

struct Given<'a> {
    field: &'a FieldDescriptor,
    remembered: &'a Remembered,
    deep: usize,
}

impl Given<'_> {
    fn read(&self, json: &Value) -> Option<Field> {
        if self.field.is_map() {
            return self.map(json);
        }
        if self.field.is_list() {
            let one = std::slice::from_ref(json);
            let items = json.as_array().map_or(one, Vec::as_slice);
            let items = items.iter().filter_map(|item| self.one(item));
            return Some(Field::List(items.collect()));
        }
        self.one(json)
    }

    fn map(&self, json: &Value) -> Option<Field> {
        let Kind::Message(entry) = self.field.kind() else {
            return None;
        };
        let value = entry.map_entry_value_field();
        let given = Given {
            field: &value,
            ..*self
        };
        let entries = json.as_object()?.iter();
        let entries = entries
            .filter_map(|(key, value)| Some((MapKey::String(key.clone()), given.one(value)?)));
        Some(Field::Map(entries.collect()))
    }

    fn one(&self, json: &Value) -> Option<Field> {
        if let Some(name) = json.as_str().and_then(|text| text.strip_prefix('$'))
            && let Some(known) = self.remembered.get(name)
        {
            return self.field.kind().eq_kind_of(known).then(|| known.clone());
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "numbers out of range are made to fit somehow"
        )]
        Some(match self.field.kind() {
            Kind::Bool => Field::Bool(json.as_bool()?),
            Kind::String => Field::String(json.as_str()?.to_owned()),
            Kind::Bytes => Field::Bytes(bytes(json)?.into()),
            Kind::Double => Field::F64(json.as_f64()?),
            Kind::Float => Field::F32(json.as_f64()? as f32),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Field::I32(whole(json)? as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Field::I64(whole(json)?),
            Kind::Uint32 | Kind::Fixed32 => Field::U32(whole(json)?.unsigned_abs() as u32),
            Kind::Uint64 | Kind::Fixed64 => Field::U64(whole(json)?.unsigned_abs()),
            Kind::Enum(values) => Field::EnumNumber(number(&values, json)?),
            Kind::Message(inner) => Field::Message(fill(&inner, json, self.remembered, self.deep)),
        })
    }
}

/// Whether a value is of a field's kind.
trait OfKind {
    fn eq_kind_of(&self, value: &Field) -> bool;
}

impl OfKind for Kind {
    fn eq_kind_of(&self, value: &Field) -> bool {
        matches!(
            (self, value),
            (Self::String, Field::String(_))
                | (Self::Int32, Field::I32(_))
                | (Self::Int64, Field::I64(_))
                | (Self::Uint32, Field::U32(_))
                | (Self::Uint64, Field::U64(_))
        )
    }
}

fn whole(json: &Value) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "numbers out of range are made to fit somehow"
    )]
    match json {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64().or_else(|| Some(other.as_f64()? as i64)),
    }
}

/// A text as it is; another JSON as it is written, for files in chunks.
fn bytes(json: &Value) -> Option<Vec<u8>> {
    match json {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes()),
        other => Some(other.to_string().into_bytes()),
    }
}

fn number(values: &EnumDescriptor, json: &Value) -> Option<i32> {
    match json {
        Value::String(name) => {
            let mut known = values.values();
            let named = known.find(|value| value.name() == name || value.name().ends_with(name));
            named.map(|value| value.number())
        }
        other => whole(other).and_then(|number| i32::try_from(number).ok()),
    }
}

/// Keeps the fields of an answer by their names, the last one of each.
pub(super) fn remember(message: &DynamicMessage, remembered: &mut Remembered) {
    for (field, value) in message.fields() {
        match value {
            Field::Message(inner) => remember(inner, remembered),
            Field::List(items) => {
                let inner = items.iter().filter_map(Field::as_message);
                inner.for_each(|inner| remember(inner, remembered));
            }
            Field::Map(_) => {}
            other => {
                remembered.insert(field.name().to_owned(), other.clone());
            }
        }
    }
}

/// Calls `look` with every message of a type within a message.
pub(super) fn each_of(
    message: &DynamicMessage,
    name: &str,
    look: &mut impl FnMut(&DynamicMessage),
) {
    if message.descriptor().full_name() == name {
        look(message);
    }
    for (_, value) in message.fields() {
        match value {
            Field::Message(inner) => each_of(inner, name, look),
            Field::List(items) => {
                let inner = items.iter().filter_map(Field::as_message);
                inner.for_each(|inner| each_of(inner, name, look));
            }
            _ => {}
        }
    }
}
