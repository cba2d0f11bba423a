//! The config JSON of the old settings, plain or prefixed, taken apart by type of settings.

use std::collections::BTreeMap;

use aiconfig_domain::{
    Field, IntegrationType, ProviderName, Snapshot, names_credential, strip_credentials,
};
use secrecy::SecretString;
use serde_json::Value;

use super::cells::{Fields, is_blank, switch};

/// A value of a config, under its own name and under the one that it has here.
pub(super) struct Entry {
    /// The name of a field here, or any other name.
    pub(super) field: String,
    pub(super) name: String,
    pub(super) value: Value,
}

/// A config taken apart.
#[derive(Default)]
pub(super) struct Split {
    /// By type, the type of the row among them even if it has no values.
    pub(super) parts: BTreeMap<IntegrationType, Vec<Entry>>,
    /// Platform keys with their names; only where they are wanted.
    pub(super) keys: Vec<(ProviderName, String, SecretString)>,
    /// `enabled`, if the config has it.
    pub(super) switch: Option<bool>,
    /// Where credentials stood that are not kept.
    pub(super) stripped: Vec<String>,
    /// Names of credentials without a value.
    pub(super) blank_credentials: Vec<String>,
    /// Names that mean nothing here, in a row that is of no known type.
    pub(super) unknown: Vec<String>,
    /// Names that say again what another one says.
    pub(super) repeated: Vec<(String, String)>,
}

impl Split {
    /// Whether anything in it concerns AI.
    pub(super) fn concerns_ai(&self) -> bool {
        !self.parts.is_empty() || !self.keys.is_empty()
    }
}

enum Target {
    Field(IntegrationType, Field),
    Key(ProviderName),
    Switch,
    Unknown,
}

/// Takes a config apart. `declared` is the type of the row, if it is one of ours; with
/// `with_keys` platform keys are kept, else every credential is stripped.
pub(super) fn split(
    snapshot: &Snapshot,
    declared: Option<&IntegrationType>,
    config: Fields,
    with_keys: bool,
) -> Split {
    let names = Names::of(snapshot);
    let mut split = Split::default();
    if let Some(declared) = declared {
        split.parts.entry(declared.clone()).or_default();
    }
    let mut rest = Fields::new();
    for (name, value) in config {
        let target = names.target(&name, declared);
        if is_blank(Some(&value)) {
            if names_credential(&name) {
                split.blank_credentials.push(name);
            }
        } else if let (Target::Key(provider), true) = (&target, with_keys) {
            split.take_key(provider.clone(), name, value);
        } else {
            rest.insert(name, value);
        }
    }
    let stripped = strip_credentials(Value::Object(rest));
    split.stripped.extend(stripped.paths);
    let Value::Object(rest) = stripped.value else {
        return split;
    };
    // A field under its own name counts before other names for it.
    let (own, others): (Vec<_>, Vec<_>) = rest
        .into_iter()
        .partition(|(name, _)| Field::parse(name).is_some());
    for (name, value) in own.into_iter().chain(others) {
        match names.target(&name, declared) {
            Target::Field(kind, field) => split.put(kind, field, name, value),
            Target::Switch => split.switch = switch(&value),
            Target::Key(_) | Target::Unknown => match declared {
                Some(declared) => {
                    let entries = split.parts.entry(declared.clone()).or_default();
                    let field = name.clone();
                    entries.push(Entry { field, name, value });
                }
                None => split.unknown.push(name),
            },
        }
    }
    split
}

impl Split {
    fn take_key(&mut self, provider: ProviderName, name: String, value: Value) {
        match value {
            Value::String(key) if !self.keys.iter().any(|(p, ..)| *p == provider) => {
                let key = if key.trim().len() == key.len() {
                    key
                } else {
                    key.trim().to_owned()
                };
                self.keys.push((provider, name, SecretString::from(key)));
            }
            // A second key of a provider, or a key that is no text.
            _ => self.stripped.push(name),
        }
    }

    fn put(&mut self, kind: IntegrationType, field: Field, name: String, value: Value) {
        let entries = self.parts.entry(kind).or_default();
        match entries.iter().find(|entry| entry.field == field.as_str()) {
            None => entries.push(Entry {
                field: field.as_str().to_owned(),
                name,
                value,
            }),
            Some(first) if first.value == value => {}
            Some(first) => self.repeated.push((name, first.name.clone())),
        }
    }
}

/// The names that settings can begin with: providers and general types, the longest first.
struct Names<'a> {
    snapshot: &'a Snapshot,
    prefixes: Vec<IntegrationType>,
}

impl<'a> Names<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut prefixes = IntegrationType::all(snapshot);
        prefixes.sort_by_key(|kind| std::cmp::Reverse(kind.as_str().len()));
        Self { snapshot, prefixes }
    }

    fn has(&self, kind: &IntegrationType, field: Field) -> bool {
        kind.shape(self.snapshot)
            .is_some_and(|(_, fields)| fields.contains(&field))
    }

    fn target(&self, name: &str, declared: Option<&IntegrationType>) -> Target {
        let name = snake(name);
        if name == "enabled" {
            return Target::Switch;
        }
        if is_key(&name) {
            return match declared {
                Some(IntegrationType::Provider(provider)) => Target::Key(provider.clone()),
                _ => Target::Unknown,
            };
        }
        let images = IntegrationType::ImageGeneration;
        if let Some(field) = field_of(&name) {
            // What only images have is about images wherever it stands.
            let home = declared.filter(|kind| self.has(kind, field));
            let of_images =
                self.has(&images, field) && !matches!(field, Field::Service | Field::Model);
            return match home {
                Some(kind) => Target::Field(kind.clone(), field),
                None if of_images => Target::Field(images, field),
                None => Target::Unknown,
            };
        }
        if name == "image_model" {
            return Target::Field(images, Field::Model);
        }
        for kind in &self.prefixes {
            let rest = name.strip_prefix(kind.as_str());
            let Some(rest) = rest.and_then(|rest| rest.strip_prefix('_')) else {
                continue;
            };
            match (kind, field_of(rest)) {
                (IntegrationType::Provider(provider), _) if is_key(rest) => {
                    return Target::Key(provider.clone());
                }
                (kind, Some(field)) if self.has(kind, field) => {
                    return Target::Field(kind.clone(), field);
                }
                _ => {}
            }
        }
        Target::Unknown
    }
}

fn is_key(name: &str) -> bool {
    matches!(name, "api_key" | "apikey")
}

/// The field of a name; `size`, `quality`, `style` and `format` are those of images.
fn field_of(name: &str) -> Option<Field> {
    Field::parse(name).or(match name {
        "size" => Some(Field::ImageSize),
        "quality" => Some(Field::ImageQuality),
        "style" => Some(Field::ImageStyle),
        "format" => Some(Field::ImageFormat),
        _ => None,
    })
}

/// `runwareModel` and `OPENAI_API_KEY` as `runware_model` and `openai_api_key`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before = '_';
    for c in name.trim().chars() {
        if c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
        before = c;
    }
    snake
}
