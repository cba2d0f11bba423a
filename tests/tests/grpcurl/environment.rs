//! What scripts take from the environment, and what they leave in argument lists.

use std::path::{Path, PathBuf};
use std::process::Command;

use aiconfig_tests::{Place, Server};

use crate::admin::{Admin, grpcurl, path_with, token_file};

const KEY: &str = "sk-test-canary-ARGUMENTS-0123456789";

/// Puts a program into a folder. Another process writes it: a thread that starts a script just now
/// would hand the open file down to it, and the kernel runs no file that is open for writing.
fn program(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    let written = Command::new("sh")
        .args(["-c", "printf '%s' \"$2\" >\"$1\" && chmod 755 \"$1\"", "sh"])
        .args([file.as_os_str(), text.as_ref()])
        .status();
    assert!(written.unwrap().success());
    file
}

/// A folder with a stand-in for every program that the scripts may use: it notes its arguments and
/// its environment, then becomes the real one.
fn watched(folder: &Path) -> PathBuf {
    let notes = folder.join("notes");
    let path = path_with(&grpcurl());
    for name in [
        "awk", "cat", "dirname", "grep", "grpcurl", "sed", "sort", "tr",
    ] {
        let real = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
            .unwrap_or_else(|| panic!("{name} is missing"));
        let text = format!(
            "#!/bin/sh\nprintf '%s\\n' \"{name}\" \"$@\" >>'{notes}'\n\
             [ {name} = grpcurl ] || set >>'{notes}'\nexec '{real}' \"$@\"\n",
            notes = notes.display(),
            real = real.display(),
        );
        program(folder, name, &text);
    }
    notes
}

#[test]
fn no_argument_list_shows_a_key_or_a_token() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let folder = tempfile::tempdir().unwrap();
    let notes = watched(folder.path());
    let admin = Admin::of(&place, &server).but("PATH", folder.path());
    admin.fed("set-key", &["openai"], KEY);
    admin.fed("rotate-key", &["openai"], &format!("{KEY}-2"));
    admin.ask("verify-audit", &[]);
    let notes = std::fs::read_to_string(notes).unwrap();
    let token = std::fs::read_to_string(token_file(&place)).unwrap();
    assert!(
        notes.contains("AddProviderKey") && notes.contains("${AICONFIG_TOKEN}"),
        "{notes}"
    );
    assert!(!notes.contains(KEY), "an argument or a variable is the key");
    assert!(
        !notes.contains(token.trim()),
        "an argument or a variable is the token"
    );
}

#[test]
fn a_key_must_be_one_line() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let admin = Admin::of(&place, &server);
    let two = admin.run("set-key", &["openai"], &format!("{KEY}\n{KEY}-2\n"));
    assert_eq!((two.code, two.stdout.as_str()), (2, ""));
    assert!(two.stderr.contains("more than the one line"), "{two:?}");
    let blank = admin.run("set-key", &["openai"], "a key with blanks\n");
    assert_eq!(blank.code, 64 + 3, "{blank:?}");
    assert!(!blank.stderr.contains("with blanks"), "{blank:?}");
}

#[test]
fn the_token_comes_from_the_variable_or_the_file() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let admin = Admin::of(&place, &server);
    let token = std::fs::read_to_string(token_file(&place)).unwrap();
    let nowhere = admin.but("AICONFIG_TOKEN_FILE", "/nowhere/token");
    nowhere
        .but("AICONFIG_TOKEN", token.trim())
        .ask("show-globals", &[]);
    let missing = nowhere.run("show-globals", &[], "");
    assert_eq!((missing.code, missing.stdout.as_str()), (1, ""));
    assert!(
        missing
            .stderr
            .contains("cannot read the token file /nowhere/token"),
        "{missing:?}"
    );
    let bad = admin.but("AICONFIG_TOKEN", "aic_no_such_token");
    let bad = bad.refused("show-globals", &[], 16);
    assert!(
        bad.contains("UNAUTHENTICATED") && !bad.contains("aic_"),
        "{bad}"
    );
    let actor = admin.but("AICONFIG_ACTOR", "staff/jo");
    actor.ask("upsert-account", &["1", "free", "1"]);
    let record = &admin.ask("who-changed", &["--page-size", "1"])["auditRecords"][0];
    assert_eq!(record["actor"], "staff/jo");
}

#[test]
fn nothing_is_sent_where_nothing_listens() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let admin = Admin::of(&place, &server).but("AICONFIG_TIMEOUT", "5");
    for (name, value) in [
        ("AICONFIG_ADDR", "127.0.0.1:1"),
        ("AICONFIG_PLAINTEXT", "0"),
    ] {
        let outcome = admin.but(name, value).run("show-globals", &[], "");
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (1, ""),
            "{name}: {outcome:?}"
        );
        assert!(
            outcome.stderr.contains("Failed to dial"),
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn without_grpcurl_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    watched(folder.path());
    std::fs::remove_file(folder.path().join("grpcurl")).unwrap();
    let outcome = Admin::with(vec![("PATH", folder.path().into())]).run("show-globals", &[], "");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("grpcurl is missing"), "{outcome:?}");
}

#[test]
fn a_chain_that_does_not_hold_has_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let answer = "{\n  \"valid\": false,\n  \"problem\": \"\\\"valid\\\": true\"\n}";
    let text = format!("#!/bin/sh\ncat >/dev/null\ncat <<'EOF'\n{answer}\nEOF\n");
    let stub = program(folder.path(), "grpcurl", &text);
    let admin = Admin::with(vec![
        ("PATH", path_with(&stub)),
        ("AICONFIG_TOKEN", "t".into()),
    ]);
    let outcome = admin.run("verify-audit", &[], "");
    assert_eq!((outcome.code, outcome.stdout.trim()), (3, answer));
}

/// The key is stored then: the next step is told, with the server's own exit code.
#[test]
fn a_rotation_that_stops_half_way_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = "#!/bin/sh\ncat >/dev/null\ncase \"$*\" in\n\
                *AddProviderKey) printf '{\\n  \"version\": 4,\\n}\\n' ;;\n\
                *) exit 78 ;;\nesac\n";
    let stub = program(folder.path(), "grpcurl", text);
    let admin = Admin::with(vec![
        ("PATH", path_with(&stub)),
        ("AICONFIG_TOKEN", "t".into()),
    ]);
    let outcome = admin.run("rotate-key", &["openai"], KEY);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (78, ""));
    assert!(
        outcome.stderr.contains("stored as version 4"),
        "{outcome:?}"
    );
}

/// A token in plain text is for loopback, unless somebody says otherwise.
#[test]
fn off_loopback_it_is_tls() {
    let folder = tempfile::tempdir().unwrap();
    let echo = program(
        folder.path(),
        "grpcurl",
        "#!/bin/sh\nprintf '%s\\n' \"$@\"\n",
    );
    let admin = Admin::with(vec![
        ("PATH", path_with(&echo)),
        ("AICONFIG_TOKEN", "t".into()),
    ]);
    let flags = |variables: &[(&'static str, &str)]| {
        let admin = variables.iter().fold(
            admin.but("AICONFIG_TIMEOUT", "7"),
            |admin, (name, value)| admin.but(name, value),
        );
        let outcome = admin.run("show-globals", &[], "");
        if outcome.code != 0 {
            return outcome.stderr;
        }
        let all: Vec<&str> = outcome.stdout.lines().collect();
        let kept = all.iter().enumerate().filter(|(at, flag)| {
            matches!(**flag, "-plaintext" | "-cacert") || (*at > 0 && all[at - 1] == "-cacert")
        });
        let kept: Vec<&str> = kept.map(|(_, flag)| *flag).collect();
        assert_eq!(
            all[all.len() - 1],
            "igny8.aiconfig.v1.GlobalSettingsService/GetGlobalSettings"
        );
        kept.join(" ")
    };
    let address = |address| ("AICONFIG_ADDR", address);
    assert_eq!(flags(&[]), "-plaintext");
    assert_eq!(flags(&[address("localhost:50051")]), "-plaintext");
    assert_eq!(flags(&[address("[::1]:50051")]), "-plaintext");
    assert_eq!(flags(&[address("aiconfig.example.org:443")]), "");
    assert_eq!(flags(&[address("127.example.org:443")]), "");
    assert_eq!(flags(&[("AICONFIG_PLAINTEXT", "0")]), "");
    assert_eq!(
        flags(&[("AICONFIG_CA", "/a b/ca.pem")]),
        "-cacert /a b/ca.pem"
    );
    let off = [
        address("aiconfig.example.org:80"),
        ("AICONFIG_PLAINTEXT", "1"),
    ];
    assert_eq!(flags(&off), "-plaintext");
    assert!(flags(&[("AICONFIG_PLAINTEXT", "maybe")]).contains("must be 1 or 0"));
    let both = [("AICONFIG_CA", "ca.pem"), ("AICONFIG_PLAINTEXT", "1")];
    assert!(flags(&both).contains("exclude each other"));
}
