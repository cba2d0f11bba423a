//! Where a key-encryption key may come from, and which files are refused.
#![cfg(test)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use aiconfig_vault::kek::{Kek, KekConfig, KekError, KekSet};
use aiconfig_vault::random::{OsRandom, SeededRandom};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use tempfile::TempDir;

/// A good key in base64, another one for each number.
fn key_text(number: u8) -> String {
    STANDARD.encode([number, 9, 77, 201].repeat(8))
}

fn key_id(number: u8) -> String {
    Kek::parse(key_text(number).as_bytes(), "test")
        .unwrap()
        .id()
        .to_string()
}

fn write(directory: &TempDir, name: &str, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn ids(keks: &KekSet) -> Vec<String> {
    keks.ids().map(|id| id.to_string()).collect()
}

fn load(config: &KekConfig, ring_is_empty: bool) -> Result<Vec<String>, KekError> {
    KekSet::load(config, ring_is_empty, &OsRandom).map(|keks| ids(&keks))
}

fn load_file(path: &Path) -> Result<Vec<String>, KekError> {
    let file = Some(path.to_owned());
    load(
        &KekConfig {
            file,
            ..KekConfig::default()
        },
        false,
    )
}

#[test]
fn modes_of_key_files() {
    let directory = TempDir::new().unwrap();
    for (mode, taken) in [
        (0o400, true),
        (0o600, true),
        (0o440, true),
        (0o640, true),
        (0o660, false),
        (0o620, false),
        (0o604, false),
        (0o602, false),
        (0o644, false),
        (0o666, false),
    ] {
        let path = write(&directory, &format!("kek-{mode:o}"), key_text(1), mode);
        match load_file(&path) {
            Ok(ids) => assert!(taken && ids == [key_id(1)], "{mode:o}"),
            Err(KekError::TooOpen { mode: found, .. }) => assert!(!taken && found == mode),
            Err(other) => panic!("{mode:o}: {other}"),
        }
    }
}

#[test]
fn contents_of_key_files() {
    let directory = TempDir::new().unwrap();
    let check = |content: &[u8], refused: fn(&KekError) -> bool| {
        let path = write(&directory, "kek", content, 0o600);
        let error = load_file(&path).unwrap_err();
        assert!(refused(&error), "{error}");
        let told = error.to_string();
        assert!(told.contains(path.to_str().unwrap()), "{told}");
        let content = String::from_utf8_lossy(content);
        assert!(
            content.len() < 8 || !told.contains(content.trim()),
            "{told}"
        );
    };
    let good = key_text(1);
    for bad in [
        String::new(),
        format!("{good}\n\n"),
        format!("{good}{good}"),
        format!("{good}\n{}", " ".repeat(100)),
        good.replace('=', ""),
        STANDARD.encode([3, 9, 77, 201].repeat(4)),
        "correct horse battery staple".to_owned(),
    ] {
        check(bad.as_bytes(), |error| {
            matches!(error, KekError::NotAKey { .. })
        });
    }
    check(&[3, 9, 77, 201].repeat(8), |error| {
        matches!(error, KekError::NotAKey { .. })
    });
    for guessable in [
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ] {
        check(guessable.as_bytes(), |error| {
            matches!(error, KekError::Guessable { .. })
        });
    }
    let path = write(&directory, "kek", format!("{good}\n"), 0o600);
    assert_eq!(load_file(&path).unwrap(), [key_id(1)]);
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let directory = TempDir::new().unwrap();
    assert!(matches!(
        load_file(directory.path()),
        Err(KekError::NotAFile { .. })
    ));
    assert!(matches!(
        load_file(Path::new("/dev/null")),
        Err(KekError::NotAFile { .. })
    ));
    let absent = directory.path().join("absent");
    assert!(matches!(load_file(&absent), Err(KekError::Read { .. })));
}

#[test]
fn a_link_is_judged_by_the_file_it_leads_to() {
    let directory = TempDir::new().unwrap();
    let link = directory.path().join("link");
    let target = write(&directory, "target", key_text(1), 0o600);
    symlink(&target, &link).unwrap();
    assert_eq!(load_file(&link).unwrap(), [key_id(1)]);
    fs::set_permissions(&target, Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(load_file(&link), Err(KekError::TooOpen { .. })));
}

#[test]
fn the_first_place_in_use_gives_the_primary() {
    let directory = TempDir::new().unwrap();
    write(&directory, "kek", key_text(1), 0o400);
    let generated = write(&directory, "generated", key_text(4), 0o600);
    let mut config = KekConfig {
        credentials_directory: Some(directory.path().to_owned()),
        file: Some(write(&directory, "file", key_text(2), 0o600)),
        env_value: Some(SecretString::from(key_text(3))),
        allow_env: true,
        generate_at: Some(generated),
        open_files: vec![
            write(&directory, "old-5", key_text(5), 0o600),
            write(&directory, "old-6", key_text(6), 0o600),
        ],
    };
    let expect = |config: &KekConfig, number: u8| {
        let expected = [number, 5, 6].map(key_id);
        assert_eq!(load(config, false).unwrap(), expected);
        assert_eq!(load(config, true).unwrap(), expected);
    };
    expect(&config, 1);
    // Credentials of other purposes: no key there.
    fs::remove_file(directory.path().join("kek")).unwrap();
    expect(&config, 2);
    config.file = None;
    expect(&config, 3);
    config.env_value = None;
    expect(&config, 4);
    // The place of the next one may be configured before there is one; a bad one is never passed
    // over.
    config.open_files.push(directory.path().join("absent"));
    expect(&config, 4);
    let bad = write(&directory, "bad", "no key", 0o600);
    config.open_files.push(bad);
    assert!(matches!(
        load(&config, false),
        Err(KekError::NotAKey { .. })
    ));
}

#[test]
fn one_bad_place_does_not_take_the_other_keys_away() {
    let directory = TempDir::new().unwrap();
    let mut config = KekConfig {
        file: Some(write(&directory, "file", key_text(1), 0o644)),
        open_files: vec![
            write(&directory, "old-5", key_text(5), 0o600),
            directory.path().join("absent"),
            write(&directory, "bad", "no key", 0o600),
        ],
        ..KekConfig::default()
    };
    let found = KekSet::find_all(&config, &OsRandom);
    assert_eq!(ids(&found.keks), [key_id(5)]);
    assert!(found.keks.primary().is_none());
    assert!(matches!(
        found.faults.as_slice(),
        [KekError::TooOpen { .. }, KekError::NotAKey { .. }]
    ));
    assert_eq!(found.absent, config.open_files[1..2]);
    // Beside those that were loaded before nothing is lost, and nothing stands there twice.
    config.file = Some(write(&directory, "good", key_text(2), 0o600));
    let former = KekSet::find_all(&config, &OsRandom).keks;
    let joined = found.keks.beside(&former);
    assert_eq!(ids(&joined), [2, 5].map(key_id));
    config.file = Some(write(&directory, "next", key_text(3), 0o600));
    let next = KekSet::find_all(&config, &OsRandom).keks.beside(&joined);
    assert_eq!(ids(&next), [3, 5, 2].map(key_id));
}

#[test]
fn a_key_in_the_environment_needs_leave() {
    let mut config = KekConfig {
        env_value: Some(SecretString::from(key_text(3))),
        ..KekConfig::default()
    };
    assert!(matches!(
        load(&config, true),
        Err(KekError::EnvironmentNotAllowed)
    ));
    config.allow_env = true;
    assert_eq!(load(&config, true).unwrap(), [key_id(3)]);
    config.env_value = Some(SecretString::from("short"));
    assert!(matches!(load(&config, true), Err(KekError::NotAKey { .. })));
}

#[test]
fn no_place_at_all() {
    let config = KekConfig::default();
    assert!(matches!(load(&config, true), Err(KekError::NotConfigured)));
    assert!(load(&config, false).unwrap().is_empty());
}

#[test]
fn a_key_is_made_once_and_only_for_an_empty_ring() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("new/deep/kek");
    let config = KekConfig {
        generate_at: Some(path.clone()),
        ..KekConfig::default()
    };
    assert!(load(&config, false).unwrap().is_empty());
    assert!(!path.exists());

    let made = load(&config, true).unwrap();
    let bits_of = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(bits_of(&path), 0o600);
    assert_eq!(bits_of(path.parent().unwrap()), 0o700);
    assert_eq!(fs::read(&path).unwrap().len(), 45);
    // Nothing unfinished is left beside it.
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);

    assert_eq!(load(&config, true).unwrap(), made);
    assert_eq!(load(&config, false).unwrap(), made);
    fs::write(&path, "").unwrap();
    assert!(matches!(load(&config, true), Err(KekError::NotAKey { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn servers_that_start_together_agree_on_one_key() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("kek");
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|seed| {
                let config = KekConfig {
                    generate_at: Some(path.clone()),
                    ..KekConfig::default()
                };
                scope.spawn(move || {
                    let keks = KekSet::load(&config, true, &SeededRandom::new(seed)).unwrap();
                    keks.primary().unwrap().id()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let directory = TempDir::new().unwrap();
    let in_the_way = write(&directory, "file", "", 0o600);
    let config = KekConfig {
        generate_at: Some(in_the_way.join("kek")),
        ..KekConfig::default()
    };
    let error = load(&config, true).unwrap_err();
    assert!(
        matches!(error, KekError::Read { .. } | KekError::Write { .. }),
        "{error}"
    );
}
