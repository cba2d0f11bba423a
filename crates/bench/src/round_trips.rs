//! How often a write waits for `PostgreSQL`, as a proxy between the two counts it.

use std::time::Duration;

use aiconfig_proto::v1::integration_settings_service_client::IntegrationSettingsServiceClient;
use serde::Serialize;

use crate::Failure;
use crate::place::{Database, Place};
use crate::prepare::push;
use crate::proxy::{Proxy, Trip};
use crate::world::{UNPREPARED, connect, signed};
use crate::writes::change;

/// The name of this measurement for `--only`.
pub(crate) const TITLE: &str = "round trips";

const ACCOUNTS: u32 = 8;
/// Writes until every statement is prepared on the connections, and those that are counted.
const BEFORE: u32 = 30;
const COUNTED: u32 = 20;
/// After a write, until its connections are back in the pool.
const SETTLED: Duration = Duration::from_millis(50);
/// Letters of a statement that are shown.
const SHOWN: usize = 72;

/// What tells a statement of a write: the lock on the head, and the look for the answer that an
/// earlier call with the same request id got.
const LOCK: &str = "FOR UPDATE";
const REPEATED: &str = r#"FROM "stored_answer""#;
/// The check of a connection on its way back into the pool: one use of it ends.
const GIVEN_BACK: &str = "SHOW transaction_read_only";

/// The trips of a write; the most of any of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RoundTrips {
    pub(crate) while_locked: usize,
    pub(crate) in_all: usize,
    /// Of the last one: whether the head was locked, and what was sent.
    pub(crate) last: Vec<(bool, String)>,
}

/// Counts the trips of writes that come one after the other and bear a request id.
pub(crate) async fn measure(database: &Database) -> Result<Option<RoundTrips>, Failure> {
    let Database::Postgres(server) = database else {
        return Ok(None);
    };
    let place = Place::new(database)?;
    let port = server.port().try_into()?;
    let proxy = Proxy::start(port)?;
    let url = place
        .url()
        .replace(&format!(":{port}/"), &format!(":{}/", proxy.port()));
    let process = place.serve(&[("AICONFIG_DATABASE_URL", &url)])?;
    let (admin, backend) = (place.token("admin")?, place.token("backend")?);
    let channel = connect(&process).await?;
    push(&channel, &admin, ACCOUNTS).await?;
    let mut client = IntegrationSettingsServiceClient::new(channel);
    let mut counted: Vec<Vec<(bool, String)>> = Vec::new();
    for number in 0..BEFORE + COUNTED {
        let mut save = change(ACCOUNTS, number);
        save.request_id = format!("write-{number}");
        proxy.take();
        let saved = client
            .save_integration_settings(signed(save, &backend))
            .await?;
        if !saved.into_inner().changed {
            return Err(UNPREPARED.into());
        }
        tokio::time::sleep(SETTLED).await;
        let trips = proxy.take();
        if number >= BEFORE {
            let trips = of_a_write(&trips);
            if trips.is_empty() {
                return Err("no round trip of a write was seen".into());
            }
            counted.push(trips);
        }
    }
    let locked = |trips: &Vec<(bool, String)>| trips.iter().filter(|(locked, _)| *locked).count();
    Ok(Some(RoundTrips {
        while_locked: counted.iter().map(locked).max().unwrap_or_default(),
        in_all: counted.iter().map(Vec::len).max().unwrap_or_default(),
        last: counted.pop().unwrap_or_default(),
    }))
}

/// Of all trips those of the write; whoever follows the log makes some too. The head is locked from
/// the answer to the statement that locks it on, up to the answer to the end of the transaction.
fn of_a_write(trips: &[Trip]) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let connections = trips
        .iter()
        .map(|trip| trip.connection)
        .max()
        .unwrap_or_default();
    for connection in 0..=connections {
        let mut own = trips
            .iter()
            .filter(|trip| trip.connection == connection)
            .peekable();
        while own.peek().is_some() {
            let mut one: Vec<&Trip> = Vec::new();
            for trip in own.by_ref() {
                one.push(trip);
                if says(trip, GIVEN_BACK) {
                    break;
                }
            }
            if one
                .iter()
                .any(|trip| says(trip, LOCK) || says(trip, REPEATED))
            {
                found.extend(marked(&one));
            }
        }
    }
    found
}

fn marked(trips: &[&Trip]) -> Vec<(bool, String)> {
    let (mut locked, mut marked) = (false, Vec::new());
    for trip in trips {
        let text: String = trip.statements.join("; ").chars().take(SHOWN).collect();
        marked.push((locked, text));
        locked = locked && !says(trip, "COMMIT") || says(trip, LOCK);
    }
    marked
}

fn says(trip: &Trip, part: &str) -> bool {
    trip.statements
        .iter()
        .any(|statement| statement.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trips(of: &[(usize, &str)]) -> Vec<Trip> {
        let trip = |(connection, text): &(usize, &str)| Trip {
            connection: *connection,
            statements: vec![(*text).to_owned()],
        };
        of.iter().map(trip).collect()
    }

    #[test]
    fn the_trips_of_others_do_not_count() {
        let all = trips(&[
            (2, "SELECT revision FROM head"),
            (1, "BEGIN"),
            (1, "SELECT a FROM head FOR UPDATE"),
            (2, "ROLLBACK; SHOW transaction_read_only"),
            (1, "INSERT"),
            (1, "COMMIT"),
            (1, "ROLLBACK; SHOW transaction_read_only"),
            (1, "SELECT revision FROM head"),
            (1, "ROLLBACK; SHOW transaction_read_only"),
        ]);
        let found = of_a_write(&all);
        let locked: Vec<bool> = found.iter().map(|(locked, _)| *locked).collect();
        assert_eq!(locked, [false, false, true, true, false]);
    }
}
