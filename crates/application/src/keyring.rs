//! The keyring of a deployment: opened from its stored rows, or created where there is none.

use aiconfig_persistence::{CanaryRow, DekRow, DekState, Store, StoreError};
use aiconfig_vault::kek::{KekConfig, KekId, KekSet};
use aiconfig_vault::random::RandomSource;
use aiconfig_vault::ring::{self, Keyring, WrappedDek};

use crate::open::OpenError;

/// Opens the ring, and creates it first where the database holds none.
pub(crate) async fn open(
    store: &Store,
    deployment: [u8; 16],
    config: &KekConfig,
    random: &dyn RandomSource,
) -> Result<Keyring, OpenError> {
    let rows = store.deks().await?;
    if rows.is_empty() {
        let keks = KekSet::load(config, true, random)?;
        let (keyring, wrapped) = Keyring::create(deployment, &keks, random)?;
        let primary = keks.primary().map(aiconfig_vault::kek::Kek::id);
        let canary = CanaryRow {
            kek_id: primary.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
            envelope: keyring.seal_canary(random)?,
        };
        let rows: Vec<_> = wrapped.iter().map(row).collect();
        match store.create_ring(&rows, &canary).await {
            Ok(()) => return Ok(keyring),
            // Another server that started at the same time was first: its ring is the ring.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // A ring is there. Without its key-encryption key the server still serves all that needs no
    // key; it says so in its health.
    let keks = match KekSet::load(config, false, random) {
        Ok(keks) => keks,
        Err(error) => {
            tracing::error!(%error, "no usable key-encryption key; keys cannot be released");
            KekSet::default()
        }
    };
    let rows = store.deks().await?;
    let wrapped = rows.iter().map(wrapped).collect::<Result<Vec<_>, _>>()?;
    let keyring = Keyring::open(deployment, &keks, &wrapped)?;
    if keyring.missing().is_empty() {
        for canary in store.canaries().await? {
            keyring.check_canary(&canary.envelope)?;
        }
    }
    Ok(keyring)
}

fn row(dek: &WrappedDek) -> DekRow {
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
        wrapped: Some(dek.wrapped.clone()),
    }
}

fn wrapped(row: &DekRow) -> Result<WrappedDek, OpenError> {
    let damaged = || OpenError::Ring {
        row: format!("{} {}", row.purpose, row.version),
    };
    Ok(WrappedDek {
        purpose: row.purpose.parse().map_err(|_| damaged())?,
        version: row.version,
        state: match row.state {
            DekState::Pending => ring::DekState::Pending,
            DekState::Active => ring::DekState::Active,
            DekState::OpenOnly => ring::DekState::OpenOnly,
            DekState::Disabled => ring::DekState::Disabled,
            DekState::Destroyed => ring::DekState::Destroyed,
        },
        kek_id: KekId::from_bytes(row.kek_id.as_slice().try_into().map_err(|_| damaged())?),
        wrapped: row.wrapped.clone().unwrap_or_default(),
    })
}
