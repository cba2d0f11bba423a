//! `--help` and wrong arguments: answered without a server and without grpcurl.

use std::os::unix::fs::PermissionsExt;

use crate::admin::{Admin, folder, scripts};

fn alone() -> Admin {
    Admin::with(vec![("PATH", std::env::var_os("PATH").unwrap())])
}

#[test]
fn every_script_has_help() {
    for script in scripts() {
        let mode = folder()
            .join(&script)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111, "{script} is not executable");
        for option in ["--help", "-h"] {
            let outcome = alone().run(&script, &[option], "");
            assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{script}");
            let first = outcome.stdout.lines().next().unwrap();
            assert!(
                format!("{first} ").starts_with(&format!("Usage: {script} ")),
                "{script}: {first}"
            );
            for name in [
                "AICONFIG_ADDR",
                "AICONFIG_TOKEN_FILE",
                "AICONFIG_CA",
                "Exit codes",
            ] {
                assert!(
                    outcome.stdout.contains(name),
                    "{script} does not explain {name}"
                );
            }
            assert!(
                outcome.stdout.lines().all(|line| line.len() <= 100),
                "{script}"
            );
            assert!(
                !outcome.stdout.contains("set -eu"),
                "{script} shows its code"
            );
        }
    }
}

#[test]
fn the_documentation_has_every_script() {
    let file = folder().join("../../docs/grpcurl.md");
    let text = std::fs::read_to_string(file).unwrap();
    for script in scripts() {
        assert!(text.contains(&format!("`{script}`")), "{script}");
    }
}

#[test]
fn every_script_refuses_what_it_does_not_know() {
    for script in scripts() {
        for arguments in [
            &["--no-such-option"][..],
            &["7", "7", "7", "7", "7", "7"],
            &["--help=x"],
        ] {
            let outcome = alone().run(&script, arguments, "");
            assert_eq!(
                (outcome.code, outcome.stdout.as_str()),
                (2, ""),
                "{script} {outcome:?}"
            );
            let lines: Vec<&str> = outcome.stderr.lines().collect();
            assert!(lines[0].starts_with(&format!("{script}: ")), "{outcome:?}");
            assert!(
                lines[1].starts_with(&format!("Usage: {script}")),
                "{outcome:?}"
            );
            assert_eq!(*lines.last().unwrap(), format!("Try: {script} --help"));
        }
    }
}

/// Script, arguments, and what it says about them.
const WRONG: &[(&str, &[&str], &str)] = &[
    ("set-key", &[], "PROVIDER is missing"),
    ("set-key", &[""], "PROVIDER must not be empty"),
    (
        "set-key",
        &["openai"],
        "the provider key is missing on standard input",
    ),
    ("promote-key", &["openai"], "VERSION is missing"),
    (
        "promote-key",
        &["openai", "one"],
        "VERSION must be a whole number",
    ),
    (
        "promote-key",
        &["openai", "01"],
        "VERSION must be a whole number",
    ),
    (
        "promote-key",
        &["openai", "1", "--reason"],
        "--reason needs a value",
    ),
    (
        "promote-key",
        &["openai", "1", "--dry-run=yes"],
        "--dry-run takes no value",
    ),
    (
        "promote-key",
        &["openai", "1", "--reason=a", "--reason=b"],
        "reason is given twice",
    ),
    ("freeze-keys", &[], "PROVIDER or --all is missing"),
    (
        "freeze-keys",
        &["openai", "--all"],
        "provider is given twice",
    ),
    (
        "upsert-account",
        &["7", "a b", "1"],
        "PLAN must be a name of letters, digits and _",
    ),
    (
        "upsert-account",
        &["7}", "free", "1"],
        "ACCOUNT must be a whole number",
    ),
    (
        "show-settings",
        &["7", "openai", "x"],
        "there are too many operands",
    ),
    ("save-override", &["7", "openai"], "FIELD=VALUE is missing"),
    (
        "save-override",
        &["7", "openai", "model"],
        "an operand is not FIELD=VALUE",
    ),
    (
        "save-override",
        &["7", "openai", "apiKey=sk-test-0123456789abcdef"],
        "there is no field of the name before the first =",
    ),
    (
        "save-override",
        &["7", "openai", "steps=5", "steps="],
        "steps is given twice",
    ),
    (
        "save-override",
        &["7", "openai", "temperature=hot"],
        "temperature must be a number",
    ),
    (
        "save-override",
        &["7", "openai", "enabled=yes"],
        "enabled must be true or false",
    ),
    (
        "update-globals",
        &["a.b", "model=x"],
        "SECTION must be a name of lower-case letters, digits and _",
    ),
    (
        "get-config",
        &["7", "auto_cluster", "model="],
        "VALUE is missing",
    ),
    (
        "quote-credits",
        &["7"],
        "--function or --operation is missing",
    ),
    (
        "quote-credits",
        &["7", "--function=a", "--operation=b"],
        "--function and --operation exclude each other",
    ),
    (
        "list-models",
        &["--default", "maybe"],
        "--default must be true or false",
    ),
    (
        "reset-prompts",
        &["7", "clustering,,ideas"],
        "TYPES must be names joined by commas",
    ),
    (
        "reset-prompts",
        &["7", "a\"b"],
        "TYPES must be names joined by commas",
    ),
    ("diff-prompt", &["clustering", "1"], "TO is missing"),
    (
        "update-prompt",
        &["clustering"],
        "the text is missing on standard input",
    ),
    (
        "list-prompts",
        &["7", "--behind", "--source=global"],
        "--behind stands alone: --state CUSTOM_BEHIND goes with others",
    ),
    (
        "create-token",
        &["a", "auditor", "--accounts", "7,,8"],
        "--accounts must be whole numbers above 0 joined by commas",
    ),
];

#[test]
fn wrong_arguments_are_named() {
    for (script, arguments, sentence) in WRONG {
        let outcome = alone().run(script, arguments, "");
        assert_eq!(outcome.code, 2, "{script} {arguments:?}: {outcome:?}");
        let first = outcome.stderr.lines().next().unwrap();
        assert_eq!(first, format!("{script}: {sentence}"));
    }
}
