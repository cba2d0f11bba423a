//! The global settings and changes of them.

use std::sync::Arc;

use aiconfig_domain::{
    Field, GlobalPatch, GlobalPath, GlobalSettings, Rejection, Stored, UpdateGlobals, is_slug,
};
use aiconfig_proto::v1;

use super::common::{Faults, expected_etag, time};
use super::fields::{model_fields, read_model_fields};
use super::mask::{mask_invalid, paths};

/// The global settings on the wire; before anything is stored they are empty.
pub(crate) fn global_settings(
    stored: Option<&Stored<GlobalSettings>>,
    etag: String,
) -> v1::GlobalSettings {
    let Some(Stored {
        value: GlobalSettings { sections },
        meta,
    }) = stored
    else {
        return v1::GlobalSettings {
            etag,
            ..v1::GlobalSettings::default()
        };
    };
    v1::GlobalSettings {
        sections: sections
            .iter()
            .map(|(name, fields)| (name.to_string(), model_fields(fields)))
            .collect(),
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

/// Reads a change of the global settings.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_globals(
    request: v1::UpdateGlobalSettingsRequest,
) -> Result<UpdateGlobals, Rejection> {
    let v1::UpdateGlobalSettingsRequest {
        global_settings,
        update_mask,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mask = paths(update_mask)
        .map(|paths| paths.iter().map(|path| global_path(path)).collect())
        .transpose()?;
    let mut faults = Faults::default();
    // With a mask alone, what it names is cleared.
    let settings = global_settings.unwrap_or_default();
    let v1::GlobalSettings {
        sections,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = settings;
    let sections = sections
        .into_iter()
        .map(|(name, fields)| {
            let path = format!("global_settings.sections.{name}");
            let fields = read_model_fields(&mut faults, &path, fields);
            (Arc::from(name), fields)
        })
        .collect();
    let patch = GlobalPatch {
        values: GlobalSettings { sections },
        mask,
    };
    faults.finish(Some(UpdateGlobals {
        patch,
        expected_etag: expected_etag(etag),
    }))
}

/// Reads a path such as `sections.openai.model`.
fn global_path(path: &str) -> Result<GlobalPath, Rejection> {
    if path == "*" || path == "sections" {
        return Ok(GlobalPath::All);
    }
    let known: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
    let right = || {
        let fields = known.join(", ");
        mask_invalid(&format!(
            "paths are *, sections.<section> and sections.<section>.<field> with the fields {fields}"
        ))
    };
    let mut parts = path
        .strip_prefix("sections.")
        .ok_or_else(right)?
        .splitn(2, '.');
    let section = parts
        .next()
        .filter(|name| is_slug(name))
        .map(Arc::from)
        .ok_or_else(right)?;
    match parts.next() {
        None => Ok(GlobalPath::Section(section)),
        Some(field) => Field::parse(field)
            .map(|field| GlobalPath::Field(section, field))
            .ok_or_else(right),
    }
}

#[cfg(test)]
mod tests {
    use aiconfig_domain::Reason;

    use super::*;

    fn read(paths: &[&str]) -> Result<UpdateGlobals, Rejection> {
        update_globals(v1::UpdateGlobalSettingsRequest {
            global_settings: Some(v1::GlobalSettings::default()),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            }),
            ..v1::UpdateGlobalSettingsRequest::default()
        })
    }

    #[test]
    fn paths_are_read_in_either_spelling() {
        let mask = read(&[
            "sections.openai.model",
            "sections.imageGeneration.imageSize",
            "sections.runware",
            "*",
        ]);
        let openai = GlobalPath::Field("openai".into(), Field::Model);
        let image = GlobalPath::Field("image_generation".into(), Field::ImageSize);
        let expected = vec![
            openai,
            image,
            GlobalPath::Section("runware".into()),
            GlobalPath::All,
        ];
        assert_eq!(mask.unwrap().patch.mask, Some(expected));
        assert_eq!(read(&[]).unwrap().patch.mask, None);
    }

    #[test]
    fn other_paths_are_refused() {
        for path in [
            "sections.openai.colour",
            "openai.model",
            "etag",
            "sections.",
            "sections.openai.model.x",
        ] {
            let refused = read(&[path]).unwrap_err();
            assert_eq!(refused.reason, Reason::MaskInvalid, "{path}");
            assert!(refused.message.contains("max_tokens"), "{path}");
        }
    }
}
