//! The tables of the vault past the server: read byte by byte, and spoiled.

use aiconfig_tests::Place;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

/// What no failed call may change: the sealed tables, the log, and the end of the audit.
const TABLES: [(&str, &[&str], &[&str]); 6] = [
    (
        "dek",
        &["purpose", "version", "state"],
        &["kek_id", "wrapped"],
    ),
    ("vault_canary", &[], &["kek_id", "envelope"]),
    (
        "key_envelope",
        &["provider", "version", "revision"],
        &["envelope", "state_mac"],
    ),
    ("token_verifier", &["token_id"], &["verifier"]),
    ("change", &["revision", "ordinal", "kind", "value"], &[]),
    (
        "audit",
        &["sequence", "rpc", "outcome"],
        &["hash", "prev_hash"],
    ),
];

async fn connect(place: &Place) -> DatabaseConnection {
    let url = place.database().map_or_else(
        || format!("sqlite://{}", place.data().join("aiconfig.db").display()),
        str::to_owned,
    );
    Database::connect(url).await.unwrap()
}

/// Runs a statement past the server.
pub(crate) async fn spoil(place: &Place, sql: &str) {
    let database = connect(place).await;
    let done = database.execute_unprepared(sql).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{sql}");
    database.close().await.unwrap();
}

/// Flips the last bit of a column's bytes; the same again puts it back.
pub(crate) async fn flip(place: &Place, table: &str, column: &str, row: &str) {
    let database = connect(place).await;
    let get = format!("SELECT {column} AS bytes FROM {table} WHERE {row}");
    let backend = database.get_database_backend();
    let found = database.query_one_raw(Statement::from_string(backend, get));
    let found = found.await.unwrap().unwrap();
    let mut bytes: Vec<u8> = found.try_get("", "bytes").unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let hex = hex(&bytes);
    let literal = match backend {
        DbBackend::Postgres => format!("'\\x{hex}'::bytea"),
        _ => format!("x'{hex}'"),
    };
    database.close().await.unwrap();
    spoil(
        place,
        &format!("UPDATE {table} SET {column} = {literal} WHERE {row}"),
    )
    .await;
}

fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}

/// The rows of the ring, its canary and the sealed keys alone.
pub(crate) async fn sealed(place: &Place) -> Vec<String> {
    let mut lines = dump(place).await;
    let tables = ["dek ", "vault_canary ", "key_envelope "];
    lines.retain(|line| tables.iter().any(|table| line.starts_with(table)));
    lines
}

/// Every row of the tables that hold sealed bytes, of the log and of the audit.
pub(crate) async fn dump(place: &Place) -> Vec<String> {
    let database = connect(place).await;
    let backend = database.get_database_backend();
    let mut lines = Vec::new();
    for (table, texts, bytes) in TABLES {
        let texts = texts
            .iter()
            .map(|name| format!("coalesce(CAST({name} AS TEXT), '-')"));
        let bytes = bytes.iter().map(|name| match backend {
            DbBackend::Postgres => format!("coalesce(encode({name}, 'hex'), '-')"),
            _ => format!("coalesce(lower(hex({name})), '-')"),
        });
        let columns: Vec<String> = texts.chain(bytes).collect();
        let line = columns.join(" || ' ' || ");
        let sql = format!("SELECT {line} AS line FROM {table} ORDER BY 1");
        let rows = database.query_all_raw(Statement::from_string(backend, sql));
        for row in rows.await.unwrap() {
            let line: String = row.try_get("", "line").unwrap();
            lines.push(format!("{table} {line}"));
        }
    }
    database.close().await.unwrap();
    assert!(lines.len() > 10);
    lines
}

/// The versions of the data keys that seal provider keys, by the envelopes themselves.
pub(crate) async fn sealing_versions(place: &Place) -> Vec<u32> {
    let database = connect(place).await;
    let backend = database.get_database_backend();
    let sql = "SELECT envelope FROM key_envelope WHERE envelope IS NOT NULL";
    let rows = database.query_all_raw(Statement::from_string(backend, sql));
    let version = |bytes: Vec<u8>| u32::from_be_bytes(bytes[8..12].try_into().unwrap());
    let rows = rows.await.unwrap();
    let versions = rows
        .iter()
        .map(|row| version(row.try_get("", "envelope").unwrap()));
    let versions = versions.collect();
    database.close().await.unwrap();
    versions
}
