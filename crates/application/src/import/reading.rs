//! Values of a config as fields of the settings: what has one meaning is converted.

use std::collections::BTreeMap;

use aiconfig_domain::{Field, IntegrationType, ModelFields, Snapshot, parse_settings};
use serde_json::{Map, Number, Value};

use super::config::Entry;
use super::planner::{Planner, RowId};
use super::report::Consequence;

/// The values of one part of a config, and where each is from.
#[derive(Clone, Default)]
pub(super) struct Reading {
    pub(super) fields: ModelFields,
    /// The row that a field is from, and its name there.
    origins: BTreeMap<Field, (RowId, String)>,
}

impl Reading {
    /// The row that a field is from, and its name there as the report says it. To be asked for
    /// fields that were given.
    pub(super) fn origin(&self, field: Field) -> (RowId, String) {
        self.origins.get(&field).cloned().unwrap_or_default()
    }

    /// The name of a field as the report says it.
    pub(super) fn name(&self, field: Field) -> String {
        self.origin(field).1
    }

    /// Takes a field out of another reading.
    pub(super) fn take(&mut self, field: Field, from: &Self) {
        self.fields.take(field, &from.fields);
        if let Some(origin) = from.origins.get(&field) {
            self.origins.insert(field, origin.clone());
        }
    }
}

/// Reads a part of a row's config. What is dropped or converted is told with `dropped` and as
/// converted.
pub(super) fn read(
    planner: &mut Planner<'_>,
    row: RowId,
    kind: &IntegrationType,
    entries: Vec<Entry>,
    prefix: &'static str,
    dropped: Consequence,
) -> Reading {
    let snapshot: &Snapshot = &planner.after;
    let allowed = kind.shape(snapshot).map_or(&[][..], |(_, fields)| fields);
    let mut reading = Reading::default();
    let mut given = Map::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut converted = Vec::new();
    for Entry { field, name, value } in entries {
        let value = match convert(&field, &value) {
            Some(other) => {
                converted.push(name.clone());
                other
            }
            None => value,
        };
        if let Some(known) = Field::parse(&field) {
            let name = format!("{prefix}{name}");
            reading.origins.insert(known, (row, name));
        }
        names.insert(field.clone(), name);
        given.insert(field, value);
    }
    let parsed = parse_settings(Value::Object(given), allowed);
    reading.fields = parsed.values;
    for violation in parsed.violations {
        let field = violation.field.strip_prefix("config.").unwrap_or_default();
        let name = names.get(field).map_or(field, String::as_str);
        let name = format!("{prefix}{}", super::cells::shown_field(name));
        let why = if Field::parse(field).is_some_and(|field| allowed.contains(&field)) {
            format!("not {}", violation.description)
        } else {
            format!("not a field of {}", kind.as_str())
        };
        planner.tell(row, dropped, &name, "dropped", why);
        converted.retain(|other| names.get(field) != Some(other));
    }
    for name in converted {
        let name = format!("{prefix}{name}");
        let why = "it has one meaning, written in another way";
        planner.tell(row, Consequence::Converted, &name, "converted", why);
    }
    reading
}

/// A value of another type that has one meaning: a number in quotes, a whole number with a
/// fraction of zero, a text with blanks around it.
fn convert(field: &str, value: &Value) -> Option<Value> {
    let field = Field::parse(field)?;
    let is_whole = matches!(
        field,
        Field::MaxTokens | Field::MaxInArticleImages | Field::Steps
    );
    let is_number = is_whole || matches!(field, Field::Temperature | Field::Guidance);
    match value {
        Value::String(text) if is_number => {
            let number: f64 = text.trim().parse().ok()?;
            Number::from_f64(number).map(Value::Number)
        }
        Value::String(text) if text.trim().len() != text.len() => {
            Some(Value::String(text.trim().to_owned()))
        }
        // The settings take 4000.0 for 4000 as it is; it is only told.
        Value::Number(number) if is_whole && number.is_f64() => {
            (number.as_f64()?.fract() == 0.0).then(|| value.clone())
        }
        _ => None,
    }
}
