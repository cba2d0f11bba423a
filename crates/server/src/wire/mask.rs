//! Field masks: which fields of a resource an update takes over.

use aiconfig_domain::{
    CreditOperationField, FunctionField, ModelField, ProfileField, ProviderField, Reason,
    Rejection, StrategyField,
};
use prost_types::FieldMask;

/// The fields of a resource that an update can name.
pub(crate) trait MaskField: Copy + 'static {
    /// Every one.
    const ALL: &'static [Self];
    /// Its path in a mask.
    fn path(self) -> &'static str;
}

macro_rules! mask_fields {
    ($($fields:ident)*) => {$(
        impl MaskField for $fields {
            const ALL: &'static [Self] = $fields::ALL;
            fn path(self) -> &'static str {
                $fields::path(self)
            }
        }
    )*};
}

mask_fields! {
    CreditOperationField FunctionField ModelField ProfileField ProviderField StrategyField
}

/// The fields that an update takes over: those of the mask, all of them for `*`, and without a
/// mask those that `given` says are populated. An empty mask is none.
///
/// # Errors
/// `MASK_INVALID` for paths that do not exist or cannot be set; it names those that can.
pub(crate) fn masked<F: MaskField>(
    mask: Option<FieldMask>,
    given: impl Fn(F) -> bool,
) -> Result<Vec<F>, Rejection> {
    let Some(paths) = paths(mask) else {
        return Ok(F::ALL
            .iter()
            .copied()
            .filter(|field| given(*field))
            .collect());
    };
    let mut fields = Vec::new();
    for path in &paths {
        if path == "*" {
            fields.extend(F::ALL);
        } else if let Some(field) = F::ALL.iter().find(|field| field.path() == path) {
            fields.push(*field);
        } else {
            let known: Vec<&str> = F::ALL.iter().map(|field| field.path()).collect();
            return Err(mask_invalid(&format!(
                "paths must be among: {}, or *",
                known.join(", ")
            )));
        }
    }
    Ok(fields)
}

/// The paths of a mask in `snake_case`; a mask without paths is none.
pub(crate) fn paths(mask: Option<FieldMask>) -> Option<Vec<String>> {
    let FieldMask { paths } = mask?;
    if paths.is_empty() {
        None
    } else {
        Some(paths.iter().map(|path| snake(path)).collect())
    }
}

/// Why a mask is refused.
pub(crate) fn mask_invalid(right: &str) -> Rejection {
    Rejection {
        reason: Reason::MaskInvalid,
        ..Rejection::invalid_field("update_mask", right)
    }
}

/// `maxTokens` as `max_tokens`: clients that write JSON by hand send the former.
fn snake(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 4);
    for letter in path.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(paths: &[&str]) -> FieldMask {
        FieldMask {
            paths: paths.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn no_mask_takes_what_is_given() {
        for none in [None, Some(mask(&[]))] {
            let fields =
                masked(none, |field: ProviderField| field == ProviderField::BaseUrl).unwrap();
            assert_eq!(fields, [ProviderField::BaseUrl]);
        }
    }

    #[test]
    fn a_mask_takes_what_it_names_in_either_spelling() {
        let fields = masked(
            Some(mask(&["base_url", "probePath"])),
            |_: ProviderField| false,
        )
        .unwrap();
        assert_eq!(fields, [ProviderField::BaseUrl, ProviderField::ProbePath]);
        let fields: Vec<ModelField> =
            masked(Some(mask(&["capabilities.maxTemperature"])), |_| false).unwrap();
        assert_eq!(fields, [ModelField::CapabilitiesMaxTemperature]);
        assert_eq!(
            masked(Some(mask(&["*"])), |_: ProviderField| false).unwrap(),
            ProviderField::ALL
        );
    }

    #[test]
    fn other_paths_are_refused_with_the_ones_that_exist() {
        for path in ["etag", "name", "colour", ""] {
            let refused =
                masked(Some(mask(&["base_url", path])), |_: ProviderField| true).unwrap_err();
            assert_eq!(refused.reason, Reason::MaskInvalid);
            assert_eq!(refused.violations[0].field, "update_mask");
            assert!(refused.violations[0].description.contains("key_fallback"));
        }
    }
}
