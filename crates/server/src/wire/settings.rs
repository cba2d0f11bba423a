//! Integration settings and global settings.

use std::collections::BTreeMap;

use aiconfig_domain::{
    Field, GlobalPatch, GlobalPath, GlobalSettings, Reason, Rejection, ResourceKey, Snapshot,
    Violation,
};
use aiconfig_proto::v1;
use aiconfig_resolution::SettingsView;
use prost_types::value::Kind;
use serde_json::Value;

use super::{fields_in, fields_out, source, time};

/// How deep a settings JSON may be nested.
const DEPTH: usize = 32;

pub(crate) fn settings_view(snapshot: &Snapshot, view: SettingsView) -> v1::IntegrationSettings {
    let SettingsView {
        kind,
        account_id,
        enabled,
        values,
        defaults,
        overrides,
        sources,
        using_global,
        can_override,
        in_use,
        choices,
        function_defaults,
        meta,
    } = view;
    let mut lists = choices.lists;
    let mut list = |name: &str| lists.remove(name).unwrap_or_default();
    let range = |(min, max, step)| v1::NumberRange {
        min: Some(min),
        max: Some(max),
        step: Some(step),
    };
    let named = Field::ALL
        .into_iter()
        .filter_map(|field| Some((field, sources[field.index()]?)));
    v1::IntegrationSettings {
        id: kind.as_str().to_owned(),
        account_id: account_id.get(),
        enabled,
        values: Some(fields_out(&values)),
        defaults: Some(fields_out(&defaults)),
        overrides: Some(fields_out(&overrides)),
        sources: named
            .map(|(field, from)| (field.as_str().to_owned(), source(from).into()))
            .collect(),
        using_global,
        can_override,
        in_use,
        status: v1::ConnectionStatus::Unknown.into(),
        choices: Some(v1::Choices {
            services: choices.services,
            models: choices.models,
            image_sizes: list("image_size"),
            image_qualities: list("image_quality"),
            image_styles: list("image_style"),
            image_formats: list("image_format"),
            ranges: choices
                .ranges
                .into_iter()
                .map(|(name, bounds)| (name.to_owned(), range(bounds)))
                .collect(),
        }),
        function_defaults,
        etag: snapshot.etag(&ResourceKey::Override(account_id, kind)),
        revision: meta.as_ref().map_or(0, |meta| meta.revision),
        create_time: meta.as_ref().and_then(|meta| time(meta.create_time)),
        update_time: meta.as_ref().and_then(|meta| time(meta.update_time)),
        updated_by: meta
            .map(|meta| meta.updated_by.to_string())
            .unwrap_or_default(),
    }
}

pub(crate) fn global_settings(snapshot: &Snapshot) -> v1::GlobalSettings {
    let stored = snapshot.globals();
    let sections = stored.map(|stored| &stored.value.sections);
    v1::GlobalSettings {
        sections: sections
            .into_iter()
            .flatten()
            .map(|(name, fields)| (name.to_string(), fields_out(fields)))
            .collect(),
        etag: snapshot.etag(&ResourceKey::GlobalSettings),
        revision: stored.map_or(0, |stored| stored.meta.revision),
        create_time: stored.and_then(|stored| time(stored.meta.create_time)),
        update_time: stored.and_then(|stored| time(stored.meta.update_time)),
        updated_by: stored
            .map(|stored| stored.meta.updated_by.to_string())
            .unwrap_or_default(),
    }
}

pub(crate) fn global_patch(
    message: v1::GlobalSettings,
    mask: Option<prost_types::FieldMask>,
) -> Result<GlobalPatch, Rejection> {
    let v1::GlobalSettings {
        sections,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = message;
    let mut violations = Vec::new();
    let mut read = BTreeMap::new();
    for (name, fields) in sections {
        let path = format!("global_settings.sections.{name}.");
        read.insert(
            name.as_str().into(),
            fields_in(fields, &path, &mut violations),
        );
    }
    if !violations.is_empty() {
        return Err(Rejection::invalid(violations));
    }
    let mask = mask
        .map(|mask| mask.paths.iter().map(|path| global_path(path)).collect())
        .transpose()?;
    Ok(GlobalPatch {
        values: GlobalSettings { sections: read },
        mask,
    })
}

/// `*`, `sections`, `sections.openai` or `sections.openai.model`; camel case as JSON writes it.
fn global_path(path: &str) -> Result<GlobalPath, Rejection> {
    let mut parts = path.split('.').map(snake);
    let read = match (
        parts.next().as_deref(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) {
        (Some("*" | "sections"), None, None, None) => Some(GlobalPath::All),
        (Some("sections"), Some(section), None, None) => Some(GlobalPath::Section(section.into())),
        (Some("sections"), Some(section), Some(field), None) => {
            Field::parse(&field).map(|field| GlobalPath::Field(section.into(), field))
        }
        _ => None,
    };
    read.ok_or_else(|| Rejection {
        reason: Reason::MaskInvalid,
        ..Rejection::invalid_field(
            "update_mask",
            "paths such as sections.openai.model, sections.openai or *",
        )
    })
}

fn snake(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
        text
    })
}

/// The JSON of a settings object.
pub(crate) fn json(message: Option<prost_types::Struct>) -> Result<Value, Rejection> {
    let members = message.map(|message| message.fields).unwrap_or_default();
    object(members, DEPTH).ok_or_else(|| {
        Rejection::invalid(vec![Violation::new(
            "config",
            "an object that is not nested deeper than 32",
        )])
    })
}

fn object(members: BTreeMap<String, prost_types::Value>, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    members
        .into_iter()
        .map(|(name, value)| Some((name, json_value(value, depth)?)))
        .collect::<Option<_>>()
        .map(Value::Object)
}

fn json_value(value: prost_types::Value, depth: usize) -> Option<Value> {
    Some(match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(on)) => Value::Bool(on),
        Some(Kind::NumberValue(number)) => {
            serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
        }
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(list)) => {
            let depth = depth.checked_sub(1)?;
            Value::Array(
                list.values
                    .into_iter()
                    .map(|value| json_value(value, depth))
                    .collect::<Option<_>>()?,
            )
        }
        Some(Kind::StructValue(members)) => object(members.fields, depth)?,
    })
}
