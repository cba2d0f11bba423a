//! The memory of a server that has had many secrets pass through it, once it is quiet.
//!
//! The memory is read from `/proc/<pid>/mem` with the guard against that switched off. What the
//! server works with stays there (the raw key-encryption key, hashes of tokens); the texts of
//! provider keys, tokens and stripped settings must not.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use aiconfig_proto::v1::{self, Plan, Role};
use aiconfig_tests::{Bearer, Clients, Place, Server, account, call, query, save, text};
use aiconfig_testsupport::PgServer;
use prost::Message as _;
use tonic::metadata::MetadataMap;

use crate::forms::forms;

/// Keys that are added, each read many times. The specification saw 51 copies after 51 writes.
const KEYS: usize = 51;
/// Reads with a key.
const READS: usize = 500;
/// How long the server may take to become quiet.
const PATIENCE: Duration = Duration::from_secs(20);
/// A name that stays in the state: the search must find it, or it finds nothing at all.
const RESIDENT: &str = "a-name-that-stays-in-memory-7c1";

/// The marker stands in every key but in nothing else that the test sends.
fn key(number: usize) -> String {
    format!("sk-proj-Memory{number:03}Canary5aQ8wZx")
}

/// Sends secrets in every way in which they are taken, and in some in which they are refused.
async fn pass_through(server: &Server) -> Vec<String> {
    let (mut admin, mut backend) = (
        server.clients("admin").await,
        server.clients("backend").await,
    );
    let mut named = account(1, Plan::Growth);
    if let Some(account) = named.account.as_mut() {
        RESIDENT.clone_into(&mut account.display_name);
    }
    admin.accounts.upsert_account(named).await.unwrap();
    let mut secrets = Vec::new();
    for number in 0..KEYS {
        secrets.push(key(number));
        let add = v1::AddProviderKeyRequest {
            provider: "openai".to_owned(),
            api_key: key(number),
            request_id: format!("key-{number}"),
            ..Default::default()
        };
        admin.providers.add_provider_key(add.clone()).await.unwrap();
        admin.providers.add_provider_key(add).await.unwrap();
    }
    let promote = v1::PromoteProviderKeyRequest {
        provider: "openai".to_owned(),
        version: 1,
        ..Default::default()
    };
    admin.providers.promote_provider_key(promote).await.unwrap();
    for _ in 0..READS {
        let keyed = v1::GetModelConfigRequest {
            include_api_key: true,
            ..query(1)
        };
        let read = backend.configs.get_model_config(keyed).await.unwrap();
        let config = read.into_inner().model_config.unwrap();
        assert_eq!(config.api_key, key(0));
    }
    secrets.extend(refused(server, &mut admin).await);
    for number in 0..20 {
        let credential = format!("memory-canary-in-settings-{number:02}");
        let saved = save(1, &[("apiKey", text(&credential))]);
        backend
            .settings
            .save_integration_settings(saved)
            .await
            .unwrap();
        secrets.push(credential);
        let token = v1::CreateTokenRequest {
            label: format!("canary {number}"),
            role: Role::Resolver.into(),
            ..Default::default()
        };
        let made = admin.tokens.create_token(token).await.unwrap();
        let token = made.into_inner().secret;
        assert!(token.starts_with("aic_"), "no token");
        // Used, so that it goes through authentication too.
        let mut reader = Clients::new(&server.channel().await, &Bearer::new(&token));
        reader.configs.get_model_config(query(1)).await.unwrap();
        secrets.push(token);
    }
    secrets
}

/// Keys and tokens in calls that fail: with white space, twice, in a message that is too long, in
/// one that is cut off, with an unknown token.
async fn refused(server: &Server, admin: &mut Clients) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut add = |api_key: String| {
        secrets.push(api_key.clone());
        v1::AddProviderKeyRequest {
            provider: "openai".to_owned(),
            api_key,
            ..Default::default()
        }
    };
    let blank = add(format!("{} with-blanks", key(900)));
    admin.providers.add_provider_key(blank).await.unwrap_err();
    let twice = add(key(0));
    admin.providers.add_provider_key(twice).await.unwrap_err();
    let long = add(key(901).repeat(5_000));
    let long = v1::AddProviderKeyRequest {
        reason: key(902),
        ..long
    };
    let _ = admin
        .providers
        .add_provider_key(long.clone())
        .await
        .unwrap_err();
    let cut = add(key(903)).encode_to_vec();
    let path = "/igny8.aiconfig.v1.ProviderService/AddProviderKey";
    let mut metadata = MetadataMap::new();
    let unknown = format!("aic_{}_{}_{}", "q7".repeat(8), "Zw9".repeat(14), "abcdef");
    metadata.insert(
        "authorization",
        format!("Bearer {unknown}").parse().unwrap(),
    );
    let channel = server.channel().await;
    call(&channel, path, metadata, cut[..cut.len() - 3].to_vec())
        .await
        .unwrap_err();
    secrets.retain(|secret| secret.len() < 100);
    secrets.extend([key(901), key(902), unknown]);
    secrets
}

/// Waits until nobody is connected and what was buffered is written.
async fn quiet(server: &Server) {
    let begun = Instant::now();
    while !server
        .page("/metrics")
        .contains("\naiconfig_connections_open 0")
    {
        assert!(begun.elapsed() < PATIENCE, "connections stay open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Counts of releases are written every two seconds.
    tokio::time::sleep(Duration::from_secs(3)).await;
}

/// What of `wanted` lies in the memory of a process: the index of each that does, and where.
fn found(pid: u32, wanted: &AhoCorasick) -> Vec<(usize, String)> {
    /// Bytes read at once.
    const PART: usize = 1 << 20;
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem"));
    let refused = "run as root, or with kernel.yama.ptrace_scope at most 1";
    assert!(memory.is_ok(), "/proc/{pid}/mem: {memory:?}; {refused}");
    let memory = memory.unwrap();
    let mut found = Vec::new();
    let mut searched = 0;
    let longest = wanted.max_pattern_len();
    let mut part = vec![0; PART + longest];
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        let name = words.nth(3).unwrap_or("anonymous");
        // Files that are mapped to be read hold none; the kernel's own pages cannot be read.
        if !rights.starts_with("rw") || name.starts_with("[v") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (
            u64::from_str_radix(from, 16).unwrap(),
            u64::from_str_radix(to, 16).unwrap(),
        );
        for at in (from..to).step_by(PART) {
            let wanted_bytes = usize::try_from(to - at).unwrap().min(part.len());
            let Ok(read) = memory.read_at(&mut part[..wanted_bytes], at) else {
                continue; // Given back to the system since.
            };
            searched += read;
            let hits = wanted.find_overlapping_iter(&part[..read]);
            found.extend(hits.map(|hit| {
                let place = format!("{name} at {:#x}", at + hit.start() as u64);
                (hit.pattern().as_usize(), place)
            }));
        }
    }
    assert!(searched > 4 << 20, "only {searched} bytes could be read");
    found
}

async fn nothing_is_in_memory(place: &Place) {
    let place_env = [("AICONFIG_DUMPABLE", "true"), ("AICONFIG_LOG", "trace")];
    let server = Server::start_with(place, &place_env);
    let mut secrets = pass_through(&server).await;
    for token in ["admin", "backend"] {
        secrets.push(place.token(token));
    }
    quiet(&server).await;
    let mut named = vec![(RESIDENT, RESIDENT.as_bytes().to_vec())];
    for secret in &secrets {
        named.extend(
            forms(secret)
                .into_iter()
                .map(|form| (secret.as_str(), form)),
        );
    }
    let wanted = AhoCorasick::new(named.iter().map(|(_, form)| form)).unwrap();
    let found = found(server.pid(), &wanted);
    let mut open: Vec<String> = Vec::new();
    let mut resident = false;
    for (index, place) in found {
        if index == 0 {
            resident = true;
        } else {
            open.push(format!("{} ({place})", named[index].0));
        }
    }
    assert!(resident, "the search does not even find {RESIDENT}");
    assert!(open.is_empty(), "{} lie open: {open:#?}", open.len());
}

#[tokio::test]
async fn nothing_is_in_memory_on_sqlite() {
    nothing_is_in_memory(&Place::sqlite()).await;
}

#[tokio::test]
async fn nothing_is_in_memory_on_postgresql() {
    let url = PgServer::shared().create_database();
    nothing_is_in_memory(&Place::postgres(&url)).await;
}

/// The guard is on unless it is switched off: no core file, and `/proc/<pid>/mem` belongs to root.
#[tokio::test]
async fn memory_is_guarded() {
    use std::os::unix::fs::MetadataExt as _;
    let place = Place::sqlite();
    for (dumpable, owner) in [("false", 0), ("true", rustix::process::getuid().as_raw())] {
        let server = Server::start_with(&place, &[("AICONFIG_DUMPABLE", dumpable)]);
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let core: Vec<&str> = core.unwrap().split_ascii_whitespace().collect();
        assert_eq!(core[4..6], ["0", "0"], "{limits}");
        let memory = std::fs::metadata(format!("/proc/{}/mem", server.pid())).unwrap();
        assert_eq!(memory.uid(), owner);
        assert!(server.stop());
    }
}
