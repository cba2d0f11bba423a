//! The life of provider keys: every state under every command (section 2).

use aiconfig_domain::{
    AddKey, Command, DestroyKey, KeyFingerprint, KeyState, PromoteKey, ProviderField, ProviderName,
    RevokeKey, RollbackKey, SetKeyFreeze, UpdateProvider,
};

use crate::outcome::{check_all, outcome};
use crate::platform::Platform;

const PROVIDER: &str = "openai";

fn provider() -> ProviderName {
    ProviderName::parse(PROVIDER).unwrap()
}

fn fingerprint(number: u32) -> KeyFingerprint {
    KeyFingerprint::parse(&format!("{number:016x}{number:016x}")).unwrap()
}

fn add(number: u32) -> Command {
    Command::AddKey(AddKey {
        provider: provider(),
        mask: "sk-…test".to_owned(),
        fingerprint: fingerprint(number),
        expected_etag: None,
    })
}

fn promote(version: u32) -> Command {
    Command::PromoteKey(PromoteKey {
        provider: provider(),
        version,
        expected_primary: None,
        expected_etag: None,
    })
}

fn revoke(version: u32) -> Command {
    Command::RevokeKey(RevokeKey {
        provider: provider(),
        version,
        expected_etag: None,
    })
}

fn rollback() -> Command {
    Command::RollbackKey(RollbackKey {
        provider: provider(),
        expected_primary: None,
        expected_etag: None,
    })
}

fn destroy(version: u32) -> Command {
    Command::DestroyKey(DestroyKey {
        provider: provider(),
        version,
        fingerprint: fingerprint(version).shown().to_owned(),
        expected_etag: None,
    })
}

/// The states of all versions, such as `1 RETIRED, 2 PRIMARY`.
fn states(platform: &Platform) -> String {
    let provider = provider();
    let keys = platform.snapshot.provider_keys(&provider);
    let states = keys.map(|key| format!("{} {}", key.value.version, key.value.state.as_str()));
    states.collect::<Vec<_>>().join(", ")
}

/// Version 1 in a state; version 2 is primary beside it, unless version 1 is.
fn with_state(state: KeyState) -> Platform {
    let mut platform = Platform::new();
    let steps = match state {
        KeyState::Standby => vec![promote(2)],
        KeyState::Primary => vec![promote(1)],
        KeyState::Retired => vec![promote(1), promote(2)],
        KeyState::Revoked => vec![promote(2), revoke(1)],
        KeyState::Destroyed => vec![promote(2), destroy(1)],
    };
    for command in [add(1), add(2)].iter().chain(&steps) {
        platform.run(command);
    }
    let key = platform.snapshot.provider_key(&provider(), 1).unwrap();
    assert_eq!(key.value.state, state);
    platform
}

#[test]
fn every_state_under_every_command() {
    use KeyState::{Destroyed, Primary, Retired, Revoked, Standby};
    let table = [
        (Standby, promote(1), "changed", "1 PRIMARY, 2 RETIRED"),
        (Primary, promote(1), "unchanged", "1 PRIMARY, 2 STANDBY"),
        (Retired, promote(1), "changed", "1 PRIMARY, 2 RETIRED"),
        (
            Revoked,
            promote(1),
            "KeyStateInvalid",
            "1 REVOKED, 2 PRIMARY",
        ),
        (
            Destroyed,
            promote(1),
            "KeyStateInvalid",
            "1 DESTROYED, 2 PRIMARY",
        ),
        (Standby, rollback(), "NoRetiredKey", "1 STANDBY, 2 PRIMARY"),
        (Primary, rollback(), "NoRetiredKey", "1 PRIMARY, 2 STANDBY"),
        (Retired, rollback(), "changed", "1 PRIMARY, 2 STANDBY"),
        (Revoked, rollback(), "NoRetiredKey", "1 REVOKED, 2 PRIMARY"),
        (
            Destroyed,
            rollback(),
            "NoRetiredKey",
            "1 DESTROYED, 2 PRIMARY",
        ),
        (Standby, revoke(1), "changed", "1 REVOKED, 2 PRIMARY"),
        (Primary, revoke(1), "changed", "1 REVOKED, 2 STANDBY"),
        (Retired, revoke(1), "changed", "1 REVOKED, 2 PRIMARY"),
        (Revoked, revoke(1), "unchanged", "1 REVOKED, 2 PRIMARY"),
        (
            Destroyed,
            revoke(1),
            "KeyStateInvalid",
            "1 DESTROYED, 2 PRIMARY",
        ),
        (Standby, destroy(1), "changed", "1 DESTROYED, 2 PRIMARY"),
        (Primary, destroy(1), "KeyInUse", "1 PRIMARY, 2 STANDBY"),
        (Retired, destroy(1), "changed", "1 DESTROYED, 2 PRIMARY"),
        (Revoked, destroy(1), "changed", "1 DESTROYED, 2 PRIMARY"),
        (Destroyed, destroy(1), "unchanged", "1 DESTROYED, 2 PRIMARY"),
        // The same key again, unless it was erased; the running one stays what it is.
        (Standby, add(1), "DuplicateKey", "1 STANDBY, 2 PRIMARY"),
        (Primary, add(1), "DuplicateKey", "1 PRIMARY, 2 STANDBY"),
        (Retired, add(1), "DuplicateKey", "1 RETIRED, 2 PRIMARY"),
        (Revoked, add(1), "DuplicateKey", "1 REVOKED, 2 PRIMARY"),
        (
            Destroyed,
            add(1),
            "changed",
            "1 DESTROYED, 2 PRIMARY, 3 STANDBY",
        ),
        (
            Primary,
            add(3),
            "changed",
            "1 PRIMARY, 2 STANDBY, 3 STANDBY",
        ),
    ];
    for state in KeyState::ALL {
        let commands = table.iter().filter(|row| row.0 == state).count();
        assert!(commands >= 5, "{state:?} has no case for a command");
    }
    for (state, command, expected, after) in table {
        let mut platform = with_state(state);
        let result = platform.decide(&command);
        assert_eq!(outcome(&result), expected, "{state:?} {command:?}");
        if let Ok(decision) = result {
            platform.apply(&decision.changes);
        }
        assert_eq!(states(&platform), after, "{state:?} {command:?}");
    }
}

#[test]
fn a_rollback_takes_the_key_that_was_retired_last() {
    let mut platform = Platform::new();
    for command in [add(1), add(2), add(3), promote(2), promote(1), promote(3)] {
        platform.run(&command);
    }
    assert_eq!(states(&platform), "1 RETIRED, 2 RETIRED, 3 PRIMARY");
    platform.run(&rollback());
    assert_eq!(states(&platform), "1 PRIMARY, 2 RETIRED, 3 STANDBY");
    platform.run(&rollback());
    assert_eq!(states(&platform), "1 STANDBY, 2 PRIMARY, 3 STANDBY");
    assert_eq!(outcome(&platform.decide(&rollback())), "NoRetiredKey");
    // Without a primary the last retired one comes back alone.
    for command in [promote(1), revoke(1), rollback()] {
        platform.run(&command);
    }
    assert_eq!(states(&platform), "1 REVOKED, 2 PRIMARY, 3 STANDBY");
}

#[test]
fn a_promotion_says_what_it_took_the_place_of() {
    let mut platform = with_state(KeyState::Standby);
    let decision = platform.run(&promote(1));
    assert_eq!(decision.former.as_deref(), Some("2"));
    let provider = provider();
    let keys: Vec<_> = platform.snapshot.provider_keys(&provider).collect();
    assert!(keys[0].value.promote_time.is_some() && keys[1].value.retire_time.is_some());
}

#[test]
fn expectations_that_do_not_hold_are_refused() {
    let platform = with_state(KeyState::Standby);
    let expecting = |primary| {
        Command::PromoteKey(PromoteKey {
            provider: provider(),
            version: 1,
            expected_primary: Some(primary),
            expected_etag: None,
        })
    };
    let wrong_print = Command::DestroyKey(DestroyKey {
        provider: provider(),
        version: 1,
        fingerprint: fingerprint(2).shown().to_owned(),
        expected_etag: None,
    });
    let stale = Command::RevokeKey(RevokeKey {
        provider: provider(),
        version: 1,
        expected_etag: Some("stale".to_owned()),
    });
    for (command, expected) in [
        (expecting(2), "changed"),
        (expecting(0), "ExpectedPrimaryMismatch"),
        (expecting(1), "ExpectedPrimaryMismatch"),
        (wrong_print, "FingerprintMismatch"),
        (stale, "EtagMismatch"),
        (promote(9), "ProviderKeyNotFound"),
        (revoke(9), "ProviderKeyNotFound"),
        (destroy(9), "ProviderKeyNotFound"),
    ] {
        assert_eq!(outcome(&platform.decide(&command)), expected, "{command:?}");
    }
}

#[test]
fn a_key_is_bound_to_the_origin_that_it_was_added_for() {
    let mut platform = with_state(KeyState::Standby);
    let mut value = platform.snapshot.provider(PROVIDER).unwrap().value.clone();
    value.base_url = "https://elsewhere.example/v1".to_owned();
    let decision = platform.run(&Command::UpdateProvider(UpdateProvider {
        value,
        fields: vec![ProviderField::BaseUrl],
        expected_etag: None,
    }));
    assert_eq!(decision.warnings.len(), 1);
    check_all(
        &mut platform,
        vec![
            (promote(1), "KeyOriginChanged"),
            (rollback(), "NoRetiredKey"),
            (add(3), "changed"),
            (promote(3), "changed"),
            (rollback(), "KeyOriginChanged"),
        ],
    );
}

#[test]
fn a_freeze_is_one_switch_over_all_and_one_for_each_provider() {
    let freeze = |name: Option<&str>, frozen| {
        Command::SetKeyFreeze(SetKeyFreeze {
            provider: name.map(|name| ProviderName::parse(name).unwrap()),
            frozen,
            expected_etag: None,
        })
    };
    let mut platform = Platform::new();
    for (command, expected, frozen) in [
        (freeze(Some("openai"), true), "changed", [true, false]),
        (freeze(Some("openai"), true), "unchanged", [true, false]),
        (freeze(None, true), "changed", [true, true]),
        (freeze(Some("openai"), false), "changed", [true, true]),
        (freeze(None, false), "changed", [false, false]),
        (freeze(None, false), "unchanged", [false, false]),
        (
            freeze(Some("nonsense"), true),
            "ProviderNotFound",
            [false, false],
        ),
    ] {
        let result = platform.decide(&command);
        assert_eq!(outcome(&result), expected, "{command:?}");
        platform.apply(&result.map(|decision| decision.changes).unwrap_or_default());
        let is = ["openai", "anthropic"].map(|name| {
            platform
                .snapshot
                .is_frozen(&ProviderName::parse(name).unwrap())
        });
        assert_eq!(is, frozen, "{command:?}");
    }
}
