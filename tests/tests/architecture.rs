//! The shape of the workspace: which crate may know which, and what every crate promises.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// What each crate may be built on, of ours; tests and benches may know more.
const KNOWS: &[(&str, &[&str])] = &[
    ("aiconfig-domain", &[]),
    ("aiconfig-resolution", &["aiconfig-domain"]),
    ("aiconfig-vault", &["aiconfig-domain"]),
    ("aiconfig-migrations", &[]),
    (
        "aiconfig-persistence",
        &["aiconfig-domain", "aiconfig-migrations"],
    ),
    (
        "aiconfig-application",
        &[
            "aiconfig-domain",
            "aiconfig-persistence",
            "aiconfig-resolution",
            "aiconfig-vault",
        ],
    ),
    ("aiconfig-proto", &[]),
    (
        "aiconfig-server",
        &[
            "aiconfig-application",
            "aiconfig-domain",
            "aiconfig-persistence",
            "aiconfig-proto",
            "aiconfig-resolution",
            "aiconfig-vault",
        ],
    ),
];

/// Crates that measure and test; nothing is built on them.
const BESIDE: &[&str] = &[
    "aiconfig-bench",
    "aiconfig-fuzzing",
    "aiconfig-testsupport",
    "aiconfig-tests",
];

/// What the pure crates must not reach, however far down.
const IMPURE: &[&str] = &[
    "tokio", "sea-orm", "sqlx", "tonic", "hyper", "prost", "rand",
];

/// Lines after which a file is to be split.
const LONGEST: usize = 600;

fn workspace() -> Metadata {
    MetadataCommand::new()
        .other_options(["--locked".to_owned()])
        .exec()
        .unwrap()
}

fn normal(package: &Package) -> BTreeSet<String> {
    let kinds = [DependencyKind::Normal, DependencyKind::Build];
    let dependencies = package.dependencies.iter();
    let normal = dependencies.filter(|dependency| kinds.contains(&dependency.kind));
    normal.map(|dependency| dependency.name.clone()).collect()
}

fn members(metadata: &Metadata) -> BTreeMap<String, &Package> {
    let packages = metadata.workspace_packages().into_iter();
    packages
        .map(|package| (package.name.to_string(), package))
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let metadata = workspace();
    let members = members(&metadata);
    let listed: BTreeSet<&str> = KNOWS
        .iter()
        .map(|(name, _)| *name)
        .chain(BESIDE.iter().copied())
        .collect();
    let there: BTreeSet<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(there, listed, "a crate is not in the table of this test");
    for (name, allowed) in KNOWS {
        let known = normal(members[*name]);
        let ours = known.iter().filter(|known| members.contains_key(*known));
        for known in ours {
            assert!(
                allowed.contains(&known.as_str()),
                "{name} must not depend on {known}"
            );
        }
    }
}

#[test]
fn rules_and_ladder_are_pure_all_the_way_down() {
    let metadata = workspace();
    let members = members(&metadata);
    let resolve = metadata.resolve.as_ref().unwrap();
    for name in ["aiconfig-domain", "aiconfig-resolution"] {
        let mut reached = BTreeSet::new();
        let mut open = vec![members[name].id.clone()];
        while let Some(id) = open.pop() {
            let node = resolve.nodes.iter().find(|node| node.id == id).unwrap();
            for dependency in &node.deps {
                let mut kinds = dependency.dep_kinds.iter();
                let built = kinds.any(|kind| kind.kind == DependencyKind::Normal);
                if built && reached.insert(dependency.pkg.clone()) {
                    open.push(dependency.pkg.clone());
                }
            }
        }
        for id in &reached {
            let package = &metadata[id].name;
            assert!(
                !IMPURE.contains(&package.as_str()),
                "{name} reaches {package}"
            );
        }
    }
}

#[test]
fn every_target_forbids_unsafe_code() {
    let metadata = workspace();
    for package in metadata.workspace_packages() {
        // The workspace's lints forbid it too, in tests as well.
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}",
            package.name
        );
        for target in package.targets.iter().filter(|target| !target.is_test()) {
            let source = fs::read_to_string(&target.src_path).unwrap();
            assert!(
                source.contains("#![forbid(unsafe_code)]"),
                "{}",
                target.src_path
            );
        }
    }
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn no_file_is_hard_to_live_in() {
    let metadata = workspace();
    let mut files = Vec::new();
    for folder in ["crates", "migrations", "tests"] {
        sources(
            metadata.workspace_root.join(folder).as_std_path(),
            &mut files,
        );
    }
    assert!(files.len() > 100);
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(
            lines <= LONGEST,
            "{} has {lines} lines: split it",
            file.display()
        );
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let vague = ["utils", "util", "helpers", "helper", "misc", "common_utils"];
        assert!(
            !vague.contains(&name.as_str()),
            "{}: name its job",
            file.display()
        );
    }
}
