//! Adding and changing providers, and the steps that every write of a single resource shares.

use url::Url;

use super::{CommandContext, Decision};
use crate::{
    Change, IntegrationType, Modality, Provider, ProviderField, ProviderName, Reason, Rejection,
    Resource, ResourceKey, Snapshot, Violation, origin_of,
};

/// Adds a provider.
#[derive(Clone, Debug)]
pub struct CreateProvider {
    /// The provider.
    pub value: Provider,
}

/// Changes the named fields of a provider.
#[derive(Clone, Debug)]
pub struct UpdateProvider {
    /// New values; the name says which provider.
    pub value: Provider,
    /// The fields to take over.
    pub fields: Vec<ProviderField>,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

impl CreateProvider {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let value = &command.value;
        let mut violations = check(snapshot, value);
        if !matches!(
            IntegrationType::parse(value.name.as_str()),
            Some(IntegrationType::Provider(_))
        ) {
            violations.push(Violation::new(
                "provider.name",
                "must not be the name of an integration type",
            ));
        }
        refuse_any(violations)?;
        if snapshot.provider(value.name.as_str()).is_some() {
            return Err(exists("Provider", value.name.as_str()));
        }
        Ok(put(Resource::Provider(value.clone())))
    }
}

impl UpdateProvider {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let former = find(snapshot, &command.value.name)?;
        let key = ResourceKey::Provider(former.name.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let mut value = former.clone();
        for field in &command.fields {
            field.take(&mut value, &command.value);
        }
        refuse_any(check(snapshot, &value))?;
        for gone in former.modalities.difference(&value.modalities) {
            let models = snapshot
                .models()
                .filter(|m| m.value.provider == value.name && m.value.modality == *gone)
                .count();
            if models > 0 {
                let message = format!(
                    "{models} models of provider {} make {}",
                    value.name,
                    gone.as_str()
                );
                return Err(Rejection::new(Reason::ResourceInUse, message)
                    .with("models", models.to_string())
                    .about("Provider", value.name.as_str()));
            }
        }
        let mut decision = put_changed(former, &value, key, Resource::Provider);
        if origin_of(&former.base_url) != origin_of(&value.base_url) {
            decision
                .warnings
                .push("the origin changed: keys added before are not released to it".into());
        }
        Ok(decision)
    }
}

fn check(snapshot: &Snapshot, value: &Provider) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut refuse = |field: &str, rule: &str| {
        violations.push(Violation::new(format!("provider.{field}"), rule));
    };
    if !(1..=255).contains(&value.display_name.chars().count()) || value.display_name.contains('\0')
    {
        refuse("display_name", "1 to 255 characters, no NUL");
    }
    if value.modalities.is_empty() {
        refuse("modalities", "at least one");
    }
    if value.modalities.contains(&Modality::Text) && value.modalities.contains(&Modality::Image) {
        refuse(
            "modalities",
            "text and image never in one provider; use two with key_fallback",
        );
    }
    if value.base_url.len() > 2_048 || origin_of(&value.base_url).is_none() {
        refuse(
            "base_url",
            "an https address (http on loopback) without query, fragment and user",
        );
    }
    let path = &value.probe_path;
    // A path must not be able to lead to another origin, as `//host` would.
    let stays = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 1_024
        && path
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\'));
    if !path.is_empty() && (!stays || Url::parse(&format!("https://host{path}")).is_err()) {
        refuse(
            "probe_path",
            "a path that starts with one slash, without query and fragment",
        );
    }
    if let Some(name) = &value.key_fallback {
        match snapshot.provider(name.as_str()) {
            _ if *name == value.name => refuse("key_fallback", "must be another provider"),
            None => refuse("key_fallback", "must be a provider that exists"),
            Some(other) if other.value.key_fallback.is_some() => {
                refuse("key_fallback", "must have no key_fallback itself");
            }
            Some(_)
                if snapshot
                    .providers()
                    .any(|p| p.value.key_fallback.as_ref() == Some(&value.name)) =>
            {
                refuse(
                    "key_fallback",
                    "this provider is the key_fallback of another one",
                );
            }
            Some(_) => {}
        }
    }
    violations
}

/// The provider of a name, or a refusal.
pub(super) fn find<'a>(
    snapshot: &'a Snapshot,
    name: &ProviderName,
) -> Result<&'a Provider, Rejection> {
    snapshot
        .provider(name.as_str())
        .map(|stored| &stored.value)
        .ok_or_else(|| {
            Rejection::new(
                Reason::ProviderNotFound,
                format!("there is no provider {name}"),
            )
            .about("Provider", name.as_str())
        })
}

/// Refuses if there is any violation.
pub(super) fn refuse_any(violations: Vec<Violation>) -> Result<(), Rejection> {
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Rejection::invalid(violations))
    }
}

/// The refusal of a name that is taken.
pub(super) fn exists(kind: &'static str, name: &str) -> Rejection {
    Rejection::new(Reason::AlreadyExists, format!("{kind} {name} exists")).about(kind, name)
}

/// Refuses if the stored resource is not the one that the caller last saw.
pub(super) fn check_etag(
    snapshot: &Snapshot,
    key: &ResourceKey,
    expected: Option<&str>,
) -> Result<(), Rejection> {
    match expected {
        Some(expected) if expected != snapshot.etag(key) => {
            let name = key.name();
            let message = format!("{name} was changed since its etag was read; read it again");
            Err(overtaken(snapshot, key, message))
        }
        _ => Ok(()),
    }
}

/// The refusal of a caller whom another one was before, with who that was and what is there now.
pub(super) fn overtaken(snapshot: &Snapshot, key: &ResourceKey, message: String) -> Rejection {
    let mut rejection = Rejection::new(Reason::EtagMismatch, message);
    if let Some(meta) = snapshot.meta(key) {
        rejection = rejection
            .with("updated_by", meta.updated_by.to_string())
            .with("update_time", meta.update_time.to_rfc3339())
            .with("revision", meta.revision.to_string());
    }
    rejection
        .with("etag", snapshot.etag(key))
        .with("resource", key.name())
}

/// The decision that stores one resource.
pub(super) fn put(resource: Resource) -> Decision {
    Decision {
        subject: Some(resource.key()),
        changes: vec![Change::Put(resource)],
        ..Decision::default()
    }
}

/// The decision that stores one resource if it differs from the former one.
pub(super) fn put_changed<T: Clone + PartialEq>(
    former: &T,
    value: &T,
    key: ResourceKey,
    resource: impl FnOnce(T) -> Resource,
) -> Decision {
    if former == value {
        return Decision {
            subject: Some(key),
            ..Decision::default()
        };
    }
    put(resource(value.clone()))
}

/// The decision that deletes one resource.
pub(super) fn delete(key: ResourceKey) -> Decision {
    Decision {
        changes: vec![Change::Delete(key.clone())],
        subject: Some(key),
        ..Decision::default()
    }
}
