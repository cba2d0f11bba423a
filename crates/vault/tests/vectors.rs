//! The published vectors: the same inputs give the same bytes, and the bytes
//! open. They were made by a separate implementation, not by this code.
#![cfg(test)]

use std::sync::Mutex;

use aiconfig_vault::kek::{Kek, KekSet};
use aiconfig_vault::key::{KeyContext, SealedKey};
use aiconfig_vault::random::RandomSource;
use aiconfig_vault::ring::{Keyring, WrappedDek};
use aiconfig_vault::token::TokenText;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde_json::Value;

/// Hands out the bytes that a vector prescribes.
struct Replay(Mutex<Vec<u8>>);

impl Replay {
    fn of(case: &Value, names: &[&str]) -> Self {
        Self(Mutex::new(
            names.iter().flat_map(|name| bytes(&case[name])).collect(),
        ))
    }
}

impl RandomSource for Replay {
    fn fill(&self, buffer: &mut [u8]) {
        let mut left = self.0.lock().unwrap();
        let rest = left.split_off(buffer.len());
        buffer.copy_from_slice(&left);
        *left = rest;
    }
}

fn load(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = text(value);
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn kek_set(vectors: &Value) -> KekSet {
    let kek: [u8; 32] = bytes(&vectors["kek"]).try_into().unwrap();
    KekSet::new(Kek::from_bytes(SecretBox::new(Box::new(kek))), Vec::new())
}

fn dek_vectors() -> Value {
    load(include_str!("../vectors/dek.json"))
}

fn create() -> (Keyring, Vec<WrappedDek>) {
    let vectors = dek_vectors();
    let cases = vectors["cases"].as_array().unwrap();
    let stream = cases
        .iter()
        .flat_map(|case| ["dek", "salt", "nonce"].map(|name| bytes(&case[name])))
        .flatten()
        .collect();
    let deployment_id = bytes(&vectors["deployment_id"]).try_into().unwrap();
    let random = Replay(Mutex::new(stream));
    Keyring::create(deployment_id, &kek_set(&vectors), &random).unwrap()
}

#[test]
fn wrapped_data_keys() {
    let vectors = dek_vectors();
    let keks = kek_set(&vectors);
    let kek_id = keks.primary().unwrap().id();
    assert_eq!(kek_id.as_bytes().to_vec(), bytes(&vectors["kek_id"]));
    let (ring, rows) = create();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(rows.len(), cases.len());
    for (row, case) in rows.iter().zip(cases) {
        assert_eq!(row.purpose.as_str(), text(&case["purpose"]));
        assert_eq!(row.version, number(&case["version"]));
        assert_eq!(row.kek_id, kek_id);
        assert_eq!(row.wrapped, bytes(&case["envelope"]));
    }
    let opened = Keyring::open(*ring.deployment_id(), &keks, &rows);
    opened.check().unwrap();
}

#[test]
fn sealed_keys() {
    let vectors = load(include_str!("../vectors/value.json"));
    let (ring, _) = create();
    for case in vectors["cases"].as_array().unwrap() {
        let context = KeyContext {
            provider: text(&case["provider"]),
            version: number(&case["key_version"]),
            origin: text(&case["origin"]),
        };
        let expected = bytes(&case["envelope"]);
        let key = SecretString::from(text(&case["value"]));
        let random = Replay::of(case, &["salt", "nonce"]);
        assert_eq!(ring.seal_key(&context, &key, &random).unwrap(), expected);
        let opened = SealedKey::prepare(&ring, &context, &expected)
            .unwrap()
            .open()
            .unwrap();
        assert_eq!(opened.expose_secret(), key.expose_secret());
    }
}

#[test]
fn the_canary() {
    let vectors = load(include_str!("../vectors/canary.json"));
    let (ring, _) = create();
    for case in vectors["cases"].as_array().unwrap() {
        let expected = bytes(&case["envelope"]);
        let random = Replay::of(case, &["salt", "nonce"]);
        assert_eq!(ring.seal_canary(&random).unwrap().1, expected);
        ring.check_canary(&expected).unwrap();
    }
}

#[test]
fn macs() {
    let vectors = load(include_str!("../vectors/mac.json"));
    let (ring, _) = create();

    let case = &vectors["fingerprint"];
    let key = SecretString::from(text(&case["value"]));
    let fingerprint = ring.fingerprint(text(&case["provider"]), &key).unwrap();
    assert_eq!(fingerprint.to_hex(), text(&case["fingerprint"]));

    let case = &vectors["body"];
    let mac = ring.body_mac(text(&case["body"]).as_bytes()).unwrap();
    assert_eq!(mac.to_vec(), bytes(&case["mac"]));

    let case = &vectors["state"];
    let mac = ring.state_mac(
        text(&case["provider"]),
        number(&case["key_version"]),
        text(&case["state"]),
        case["row_revision"].as_u64().unwrap(),
    );
    assert_eq!(mac.unwrap(), bytes(&case["mac"]));

    let mut previous = Vec::new();
    for case in vectors["audit"].as_array().unwrap() {
        let fields: Vec<&[u8]> = case["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| text(field).as_bytes())
            .collect();
        let hash = ring.audit_hash(&previous, &fields).unwrap();
        assert_eq!(hash, bytes(&case["hash"]));
        previous = hash;
    }
}

#[test]
fn tokens() {
    let case = load(include_str!("../vectors/token.json"));
    let token = TokenText::parse(text(&case["text"])).unwrap();
    assert_eq!(token.id(), text(&case["id"]));
    let verifier = bytes(&case["verifier"]).try_into().unwrap();
    assert!(token.verify(Some(&verifier)));
}
