//! Rotations killed at random points, and gone on with: nothing is lost, nothing half done.

use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::database::sealing_versions;
use crate::load::Load;
use crate::stage::{On, PROVIDERS, Stage, make_kek, ready, secret, until};

/// Kills where `AICONFIG_TORTURE_ROUNDS` does not say.
const ROUNDS: u32 = 10;
/// Provider keys beside the primary ones; each is a transaction of its own.
const STANDBY: u32 = 40;

#[tokio::test]
async fn a_killed_rotation_goes_on_on_sqlite() {
    Box::pin(kill_and_go_on(On::Sqlite)).await;
}

#[tokio::test]
async fn a_killed_rotation_goes_on_on_postgresql() {
    Box::pin(kill_and_go_on(On::Postgres)).await;
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
    )
}

async fn kill_and_go_on(on: On) {
    let seed = variable("AICONFIG_TEST_SEED").unwrap_or_else(rand::random);
    let rounds = variable("AICONFIG_TORTURE_ROUNDS").map_or(ROUNDS, |n| n.try_into().unwrap());
    println!("AICONFIG_TEST_SEED={seed} AICONFIG_TORTURE_ROUNDS={rounds}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::new(on).await;
    for version in 2..2 + STANDBY {
        stage.add_key("openai", &secret("openai", version)).await;
    }
    let expected = PROVIDERS.map(|provider| (provider, secret(provider, 1)));
    let load = Load::begin(&[stage.backend.clone()], &expected);
    // How long a whole one takes: the kills are spread over that.
    let begun = Instant::now();
    stage.vault(&["rotate-dek", "--batch", "1"]);
    let whole = begun.elapsed();
    let (mut killed, mut in_between) = (0, 0);
    for _ in 0..rounds {
        // One in four goes at the ring, the others at the many keys.
        let ring = random.random_ratio(1, 4);
        if ring {
            swap_primary(&stage).await;
        }
        let arguments: &[&str] = if ring {
            &["vault", "rotate-kek"]
        } else {
            &["vault", "rotate-dek", "--batch", "1"]
        };
        let mut child = stage.place.spawn(arguments);
        let after = if ring { whole / 4 } else { whole };
        let at = after.mul_f64(random.random_range(0.0..1.0));
        tokio::time::sleep(at).await;
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        killed += u32::from(!ended.success());
        // Whatever was done so far is whole: all opens, and a rotation that was begun is told.
        let verified = stage.vault(&["verify"]);
        assert!(verified.contains(", 0 did not"), "{verified}");
        let versions = sealing_versions(&stage.place).await;
        assert_eq!(versions.len(), STANDBY as usize + 2);
        in_between += u32::from(versions.iter().any(|version| *version != versions[0]));
        if ring {
            stage.vault(&["rotate-kek"]);
            end_swap(&stage).await;
        } else {
            stage.vault(&["rotate-dek", "--resume", "--batch", "50"]);
        }
        let status = stage.vault(&["status"]);
        assert!(
            status.contains("the primary wraps the whole ring"),
            "{status}"
        );
        assert!(status.contains("the active data key seals all"), "{status}");
        assert!(
            !status.contains("pending") && !status.contains("MISSING"),
            "{status}"
        );
        assert!(!status.contains("open-only"), "{status}");
        let versions = sealing_versions(&stage.place).await;
        assert!(
            versions.iter().all(|version| *version == versions[0]),
            "{versions:?}"
        );
        assert_eq!(ready(&stage.server, "vault"), "ok");
    }
    let calls = load.end().await;
    println!(
        "rounds {rounds} | killed {killed} | between two keys {in_between} | lost 0 | {calls} reads, 0 failed"
    );
    stage.audit_holds().await;
    // Every key is still the one that was added, not only one that opens.
    for version in 2..2 + STANDBY {
        stage.promote("openai", version.try_into().unwrap()).await;
        let got = crate::load::released(&mut stage.backend, "openai").await;
        assert_eq!(got.unwrap(), secret("openai", version));
    }
}

/// Makes a new primary, with the former one open only.
async fn swap_primary(stage: &Stage) {
    let new = make_kek(&stage.place, "next");
    stage.copy_file("kek", "kek.other");
    stage.move_file("next", "kek");
    until("primary", || {
        ready(&stage.server, "keks").starts_with(&format!("{new} (primary), "))
    })
    .await;
}

async fn end_swap(stage: &Stage) {
    stage.remove_file("kek.other");
    until("alone", || !ready(&stage.server, "keks").contains(',')).await;
}
