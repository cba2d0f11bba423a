//! SQLite on a disk that takes no more: a file that meets its size limit, a disk that is full, and
//! a file that is read-only. Nothing of it needs root.

use std::path::Path;
use std::time::{Duration, Instant};

use aiconfig_tests::{Clients, Place, Server, customize};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::ledger::{Attempt, Ledger, cause, told};
use crate::load::Readers;
use crate::requests::Write;
use crate::small_disk::{ON_SMALL_DISK, unshare};
use crate::table::{self, Row};
use crate::verify::verify;

const WELL_WITHIN: Duration = Duration::from_secs(5);

/// What happens to the disk, and how it shows.
struct Fault {
    name: &'static str,
    cause: &'static str,
    page: &'static str,
}

/// Writes a large text until that fails; the cause, and how long it took.
async fn fill(admin: &mut Clients, random: &mut StdRng, ledger: &mut Ledger) -> (String, Duration) {
    for _ in 0..3_000 {
        let words: Vec<String> = (0..2_000)
            .map(|_| random.random::<u64>().to_string())
            .collect();
        let write = Write::Customize(customize(1, "ideas", &words.join(" ")));
        let id = format!("{:032x}", random.random::<u128>());
        let begun = Instant::now();
        let outcome = write.send(admin, &id).await;
        let told = told(&outcome);
        ledger.0.push(Attempt { id, write, told });
        if let Err(status) = outcome {
            assert_ne!(cause(&status), "", "{status:?}");
            return (cause(&status), begun.elapsed());
        }
    }
    panic!("the disk is never full");
}

/// The fault is there: writes tell it, reads go on, and everybody else is told. Then `cure` ends
/// it, and writes are taken again.
async fn endure(
    fault: &Fault,
    server: &Server,
    ledger: &mut Ledger,
    random: &mut StdRng,
    cure: impl FnOnce(),
) -> Row {
    let readers = Readers::begin(vec![server.clients("backend").await]);
    let mut admin = server.clients("admin").await;
    let (told_cause, mut worst) = fill(&mut admin, random, ledger).await;
    assert_eq!(told_cause, fault.cause);
    for number in 0..20 {
        let begun = Instant::now();
        let write = Write::certain(1);
        let id = format!("refused-{number}");
        let outcome = write.send(&mut admin, &id).await;
        worst = worst.max(begun.elapsed());
        let told = told(&outcome);
        ledger.0.push(Attempt { id, write, told });
        // A small write may still have had room.
        if let Err(status) = outcome {
            assert_eq!(cause(&status), fault.cause, "{status:?}");
        }
        let page = server.page("/readyz");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    }
    let (told_cause, _) = fill(&mut admin, random, ledger).await;
    assert_eq!(told_cause, fault.cause);
    let page = server.page("/readyz");
    assert!(page.contains(fault.page), "{page}");
    let metrics = server.page("/metrics");
    assert!(
        metrics.contains("aiconfig_database_writable 0"),
        "{metrics}"
    );
    cure();
    let cured = Instant::now();
    // It finds out by itself.
    let channel = server.channel().await;
    while aiconfig_tests::health(&channel, "aiconfig.database")
        .await
        .unwrap()
        != 1
    {
        assert!(cured.elapsed() < WELL_WITHIN, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let recovery = cured.elapsed();
    for _ in 0..20 {
        let write = Write::certain(1);
        let id = format!("{:032x}", random.random::<u128>());
        let told = told(&write.send(&mut admin, &id).await);
        ledger.0.push(Attempt { id, write, told });
    }
    assert!(server.page("/readyz").contains("database: ok"));
    let (answered, failed) = readers.end().await;
    Row {
        fault: fault.name,
        database: "SQLite",
        rounds: 1,
        reads: (answered, failed.len()),
        worst_error: Some(worst),
        recovery: Some(recovery),
        ..Row::default()
    }
}

async fn conclude(mut row: Row, place: &Place, ledger: &Ledger, server: Server) {
    let admin = server.clients("admin").await;
    let verdict = verify(place, ledger, &admin).await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert!(server.stop());
    row.acknowledged = ledger.taken();
    row.unknown = ledger.unknown();
    row.lost = verdict.lost;
    row.half_applied = verdict.half_applied;
    row.verified = 1;
    table::report(row);
}

/// Sets how large the files of a process may become.
fn limit_files(server: &Server, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let now = rustix::process::getrlimit(Resource::Fsize);
    let limit = Rlimit {
        current: bytes.or(now.maximum),
        maximum: now.maximum,
    };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

/// So small that not even a line more goes into its log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_may_meet_its_size_limit() {
    let _turn = crate::turn().await;
    let fault = Fault {
        name: "file size limit",
        cause: "DISK_ERROR",
        page: "database: disk error",
    };
    let mut random = table::random(fault.name);
    let place = Place::sqlite();
    let server = Server::start(&place);
    let mut ledger = Ledger::default();
    let mut admin = server.clients("admin").await;
    let write = Write::certain(1);
    let answer = write.send(&mut admin, "account").await;
    let told = told(&answer);
    ledger.0.push(Attempt {
        id: "account".to_owned(),
        write,
        told,
    });
    limit_files(&server, Some(1));
    let cure = || limit_files(&server, None);
    let row = endure(&fault, &server, &mut ledger, &mut random, cure).await;
    conclude(row, &place, &ledger, server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_may_be_full() {
    let _turn = crate::turn().await;
    let fault = Fault {
        name: "disk full",
        cause: "DISK_FULL",
        page: "database: disk full",
    };
    let Some(mut before) = unshare() else {
        table::say(
            "NOT TESTED: a full disk, as `unshare` may not mount here (kernel.unprivileged_userns_clone, \
             or seccomp of a container); the file size limit is",
        );
        return;
    };
    before.extend(["sh", "-c", ON_SMALL_DISK, "sh"]);
    let mut random = table::random(fault.name);
    let place = Place::sqlite();
    std::fs::create_dir_all(place.data()).unwrap();
    let (small, copy) = (place.data().join("small"), place.data().join("copy"));
    std::fs::create_dir_all(&small).unwrap();
    std::fs::create_dir_all(&copy).unwrap();
    let file = small.join("aiconfig.db");
    let place = place.at(&format!("sqlite://{}", file.display()));
    let folders = [
        ("SMALL", small.to_str().unwrap()),
        ("COPY", copy.to_str().unwrap()),
    ];
    let mut server = Server::start_behind(&place, &before, &folders);
    let mut ledger = Ledger::default();
    let mut admin = server.clients("admin").await;
    let write = Write::certain(1);
    let id = "account".to_owned();
    let told = told(&write.send(&mut admin, &id).await);
    ledger.0.push(Attempt { id, write, told });
    let mut input = server.input();
    let cure = || input.tell("larger");
    let row = endure(&fault, &server, &mut ledger, &mut random, cure).await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
    // Outside there is only the place that the small disk was mounted at.
    input.tell("end");
    let begun = Instant::now();
    while !copy.join("done").exists() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(server);
    for file in std::fs::read_dir(&copy).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), small.join(file.file_name())).unwrap();
    }
    let server = Server::start(&place);
    conclude(row, &place, &ledger, server).await;
}

/// Root writes where it likes, but for a capability.
fn without_override() -> &'static [&'static str] {
    const SETPRIV: &[&str] = &[
        "setpriv",
        "--bounding-set=-dac_override",
        "--inh-caps=-dac_override",
    ];
    if rustix::process::geteuid().is_root() {
        SETPRIV
    } else {
        &[]
    }
}

fn set_writable(file: &Path, writable: bool) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if writable { 0o600 } else { 0o400 };
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_file_is_served() {
    let _turn = crate::turn().await;
    let fault = Fault {
        name: "read-only file",
        cause: "READ_ONLY",
        page: "database: read-only",
    };
    let mut random = table::random(fault.name);
    let place = Place::sqlite();
    let file = place.data().join("aiconfig.db");
    let server = Server::start(&place);
    let mut ledger = Ledger::default();
    let mut admin = server.clients("admin").await;
    let write = Write::certain(1);
    let id = "account".to_owned();
    let told = told(&write.send(&mut admin, &id).await);
    ledger.0.push(Attempt { id, write, told });
    assert!(server.stop());
    set_writable(&file, false);
    let before = std::fs::read(&file).unwrap();
    let server = Server::start_behind(&place, without_override(), &[]);
    // It is known before anybody writes.
    let begun = Instant::now();
    while !server.page("/readyz").contains(fault.page) {
        assert!(begun.elapsed() < WELL_WITHIN, "{}", server.page("/readyz"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let cure = || {
        assert_eq!(std::fs::read(&file).unwrap(), before);
        set_writable(&file, true);
    };
    let row = endure(&fault, &server, &mut ledger, &mut random, cure).await;
    conclude(row, &place, &ledger, server).await;
}
