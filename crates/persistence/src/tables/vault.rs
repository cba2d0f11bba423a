//! Rows of sealed keys, ring keys, canaries and token verifiers.

use sea_orm::QueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, Query, UpdateStatement};

use crate::decode::{Row, big, small};
use crate::error::StoreError;
use crate::rows::{CanaryRow, DekRow, DekState, EnvelopeRow, ResealedRow, VerifierRow};
use crate::statement::Table;

pub(crate) static ENVELOPE: Table<5> = Table {
    name: "key_envelope",
    columns: ["provider", "version", "envelope", "state_mac", "revision"],
    key: 2,
};

pub(crate) fn envelope(row: &QueryResult) -> Result<EnvelopeRow, StoreError> {
    let row = Row::new(row, &ENVELOPE);
    Ok(EnvelopeRow {
        provider: row.get(0)?,
        version: row.small(1)?,
        envelope: row.get(2)?,
        state_mac: row.get(3)?,
        revision: row.count(4)?,
    })
}

pub(crate) fn envelope_values(row: &EnvelopeRow) -> [Expr; 5] {
    [
        row.provider.as_str().into(),
        small(row.version).into(),
        row.envelope.clone().into(),
        row.state_mac.clone().into(),
        big(row.revision).into(),
    ]
}

/// Puts the new bytes in the place of the former, if those are what is stored.
pub(crate) fn reseal(row: &ResealedRow) -> UpdateStatement {
    let mut update = Query::update();
    update
        .table(ENVELOPE.name)
        .value("envelope", row.to.clone())
        .and_where(Expr::col("provider").eq(row.provider.as_str()))
        .and_where(Expr::col("version").eq(small(row.version)))
        .and_where(Expr::col("envelope").eq(row.from.clone()));
    update
}

pub(crate) static DEK: Table<5> = Table {
    name: "dek",
    columns: ["purpose", "version", "state", "kek_id", "wrapped"],
    key: 2,
};

const STATES: [(DekState, &str); 5] = [
    (DekState::Pending, "pending"),
    (DekState::Active, "active"),
    (DekState::OpenOnly, "open_only"),
    (DekState::Disabled, "disabled"),
    (DekState::Destroyed, "destroyed"),
];

pub(crate) fn dek(row: &QueryResult) -> Result<DekRow, StoreError> {
    let row = Row::new(row, &DEK);
    let state = row.get::<String>(2)?;
    Ok(DekRow {
        purpose: row.get(0)?,
        version: row.small(1)?,
        state: STATES
            .iter()
            .find_map(|(known, name)| (*name == state).then_some(*known))
            .ok_or_else(|| row.inconsistent(2))?,
        kek_id: row.get(3)?,
        wrapped: row.get(4)?,
    })
}

fn state_name(state: DekState) -> Option<&'static str> {
    STATES
        .iter()
        .find_map(|(known, name)| (*known == state).then_some(*name))
}

/// Puts `to` in the place of `from`, if that is what is stored.
pub(crate) fn replace_dek(from: &DekRow, to: &DekRow) -> UpdateStatement {
    let mut update = Query::update();
    update
        .table(DEK.name)
        .values([
            ("state", state_name(to.state).into()),
            ("kek_id", to.kek_id.clone().into()),
            ("wrapped", to.wrapped.clone().into()),
        ])
        .and_where(Expr::col("purpose").eq(from.purpose.as_str()))
        .and_where(Expr::col("version").eq(small(from.version)))
        .and_where(Expr::col("state").eq(state_name(from.state)))
        .and_where(Expr::col("kek_id").eq(from.kek_id.clone()))
        .and_where(Expr::col("wrapped").eq(from.wrapped.clone()));
    update
}

pub(crate) fn dek_values(row: &DekRow) -> [Expr; 5] {
    [
        row.purpose.as_str().into(),
        small(row.version).into(),
        state_name(row.state).into(),
        row.kek_id.clone().into(),
        row.wrapped.clone().into(),
    ]
}

pub(crate) static CANARY: Table<2> = Table {
    name: "vault_canary",
    columns: ["kek_id", "envelope"],
    key: 1,
};

pub(crate) fn canary(row: &QueryResult) -> Result<CanaryRow, StoreError> {
    let row = Row::new(row, &CANARY);
    Ok(CanaryRow {
        kek_id: row.get(0)?,
        envelope: row.get(1)?,
    })
}

pub(crate) fn canary_values(row: &CanaryRow) -> [Expr; 2] {
    [row.kek_id.clone().into(), row.envelope.clone().into()]
}

pub(crate) static VERIFIER: Table<2> = Table {
    name: "token_verifier",
    columns: ["token_id", "verifier"],
    key: 1,
};

pub(crate) fn verifier(row: &QueryResult) -> Result<VerifierRow, StoreError> {
    let row = Row::new(row, &VERIFIER);
    Ok(VerifierRow {
        token_id: row.get(0)?,
        verifier: row.get(1)?,
    })
}

pub(crate) fn verifier_values(row: &VerifierRow) -> [Expr; 2] {
    [row.token_id.as_str().into(), row.verifier.clone().into()]
}
