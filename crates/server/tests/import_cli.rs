//! `aiconfig import django` as a user runs it.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../application/tests/data/legacy-django-dump.json"
);

fn run(folder: &TempDir, file: impl AsRef<Path>, flags: &[&str], input: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aiconfig"))
        .args(["import", "django"])
        .arg(file.as_ref())
        .args(flags)
        .env("AICONFIG_DATA_DIR", folder.path().join("data"))
        .env("AICONFIG_LOG", "trace")
        .stdin(input)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Keys of the sample begin so; nothing of them may be seen but what a mask shows.
fn assert_no_secret(output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = text(bytes);
        for part in [
            "ujOeHwdFcAef",
            "Tr8hzUjEcPVJ",
            "w27jkooEKqaz",
            "oD77xpAE5lXT",
        ] {
            assert!(!text.contains(part));
        }
    }
}

#[test]
fn a_dry_run_an_import_and_a_second_one() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, head) in [
        (&["--dry-run"][..], "Dry run: nothing was written."),
        (&[], "Imported as revision"),
        (&[], "Nothing was changed."),
        (&["--dry-run"], "Dry run: there is nothing to change."),
    ] {
        let output = run(&folder, SAMPLE, flags, Stdio::null());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.starts_with(head), "{head}: {said:.200}");
        let prompts = "10 prompts of the library and 88 of accounts";
        let changes = head.contains("written") || head.starts_with("Imported");
        assert_eq!(said.contains(prompts), changes, "{head}");
        assert_no_secret(&output);
    }
}

#[test]
fn json_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let input = Stdio::from(std::fs::File::open(SAMPLE).unwrap());
    let flags = ["--json", "--plan-map", "enterprise=scale"];
    let output = run(&folder, "-", &flags, input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["counts"]["igny8_core_auth.account"]["read"], 202);
    let lines = report["lines"].as_array().unwrap();
    let demoted = lines
        .iter()
        .filter(|line| line["consequence"] == "plan_became_free");
    // Six accounts of the plan that was mapped are not among them.
    assert_eq!(demoted.count(), 7);
    assert_eq!(lines[0]["model"], "igny8_core_auth.account");
    for name in ["pk", "field", "done", "why"] {
        assert!(lines[0][name].is_string(), "{name}");
    }
    assert_no_secret(&output);
}

#[test]
fn what_is_no_dump_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.json");
    std::fs::write(&file, "[{\"model\": \"a.b\",\n \"canary\" 1}]").unwrap();
    let output = run(&folder, &file, &[], Stdio::null());
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("dump.json: the dump cannot be read: line 2, column"));
    assert!(!said.contains("canary") && output.stdout.is_empty());
    assert!(!folder.path().join("data").exists());

    let missing = run(&folder, folder.path().join("none.json"), &[], Stdio::null());
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("none.json: No such file"));

    let flags = ["--plan-map", "enterprise=gold"];
    let wrong = run(&folder, &file, &flags, Stdio::null());
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("one of free, starter, growth and scale"));
}
