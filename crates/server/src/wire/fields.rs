//! The fields that can be inherited, their sources, and the image parameters.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{Field, ModelFields};
use aiconfig_proto::v1;
use aiconfig_resolution::Sources;

use super::common::Faults;
use super::enums::field_source;

fn text(value: Option<&Arc<str>>) -> Option<String> {
    value.map(ToString::to_string)
}

/// Model fields on the wire.
pub(crate) fn model_fields(fields: &ModelFields) -> v1::ModelFields {
    let ModelFields {
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
    } = fields;
    v1::ModelFields {
        service: text(service.as_ref()),
        model: text(model.as_ref()),
        temperature: *temperature,
        max_tokens: *max_tokens,
        image_size: text(image_size.as_ref()),
        image_quality: text(image_quality.as_ref()),
        image_style: text(image_style.as_ref()),
        image_format: text(image_format.as_ref()),
        max_in_article_images: *max_in_article_images,
        steps: *steps,
        guidance: *guidance,
    }
}

/// Where each value is from, by field name.
pub(crate) fn sources(sources: &Sources) -> BTreeMap<String, i32> {
    Field::ALL
        .into_iter()
        .filter_map(|field| {
            Some((
                field.as_str().to_owned(),
                field_source(sources[field.index()]?),
            ))
        })
        .collect()
}

/// Reads model fields; whether they fit their place is for the domain to say.
pub(crate) fn read_model_fields(
    faults: &mut Faults,
    path: &str,
    fields: v1::ModelFields,
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
    } = fields;
    let at = |field: Field| format!("{path}.{}", field.as_str());
    let mut name = |field: Field, value: Option<String>| {
        let value = value?;
        let fits = (1..=128).contains(&value.len()) && !value.contains('\0');
        faults.need(
            &at(field),
            fits.then(|| Arc::from(value)),
            "a text of 1 to 128 bytes; leave it out to inherit",
        )
    };
    let (service, model) = (name(Field::Service, service), name(Field::Model, model));
    let (image_size, image_quality) = (
        name(Field::ImageSize, image_size),
        name(Field::ImageQuality, image_quality),
    );
    let (image_style, image_format) = (
        name(Field::ImageStyle, image_style),
        name(Field::ImageFormat, image_format),
    );
    let mut number = |field: Field, value: Option<f64>| {
        let value = value?;
        faults.need(
            &at(field),
            value.is_finite().then_some(value),
            "a finite number",
        )
    };
    ModelFields {
        service,
        model,
        temperature: number(Field::Temperature, temperature),
        max_tokens,
        image_size,
        image_quality,
        image_style,
        image_format,
        max_in_article_images,
        steps,
        guidance: number(Field::Guidance, guidance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_go_both_ways() {
        let fields = ModelFields {
            service: Some("openai".into()),
            temperature: Some(0.5),
            steps: Some(0),
            ..ModelFields::default()
        };
        let mut faults = Faults::default();
        assert_eq!(
            read_model_fields(&mut faults, "overrides", model_fields(&fields)),
            fields
        );
        assert!(faults.is_empty());
    }

    #[test]
    fn infinite_numbers_and_empty_texts_are_refused_together() {
        let fields = v1::ModelFields {
            model: Some(String::new()),
            temperature: Some(f64::NAN),
            guidance: Some(f64::INFINITY),
            ..v1::ModelFields::default()
        };
        let mut faults = Faults::default();
        read_model_fields(&mut faults, "overrides", fields);
        let paths: Vec<String> = faults
            .into_violations()
            .into_iter()
            .map(|v| v.field)
            .collect();
        assert_eq!(
            paths,
            [
                "overrides.model",
                "overrides.temperature",
                "overrides.guidance"
            ]
        );
    }
}
