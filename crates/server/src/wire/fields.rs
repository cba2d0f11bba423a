//! Values, sources and times.

use std::sync::Arc;

use aiconfig_domain::{FieldSource, ModelFields, Timestamp, Violation};
use aiconfig_proto::v1;

pub(crate) fn fields_out(fields: &ModelFields) -> v1::ModelFields {
    let text = |value: &Option<Arc<str>>| value.as_ref().map(ToString::to_string);
    v1::ModelFields {
        service: text(&fields.service),
        model: text(&fields.model),
        temperature: fields.temperature,
        max_tokens: fields.max_tokens,
        image_size: text(&fields.image_size),
        image_quality: text(&fields.image_quality),
        image_style: text(&fields.image_style),
        image_format: text(&fields.image_format),
        max_in_article_images: fields.max_in_article_images,
        steps: fields.steps,
        guidance: fields.guidance,
    }
}

/// Reads values; `path` stands before a field's name in a violation.
pub(crate) fn fields_in(
    message: v1::ModelFields,
    path: &str,
    violations: &mut Vec<Violation>,
) -> ModelFields {
    let v1::ModelFields {
        service,
        model,
        temperature,
        max_tokens,
        image_size,
        image_quality,
        image_style,
        image_format,
        max_in_article_images,
        steps,
        guidance,
    } = message;
    let mut text = |name: &str, value: Option<String>| {
        value.and_then(|value| {
            if value.is_empty() || value.len() > 128 {
                violations.push(Violation::new(
                    format!("{path}{name}"),
                    "a text of 1 to 128 characters",
                ));
                return None;
            }
            Some(Arc::<str>::from(value))
        })
    };
    let fields = ModelFields {
        service: text("service", service),
        model: text("model", model),
        image_size: text("image_size", image_size),
        image_quality: text("image_quality", image_quality),
        image_style: text("image_style", image_style),
        image_format: text("image_format", image_format),
        temperature,
        max_tokens,
        max_in_article_images,
        steps,
        guidance,
    };
    for (name, value) in [("temperature", temperature), ("guidance", guidance)] {
        if value.is_some_and(|value| !value.is_finite()) {
            violations.push(Violation::new(format!("{path}{name}"), "a finite number"));
        }
    }
    fields
}

pub(crate) const fn source(source: FieldSource) -> v1::FieldSource {
    match source {
        FieldSource::Request => v1::FieldSource::Request,
        FieldSource::Account => v1::FieldSource::Account,
        FieldSource::Function => v1::FieldSource::Function,
        FieldSource::Global => v1::FieldSource::Global,
        FieldSource::Catalog => v1::FieldSource::Catalog,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "messages hold times as options")]
pub(crate) fn time(time: Timestamp) -> Option<prost_types::Timestamp> {
    let micros = time.as_micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or(0);
    Some(prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos,
    })
}
