//! The systemd unit.

use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

use aiconfig_tests::{Place, binary};

use crate::files;

const UNIT: &str = "deploy/systemd/aiconfig.service";
/// The most exposure that `systemd-analyze security` may find, of 10.
const EXPOSURE: f64 = 1.5;

/// The values of a setting, in order.
fn values(setting: &str) -> Vec<String> {
    let text = files::text(UNIT);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .filter(|(name, _)| *name == setting)
        .map(|(_, value)| value.to_owned())
        .collect()
}

fn seconds(setting: &str) -> Duration {
    let value = values(setting).pop().unwrap();
    let seconds = value.strip_suffix('s').unwrap().parse().unwrap();
    Duration::from_secs(seconds)
}

#[test]
fn the_unit_fits_the_server() {
    let place = Place::sqlite();
    let check = String::from_utf8(place.run(&["check"]).stdout).unwrap();
    let default = |key: &str| -> u64 {
        let line = check.lines().find(|line| line.starts_with(key)).unwrap();
        let value = line.split(" = ").nth(1).unwrap();
        value.split_whitespace().next().unwrap().parse().unwrap()
    };
    // systemd waits longer than calls may take to end.
    assert!(seconds("TimeoutStopSec").as_secs() > default("drain_seconds"));
    let files: u64 = values("LimitNOFILE").pop().unwrap().parse().unwrap();
    assert!(files >= default("max_connections") + 128);
    // What the server says to systemd, and what it listens to.
    assert_eq!(values("Type"), ["notify"]);
    assert!(seconds("WatchdogSec") >= Duration::from_secs(10));
    assert_eq!(values("ExecReload"), ["kill -HUP $MAINPID"]);
    assert_eq!(values("LoadCredential"), ["kek:/etc/aiconfig/kek"]);
    // The one place that it may write to is where it writes.
    assert_eq!(values("StateDirectory"), ["aiconfig"]);
    assert!(values("Environment").contains(&"AICONFIG_DATA_DIR=/var/lib/aiconfig".to_owned()));
}

/// systemd's own opinion; on a machine without systemd the first line of its output says so.
#[test]
fn systemd_takes_the_unit_and_finds_it_hardened() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("aiconfig.service");
    let text = files::text(UNIT);
    let here = text.replace("/usr/local/bin/aiconfig", binary().to_str().unwrap());
    std::fs::write(&unit, here).unwrap();
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        match command.args(arguments).arg(&unit).output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("systemd-analyze is not here: the unit was not checked by it");
                None
            }
            output => Some(output.unwrap()),
        }
    };
    let Some(verified) = analyze(&["verify", "--man=no"]) else {
        return;
    };
    assert!(verified.status.success(), "{verified:?}");
    assert!(verified.stderr.is_empty(), "{verified:?}");
    let security = analyze(&["security", "--offline=true", "--no-pager"]).unwrap();
    let text = String::from_utf8(security.stdout).unwrap();
    let level = text.split("Overall exposure level").nth(1).unwrap();
    let level = level
        .split_whitespace()
        .find_map(|word| word.parse::<f64>().ok());
    assert!(level.unwrap() <= EXPOSURE, "{text}");
}
