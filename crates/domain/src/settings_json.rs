//! Reads the settings JSON of a browser: strips, ignores what views gave out, refuses the rest.

use std::sync::Arc;

use serde_json::Value;

use crate::{Field, ModelFields, Violation, strip_credentials};

/// Members that views give out and browsers send back; they are ignored.
const VIEW_MEMBERS: &[&str] = &[
    "id",
    "integration_type",
    "integrationType",
    "account_id",
    "accountId",
    "using_global",
    "usingGlobal",
    "sources",
    "can_override",
    "canOverride",
    "choices",
    "etag",
    "revision",
    "values",
    "defaults",
    "overrides",
    "in_use",
    "inUse",
    "status",
    "function_defaults",
    "functionDefaults",
    "create_time",
    "createTime",
    "update_time",
    "updateTime",
    "updated_by",
    "updatedBy",
    "stripped_fields",
    "pinned_same_as_default",
    "warnings",
    "changed",
];

/// A settings JSON that was read.
#[derive(Clone, Debug, Default)]
pub struct ParsedSettings {
    /// The given values.
    pub values: ModelFields,
    /// Fields that were given as null.
    pub cleared: Vec<Field>,
    /// Fields of which stripping left nothing: neither given nor absent.
    pub untouched: Vec<Field>,
    /// Whether any value was given but nulls and the switch, a wrong one too.
    pub gives_values: bool,
    /// The row's switch, if given.
    pub enabled: Option<bool>,
    /// Where credentials stood.
    pub stripped: Vec<String>,
    /// Whether stripping alone left nothing but what views give out.
    pub emptied: bool,
    /// What is wrong with it.
    pub violations: Vec<Violation>,
}

/// Reads a settings JSON for a type with these fields. Refused values are not echoed.
#[must_use]
pub fn parse_settings(config: Value, fields: &[Field]) -> ParsedSettings {
    let named: Vec<Field> = fields
        .iter()
        .copied()
        .filter(|field| config.get(field.as_str()).is_some())
        .collect();
    let stripped = strip_credentials(config);
    let mut parsed = ParsedSettings {
        stripped: stripped.paths,
        ..ParsedSettings::default()
    };
    let Value::Object(members) = stripped.value else {
        parsed
            .violations
            .push(Violation::new("config", "an object of settings"));
        return parsed;
    };
    parsed.untouched = named
        .into_iter()
        .filter(|field| !members.contains_key(field.as_str()))
        .collect();
    let is_given = |name: &String| !VIEW_MEMBERS.contains(&name.as_str());
    parsed.emptied = !parsed.stripped.is_empty() && !members.keys().any(is_given);
    for (name, value) in members {
        let path = format!("config.{name}");
        parsed.gives_values |= is_given(&name) && name != "enabled" && !value.is_null();
        if name == "enabled" {
            match value {
                Value::Bool(on) => parsed.enabled = Some(on),
                Value::Null => {}
                _ => parsed
                    .violations
                    .push(Violation::new(path, "true or false")),
            }
        } else if let Some(field) = Field::parse(&name).filter(|field| fields.contains(field)) {
            if value.is_null() {
                parsed.cleared.push(field);
            } else if let Err(right) = set(&mut parsed.values, field, &value) {
                parsed.violations.push(Violation::new(path, right));
            }
        } else if is_given(&name) {
            let known: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
            parsed.violations.push(Violation::new(
                path,
                format!(
                    "not a field of this type; its fields are {}",
                    known.join(", ")
                ),
            ));
        }
    }
    parsed
}

fn set(values: &mut ModelFields, field: Field, value: &Value) -> Result<(), &'static str> {
    let text = || match value.as_str() {
        Some(text) if !text.is_empty() && text.len() <= 128 => Ok(Some(Arc::<str>::from(text))),
        _ => Err("a text of 1 to 128 characters"),
    };
    let number = || {
        value
            .as_f64()
            .filter(|n| n.is_finite())
            .map(Some)
            .ok_or("a number")
    };
    // A protobuf Struct has no whole numbers of its own: 8192 comes as 8192.0.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within i32, as was checked"
    )]
    let whole = || {
        let whole = value
            .as_f64()
            .filter(|n| n.fract() == 0.0 && n.abs() <= f64::from(i32::MAX));
        whole.map(|n| Some(n as i32)).ok_or("a whole number")
    };
    match field {
        Field::Service => values.service = text()?,
        Field::Model => values.model = text()?,
        Field::ImageSize => values.image_size = text()?,
        Field::ImageQuality => values.image_quality = text()?,
        Field::ImageStyle => values.image_style = text()?,
        Field::ImageFormat => values.image_format = text()?,
        Field::Temperature => values.temperature = number()?,
        Field::Guidance => values.guidance = number()?,
        Field::MaxTokens => values.max_tokens = whole()?,
        Field::MaxInArticleImages => values.max_in_article_images = whole()?,
        Field::Steps => values.steps = whole()?,
    }
    Ok(())
}
