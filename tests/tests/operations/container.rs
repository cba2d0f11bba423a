//! The container file, by what it says: whether it builds is tried by hand.

use cargo_metadata::MetadataCommand;

use crate::files;

const FILE: &str = "deploy/container/Containerfile";
const IGNORED: &str = ".containerignore";

/// Instructions with their arguments, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let text = files::text(FILE).replace("\\\n", " ");
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, rest) = line.split_once(' ').unwrap();
            (
                name.to_owned(),
                rest.split_whitespace().collect::<Vec<_>>().join(" "),
            )
        })
        .collect()
}

/// Those of the image that is made, without the build.
fn last_stage() -> Vec<(String, String)> {
    let all = instructions();
    let from = all.iter().rposition(|(name, _)| name == "FROM").unwrap();
    all[from..].to_vec()
}

fn one(name: &str) -> String {
    let mut found: Vec<String> = last_stage()
        .into_iter()
        .filter(|(instruction, _)| instruction == name)
        .map(|(_, rest)| rest)
        .collect();
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

#[test]
fn versions_are_pinned_and_new_enough() {
    let all = instructions();
    let rust = all
        .iter()
        .find_map(|(_, rest)| rest.strip_prefix("RUST="))
        .unwrap();
    let number = |version: &str| -> Vec<u32> {
        version
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect()
    };
    let manifest = files::text("Cargo.toml");
    let oldest = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let oldest = oldest.unwrap().trim_matches('"');
    assert_eq!(number(rust).len(), 3, "a whole version: {rust}");
    assert!(
        number(rust) >= number(oldest),
        "{rust} builds nothing that needs {oldest}"
    );
    let bases: Vec<&String> = all
        .iter()
        .filter(|(name, _)| name == "FROM")
        .map(|(_, rest)| rest)
        .collect();
    assert_eq!(bases[0], "docker.io/library/rust:${RUST}-bookworm AS build");
    let date = bases[1]
        .strip_prefix("docker.io/library/debian:bookworm-")
        .unwrap();
    let date = date.strip_suffix("-slim").unwrap();
    assert!(
        date.len() == 8 && date.parse::<u32>().is_ok(),
        "a day: {date}"
    );
}

#[test]
fn the_image_runs_as_nobody_without_a_shell() {
    let stage = last_stage();
    assert!(
        stage.iter().all(|(name, _)| name != "RUN"),
        "nothing runs in the image"
    );
    let (user, group) = one("USER")
        .split_once(':')
        .map(|(u, g)| (u.to_owned(), g.to_owned()))
        .unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    for command in ["ENTRYPOINT", "CMD"] {
        let list: Vec<String> = serde_json::from_str(&one(command)).unwrap();
        assert!(!list.is_empty(), "{command}");
    }
    let health = one("HEALTHCHECK");
    let (_, list) = health.split_once(" CMD ").unwrap();
    let list: Vec<String> = serde_json::from_str(list).unwrap();
    assert_eq!(list, ["/usr/local/bin/aiconfig", "health"]);
    assert_eq!(one("STOPSIGNAL"), "SIGTERM");
    // The data, the working folder and the volume are one place.
    assert_eq!(one("VOLUME"), "/data");
    assert_eq!(one("WORKDIR"), "/data");
    assert!(one("ENV").contains("AICONFIG_DATA_DIR=/data"));
    // Plain text on all addresses is for whoever starts it to allow.
    assert!(!one("ENV").contains("ALLOW_PLAINTEXT"));
}

#[test]
fn the_build_gets_the_sources_and_nothing_secret() {
    let text = files::text(IGNORED);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines[0], "*", "all is left out but what is named");
    let kept: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix('!'))
        .collect();
    for path in &kept {
        assert!(files::path(path).exists(), "{path}");
    }
    // Every member of the workspace lies in what is kept, and so do the files of the whole.
    let mut metadata = MetadataCommand::new();
    let metadata = metadata
        .other_options(["--locked".to_owned()])
        .exec()
        .unwrap();
    for package in metadata.workspace_packages() {
        let place = package
            .manifest_path
            .strip_prefix(&metadata.workspace_root)
            .unwrap();
        let folder = place.components().next().unwrap().as_str();
        assert!(kept.contains(&folder), "{place}");
    }
    for needed in ["Cargo.toml", "Cargo.lock", "proto"] {
        assert!(kept.contains(&needed), "{needed}");
    }
    // Docker reads it under another name.
    assert_eq!(files::text(".dockerignore"), text);
}
