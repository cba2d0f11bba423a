//! Records of the domain to rows of the store and back.

use std::sync::Arc;

use aiconfig_domain as domain;
use aiconfig_domain::{Kind, Meta, Record, Resource, ResourceKey, Timestamp};
use aiconfig_persistence::{Change, ChangeRow, ResourceRef};

use crate::AppError;

/// The row that logs a change.
pub(crate) fn change_row(change: &domain::Change) -> ChangeRow {
    let (key, change) = match change {
        domain::Change::Put(resource) => {
            let (codec, value) = (domain::CODEC_VERSION, domain::encode(resource));
            let change = if resource.kind().is_notice() {
                Change::Note { codec, value }
            } else {
                Change::Put { codec, value }
            };
            (resource.key(), change)
        }
        domain::Change::Delete(key) => (key.clone(), Change::Delete),
    };
    ChangeRow {
        kind: key.kind().as_str().to_owned(),
        key: key.to_string(),
        change,
    }
}

/// The record that a logged row stands for.
pub(crate) fn record(
    row: &ChangeRow,
    revision: u64,
    time_us: i64,
    actor: &Arc<str>,
) -> Result<Record, AppError> {
    let change = match &row.change {
        Change::Put { codec, value } | Change::Note { codec, value } => {
            domain::Change::Put(resource(&row.kind, &row.key, *codec, value)?)
        }
        Change::Delete => domain::Change::Delete(
            kind(&row.kind, &row.key)
                .ok()
                .and_then(|kind| ResourceKey::parse(kind, &row.key))
                .ok_or_else(|| unreadable(&row.kind, &row.key))?,
        ),
    };
    Ok(Record {
        change,
        revision,
        time: Timestamp::from_micros(time_us),
        actor: Arc::clone(actor),
    })
}

/// The resource of a row of the live state, with its meta data.
pub(crate) fn live(row: &ResourceRef<'_>, actor: Arc<str>) -> Result<(Resource, Meta), AppError> {
    let meta = Meta {
        revision: row.revision,
        create_time: Timestamp::from_micros(row.create_time_us),
        update_time: Timestamp::from_micros(row.update_time_us),
        updated_by: actor,
    };
    Ok((resource(row.kind, row.key, row.codec, row.value)?, meta))
}

fn resource(kind_name: &str, key: &str, codec: i32, value: &str) -> Result<Resource, AppError> {
    domain::decode(kind(kind_name, key)?, key, codec, value).map_err(|_| unreadable(kind_name, key))
}

fn kind(name: &str, key: &str) -> Result<Kind, AppError> {
    Kind::parse(name).ok_or_else(|| unreadable(name, key))
}

fn unreadable(kind: &str, key: &str) -> AppError {
    AppError::Inconsistent {
        what: format!("{kind} {key}"),
    }
}
