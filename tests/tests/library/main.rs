//! Author profiles and strategies over a real socket, on SQLite and on PostgreSQL.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clone;
mod life;
mod lists;

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Clients, Place, Server, account};
use aiconfig_testsupport::PgServer;

/// Accounts of the tests.
pub(crate) const FREE: i64 = 1;
pub(crate) const GROWTH: i64 = 2;
pub(crate) const SCALE: i64 = 3;

/// A server with its clients and accounts.
pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) server: Server,
    pub(crate) admin: Clients,
    pub(crate) backend: Clients,
}

#[tokio::test]
async fn the_library_on_sqlite() {
    walk(Place::sqlite()).await;
}

#[tokio::test]
async fn the_library_on_postgresql() {
    walk(Place::postgres(&PgServer::shared().create_database())).await;
}

async fn walk(place: Place) {
    let server = Server::start(&place);
    let mut stage = Stage {
        admin: server.clients("admin").await,
        backend: server.clients("backend").await,
        place,
        server,
    };
    for (id, plan) in [
        (FREE, Plan::Free),
        (GROWTH, Plan::Growth),
        (SCALE, Plan::Scale),
    ] {
        let pushed = stage.admin.accounts.upsert_account(account(id, plan)).await;
        pushed.unwrap();
    }
    lists::walk(&mut stage).await;
    life::profiles(&mut stage).await;
    life::strategies(&mut stage).await;
    clone::small(&mut stage).await;
    clone::bound(&mut stage).await;
    clone::resumed(&mut stage).await;
}

/// The number of a shipped author profile.
pub(crate) async fn shipped_profile(stage: &mut Stage, name: &str) -> i64 {
    let asked = v1::ListGlobalAuthorProfilesRequest {
        filter: format!("name = \"{name}\""),
        ..Default::default()
    };
    let listed = stage.backend.profiles.list_global_author_profiles(asked);
    listed.await.unwrap().into_inner().global_author_profiles[0].author_profile_id
}
