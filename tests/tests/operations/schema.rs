//! A server beside a database that a newer version has migrated.

use std::time::Duration;

use aiconfig_proto::v1::Plan;
use aiconfig_tests::{Place, Server, account, query};
use aiconfig_testsupport::PgServer;
use sea_orm::{ConnectionTrait as _, Database};
use tonic::Code;

/// Longer than the poll interval.
const SEEN: Duration = Duration::from_millis(800);

/// Does to the database what the migration of a later version would.
async fn migrate_on(place: &Place, min_reader: i32, min_writer: i32) {
    run(
        place,
        &[
            "DELETE FROM seaql_migrations WHERE version = 'm9999_later'",
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)",
            &format!(
                "UPDATE schema_compat SET version = 9, min_reader = {min_reader}, min_writer = {min_writer}"
            ),
        ],
    )
    .await;
}

async fn run(place: &Place, statements: &[&str]) {
    let file = format!("sqlite://{}", place.data().join("aiconfig.db").display());
    let database = Database::connect(place.database().unwrap_or(&file))
        .await
        .unwrap();
    for sql in statements {
        database.execute_unprepared(sql).await.unwrap();
    }
    database.close().await.unwrap();
}

async fn an_old_server_does_what_it_may(place: Place) {
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let mut backend = server.clients("backend").await;
    let mut id = 0;
    let mut write = async || {
        id += 1;
        admin
            .accounts
            .upsert_account(account(id, Plan::Growth))
            .await
    };
    write().await.unwrap();
    // What only adds.
    migrate_on(&place, 1, 1).await;
    write().await.unwrap();
    // What every write must fill.
    migrate_on(&place, 1, 9).await;
    let refused = write().await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    backend.configs.get_model_config(query(1)).await.unwrap();
    tokio::time::sleep(SEEN).await;
    assert!(server.page("/readyz").contains("stale_seconds: 0"));
    // What takes away: the state stays as it was.
    migrate_on(&place, 9, 9).await;
    let refused = write().await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    backend.configs.get_model_config(query(1)).await.unwrap();
    // What a newer server writes cannot be taken up, and that shows.
    run(&place, &["UPDATE head SET revision = revision + 1"]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let page = server.page("/readyz");
    assert!(!page.contains("stale_seconds: 0"), "{page}");
    backend.configs.get_model_config(query(1)).await.unwrap();
    run(&place, &["UPDATE head SET revision = revision - 1"]).await;
    let told = place.run(&["check"]);
    let text = String::from_utf8(told.stderr).unwrap();
    assert!(text.contains("use a newer program"), "{text}");
    assert!(!place.run(&["serve"]).status.success());
    // The old schema again, as of a backup: all is well without a restart.
    migrate_on(&place, 1, 1).await;
    tokio::time::sleep(SEEN).await;
    write().await.unwrap();
    let log = server.log();
    assert!(log.contains("use a newer program"), "{log}");
    drop(server);
    // One that starts beside a schema that only adds serves, and says so.
    let server = Server::start(&place);
    let mut backend = server.clients("backend").await;
    backend.configs.get_model_config(query(1)).await.unwrap();
    assert!(server.log().contains("newer version than this program"));
}

#[tokio::test]
async fn on_sqlite() {
    an_old_server_does_what_it_may(Place::sqlite()).await;
}

#[tokio::test]
async fn on_postgresql() {
    an_old_server_does_what_it_may(Place::postgres(&PgServer::shared().create_database())).await;
}
