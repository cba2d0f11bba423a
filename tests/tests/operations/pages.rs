//! The pages for operators: their links, and the commands, settings and scripts that they name.

use std::collections::BTreeSet;

use aiconfig_tests::Place;

use crate::files;

const FOLDER: &str = "docs/operations";

/// All files that an operator copies from, with their text.
fn texts() -> Vec<(String, String)> {
    let folders = [
        FOLDER,
        "deploy/systemd",
        "deploy/container",
        "deploy/prometheus",
    ];
    let names = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(files::path(folder)).unwrap();
        entries.map(move |entry| format!("{folder}/{}", entry.unwrap().file_name().display()))
    });
    names
        .map(|name| (name.clone(), files::text(&name)))
        .collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| crate::alerts::anchor_of(line.trim_start_matches('#').trim()))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut looked = 0;
    for (name, text) in texts().iter().filter(|(name, _)| name.starts_with(FOLDER)) {
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                name.clone()
            } else {
                format!("{FOLDER}/{file}")
            };
            assert!(files::path(&target).exists(), "{name}: {link}");
            let known = anchor.is_empty() || anchors(&files::text(&target)).contains(anchor);
            assert!(known, "{name}: {link}");
            looked += 1;
        }
    }
    assert!(looked > 30, "{looked}");
}

#[test]
fn commands_and_settings_are_those_of_the_program() {
    let place = Place::sqlite();
    let run = |arguments: &[&str]| String::from_utf8(place.run(arguments).stdout).unwrap();
    let help = run(&["--help"]);
    let commands: BTreeSet<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .collect();
    let check = run(&["check"]);
    let settings = check.lines().filter_map(|line| line.split_once(" = "));
    let mut settings: BTreeSet<String> = settings
        .map(|(key, _)| format!("AICONFIG_{}", key.to_uppercase()))
        .collect();
    // Those of the scripts, and of the file itself.
    settings.extend(["AICONFIG_TOKEN_FILE", "AICONFIG_CONFIG", "AICONFIG_TLS_"].map(str::to_owned));
    let mut looked = 0;
    for (name, text) in texts() {
        for (at, _) in text.match_indices("AICONFIG_") {
            let rest = text[at..].chars();
            let setting: String = rest
                .take_while(|c| c.is_ascii_uppercase() || *c == '_')
                .collect();
            assert!(settings.contains(&setting), "{name}: {setting}");
        }
        if !name.starts_with(FOLDER) {
            continue;
        }
        let code = text.lines().filter(|line| line.starts_with("    "));
        let spans = text.lines().filter(|line| !line.starts_with("    "));
        let spans = spans.flat_map(|line| line.split('`').skip(1).step_by(2));
        for part in code.chain(spans) {
            let mut words = part.split_whitespace();
            if words.next() == Some("aiconfig") {
                let command = words.next().unwrap_or("serve");
                let known = commands.contains(command) || command.starts_with('-');
                assert!(known, "{name}: aiconfig {command}");
                looked += 1;
            }
        }
    }
    assert!(looked > 15, "{looked}");
}
