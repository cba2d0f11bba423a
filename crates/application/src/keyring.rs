//! The keyring of a deployment: opened from its stored rows, or created where there is none.

use aiconfig_persistence::{CanaryRow, DekRow, DekState, Head, Store, StoreError};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::{FoundKeks, KekConfig, KekId, KekSet};
use aiconfig_vault::random::RandomSource;
use aiconfig_vault::ring::{self, DeploymentId, Keyring, WrappedDek};

use crate::open::OpenError;

/// Makes the ring where the database holds none, and finds the key-encryption keys. `head` was read
/// before: nothing is logged before there is a ring.
pub(crate) async fn begin(
    store: &Store,
    head: &Head,
    config: &KekConfig,
    random: &dyn RandomSource,
) -> Result<FoundKeks, OpenError> {
    if store.deks().await?.is_empty() {
        if !head.is_new() {
            // Part of a restore, which must not leave a key-encryption key behind either.
            return Err(StoreError::RingMissing.into());
        }
        let keks = KekSet::load(config, true, random)?;
        let (keyring, wrapped) = Keyring::create(head.deployment_id, &keks, random)?;
        let canary = canary(&keyring, random)?;
        let rows: Vec<_> = wrapped.iter().map(row).collect();
        match store.create_ring(&rows, &canary).await {
            // Another server that started at the same time was first: its ring is the ring.
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // A ring is there. Without its key-encryption key the server still serves all that needs no
    // key; it says so in its health.
    let found = KekSet::find_all(config, random);
    for fault in &found.faults {
        tracing::error!(error = %fault, "a key-encryption key is not used");
    }
    for path in &found.absent {
        tracing::debug!(file = %path.display(), "the file of a key that only opens is not there");
    }
    Ok(found)
}

/// Opens the stored ring. What `before` has open stays open.
pub(crate) fn open(
    deployment: DeploymentId,
    keks: &KekSet,
    deks: &[DekRow],
    canaries: &[CanaryRow],
    before: Option<&Keyring>,
) -> Keyring {
    let (mut rows, mut unreadable) = (Vec::with_capacity(deks.len()), Vec::new());
    for dek in deks {
        match wrapped(dek) {
            Ok(row) => rows.push(row),
            Err(fault) => unreadable.push((format!("{}/{}", dek.purpose, dek.version), fault)),
        }
    }
    let mut keyring = match before {
        // Another database may have been put in place.
        Some(before) if *before.deployment_id() == deployment => before.reopen(keks, &rows),
        _ => Keyring::open(deployment, keks, &rows),
    };
    for (part, fault) in unreadable {
        keyring.note_fault(part, fault);
    }
    for canary in canaries {
        match keyring.check_canary(&canary.envelope) {
            // That the key is missing is known from its row.
            Ok(()) | Err(VaultError::KeyUnavailable { .. }) => {}
            Err(fault) => keyring.note_fault("canary", fault),
        }
    }
    keyring
}

/// The canary of a ring, named after the key-encryption key that it is bound to.
pub(crate) fn canary(
    keyring: &Keyring,
    random: &dyn RandomSource,
) -> Result<CanaryRow, VaultError> {
    let (kek_id, envelope) = keyring.seal_canary(random)?;
    Ok(CanaryRow {
        kek_id: kek_id.as_bytes().to_vec(),
        envelope,
    })
}

/// The stored form of a ring key.
pub(crate) fn row(dek: &WrappedDek) -> DekRow {
    DekRow {
        purpose: dek.purpose.as_str().to_owned(),
        version: dek.version,
        state: match dek.state {
            ring::DekState::Pending => DekState::Pending,
            ring::DekState::Active => DekState::Active,
            ring::DekState::OpenOnly => DekState::OpenOnly,
            ring::DekState::Disabled => DekState::Disabled,
            ring::DekState::Destroyed => DekState::Destroyed,
        },
        kek_id: dek.kek_id.as_bytes().to_vec(),
        wrapped: dek.state.is_kept().then(|| dek.wrapped.clone()),
    }
}

/// The ring key of a stored row; `Damaged` if it cannot be read.
pub(crate) fn wrapped(row: &DekRow) -> Result<WrappedDek, VaultError> {
    let damaged = |_| VaultError::Damaged {
        what: format!(
            "ring row {} {}: it cannot be read",
            row.purpose, row.version
        ),
    };
    let kek_id: [u8; 16] = row.kek_id.as_slice().try_into().map_err(damaged)?;
    Ok(WrappedDek {
        purpose: row.purpose.parse()?,
        version: row.version,
        state: match row.state {
            DekState::Pending => ring::DekState::Pending,
            DekState::Active => ring::DekState::Active,
            DekState::OpenOnly => ring::DekState::OpenOnly,
            DekState::Disabled => ring::DekState::Disabled,
            DekState::Destroyed => ring::DekState::Destroyed,
        },
        kek_id: KekId::from_bytes(kek_id),
        wrapped: row.wrapped.clone().unwrap_or_default(),
    })
}
