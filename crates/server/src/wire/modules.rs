//! Switches of modules.

use std::collections::BTreeMap;

use aiconfig_domain::{
    AccountId, Meta, Module, ModuleOff, Rejection, ResourceKey, Snapshot, UpdateAccountModules,
    UpdatePlatformModules,
};
use aiconfig_proto::v1;
use prost_types::FieldMask;

use super::common::{Faults, expected_etag, time};
use super::mask::{mask_invalid, paths};

fn by_name<T>(of: impl Fn(Module) -> T) -> BTreeMap<String, T> {
    let named = |module: &Module| (module.as_str().to_owned(), of(*module));
    Module::ALL.iter().map(named).collect()
}

/// The platform's switches on the wire.
pub(crate) fn platform_modules(snapshot: &Snapshot) -> v1::PlatformModules {
    let switches = snapshot.platform_modules();
    let meta = snapshot.platform_modules_meta();
    v1::PlatformModules {
        modules: by_name(|module| switches.is_none_or(|switches| switches.is_on(module))),
        etag: snapshot.etag(&ResourceKey::PlatformModules),
        revision: meta.map_or(0, |meta| meta.revision),
        create_time: meta.map(|meta| time(meta.create_time)),
        update_time: meta.map(|meta| time(meta.update_time)),
        updated_by: updated_by(meta),
    }
}

/// An account's switches on the wire, with what they come to.
pub(crate) fn account_modules(snapshot: &Snapshot, id: AccountId) -> v1::AccountModules {
    let row = snapshot.account_modules(id);
    let meta = row.map(|row| &row.meta);
    let off = |module| snapshot.module_off(id, module);
    let reasons = Module::ALL.iter().filter_map(|module| {
        let reason = match off(*module)? {
            ModuleOff::Platform => v1::ModuleOffReason::Platform,
            ModuleOff::Account => v1::ModuleOffReason::Account,
        };
        Some((module.as_str().to_owned(), reason.into()))
    });
    v1::AccountModules {
        account_id: id.get(),
        modules: by_name(|module| row.is_none_or(|row| row.value.switches.is_on(module))),
        effective: by_name(|module| off(module).is_none()),
        off_reasons: reasons.collect(),
        etag: snapshot.etag(&ResourceKey::AccountModules(id)),
        revision: meta.map_or(0, |meta| meta.revision),
        create_time: meta.map(|meta| time(meta.create_time)),
        update_time: meta.map(|meta| time(meta.update_time)),
        updated_by: updated_by(meta),
    }
}

fn updated_by(meta: Option<&Meta>) -> String {
    meta.map(|meta| meta.updated_by.to_string())
        .unwrap_or_default()
}

/// Reads a change of the platform's switches.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_platform_modules(
    request: v1::UpdatePlatformModulesRequest,
) -> Result<UpdatePlatformModules, Rejection> {
    let v1::UpdatePlatformModulesRequest {
        platform_modules,
        update_mask,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let v1::PlatformModules {
        modules,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = platform_modules.unwrap_or_default();
    let mut faults = Faults::default();
    let given = switches(&mut faults, "platform_modules", modules);
    let given = faults.finish(Some(given))?;
    Ok(UpdatePlatformModules {
        switches: masked(given, update_mask)?,
        expected_etag: expected_etag(etag),
    })
}

/// Reads a change of an account's switches.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_account_modules(
    request: v1::UpdateAccountModulesRequest,
) -> Result<UpdateAccountModules, Rejection> {
    let v1::UpdateAccountModulesRequest {
        account_modules,
        update_mask,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let v1::AccountModules {
        account_id,
        modules,
        effective: _,
        off_reasons: _,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = account_modules.unwrap_or_default();
    let mut faults = Faults::default();
    let id = faults.account_id("account_modules.account_id", account_id);
    let given = switches(&mut faults, "account_modules", modules);
    let (account_id, given) = faults.finish(id.map(|id| (id, given)))?;
    Ok(UpdateAccountModules {
        account_id,
        switches: masked(given, update_mask)?,
        expected_etag: expected_etag(etag),
    })
}

fn switches(
    faults: &mut Faults,
    path: &str,
    given: BTreeMap<String, bool>,
) -> BTreeMap<Module, bool> {
    let mut read = BTreeMap::new();
    for (name, on) in given {
        let path = format!("{path}.modules.{name}");
        if let Some(module) = faults.need(&path, Module::parse(&name), &rule()) {
            read.insert(module, on);
        }
    }
    read
}

fn rule() -> String {
    let known: Vec<&str> = Module::ALL.iter().map(|module| module.as_str()).collect();
    format!("a module is one of {}", known.join(", "))
}

/// What is switched: without a mask what is given; else what it names, on where it is not given.
fn masked(
    given: BTreeMap<Module, bool>,
    mask: Option<FieldMask>,
) -> Result<BTreeMap<Module, bool>, Rejection> {
    let Some(paths) = paths(mask) else {
        return Ok(given);
    };
    let mut named = Vec::new();
    for path in &paths {
        if path == "*" || path == "modules" {
            named.extend(Module::ALL);
        } else {
            let module = path.strip_prefix("modules.").and_then(Module::parse);
            let right = || format!("paths are *, modules and modules.<module>; {}", rule());
            named.push(module.ok_or_else(|| mask_invalid(&right()))?);
        }
    }
    if let Some(outside) = given.keys().find(|module| !named.contains(module)) {
        let outside = outside.as_str();
        return Err(mask_invalid(&format!(
            "modules.{outside} is given and not named"
        )));
    }
    let on = |module: Module| given.get(&module).copied().unwrap_or(true);
    Ok(named
        .into_iter()
        .map(|module| (module, on(module)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, bool)], paths: &[&str]) -> Result<Vec<(Module, bool)>, Rejection> {
        let modules = given.iter().map(|(name, on)| ((*name).to_owned(), *on));
        let platform_modules = v1::PlatformModules {
            modules: modules.collect(),
            ..v1::PlatformModules::default()
        };
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let request = v1::UpdatePlatformModulesRequest {
            platform_modules: Some(platform_modules),
            update_mask: (!paths.is_empty()).then_some(FieldMask { paths }),
            ..v1::UpdatePlatformModulesRequest::default()
        };
        let update = update_platform_modules(request)?;
        Ok(update.switches.into_iter().collect())
    }

    #[test]
    fn switches_are_taken_with_and_without_a_mask() {
        let linker = (Module::Linker, false);
        assert_eq!(read(&[("linker", false)], &[]).unwrap(), [linker]);
        let paths = ["modules.linker", "modules.siteBuilder"];
        let both = [(Module::SiteBuilder, true), linker];
        assert_eq!(read(&[("linker", false)], &paths).unwrap(), both);
        let all = read(&[("linker", false)], &["*"]).unwrap();
        assert_eq!(all.iter().filter(|(_, on)| *on).count(), 7);
    }

    #[test]
    fn unknown_modules_and_paths_are_refused() {
        let unknown = read(&[("painter", true)], &[]).unwrap_err();
        assert_eq!(
            unknown.violations[0].field,
            "platform_modules.modules.painter"
        );
        for paths in [&["modules.painter"][..], &["etag"], &["modules.writer"]] {
            let refused = read(&[("linker", true)], paths).unwrap_err();
            assert_eq!(refused.reason, aiconfig_domain::Reason::MaskInvalid);
        }
    }
}
