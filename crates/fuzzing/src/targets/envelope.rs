//! What the vault reads: nothing opens but what was sealed for that very place.

use std::sync::LazyLock;

use aiconfig_vault::kek::{Kek, KekSet};
use aiconfig_vault::key::{KeyContext, SealedKey, check_entry, mask};
use aiconfig_vault::random::SeededRandom;
use aiconfig_vault::ring::{DeploymentId, Keyring, WrappedDek};
use aiconfig_vault::token::{NewToken, TokenText};
use secrecy::{ExposeSecret as _, SecretString};

const DEPLOYMENT: DeploymentId = [1; 16];
const CONTEXT: KeyContext<'static> = KeyContext {
    provider: "openai",
    version: 3,
    origin: "https://api.openai.com",
};
/// The text of the key that the sealed ones hold.
const KEY: &str = "sk-fuzzing-0123456789";

/// A ring and what it sealed, the same in every run, so that seeds can hold it.
struct Vault {
    ring: Keyring,
    rows: Vec<WrappedDek>,
    key: Vec<u8>,
    canary: Vec<u8>,
    token: NewToken,
}

static VAULT: LazyLock<Vault> = LazyLock::new(|| {
    let random = SeededRandom::new(2);
    let (ring, rows) = Keyring::create(DEPLOYMENT, &keks(), &random).unwrap();
    let key = SecretString::from(KEY);
    Vault {
        key: ring.seal_key(&CONTEXT, &key, &random).unwrap(),
        canary: ring.seal_canary(&random).unwrap().1,
        ring,
        rows,
        token: NewToken::generate(&random),
    }
});

fn keks() -> KekSet {
    KekSet::new(Kek::generate(&SeededRandom::new(1)), Vec::new())
}

/// What was sealed, for seeds.
#[cfg(test)]
pub(crate) fn sealed() -> [(&'static str, Vec<u8>); 4] {
    let vault = &*VAULT;
    [
        ("key", vault.key.clone()),
        ("canary", vault.canary.clone()),
        ("dek", vault.rows[0].wrapped.clone()),
        (
            "token",
            vault.token.secret.expose_secret().as_bytes().to_vec(),
        ),
    ]
}

/// Looks at bytes as each thing that the vault reads, and as a key to seal.
pub(crate) fn check(data: &[u8]) {
    let vault = &*VAULT;
    let opened = SealedKey::prepare(&vault.ring, &CONTEXT, data).and_then(|sealed| sealed.open());
    assert_eq!(opened.is_ok(), data == vault.key, "a made-up key opens");
    let sound = vault.ring.check_canary(data).is_ok();
    assert_eq!(sound, data == vault.canary, "a made-up canary is taken");
    let mut rows = vault.rows.clone();
    rows[0].wrapped = data.to_vec();
    let opened = Keyring::open(DEPLOYMENT, &keks(), &rows).check().is_ok();
    assert_eq!(opened, data == vault.rows[0].wrapped, "a made-up data key");
    if let Ok(text) = str::from_utf8(data) {
        texts(vault, text);
    }
    seals(vault, data);
}

fn texts(vault: &Vault, text: &str) {
    if let Some(presented) = TokenText::parse(text) {
        let verified = presented.verify(Some(&vault.token.verifier));
        let ours = text == vault.token.secret.expose_secret();
        assert_eq!(verified, ours, "a made-up token is verified");
        assert!(!presented.verify(None));
    }
    if let Err(refused) = Kek::parse(text.as_bytes(), "fuzzing") {
        let told = refused.to_string();
        assert!(text.len() < 16 || !told.contains(text), "a key is echoed");
    }
    let key = SecretString::from(text);
    if let Err(refused) = check_entry(&key) {
        assert!(text.len() < 40 || !refused.to_string().contains(text));
    }
    let shown = mask(&key);
    let middle = text.chars().count() >= 20;
    assert!(
        shown.chars().count() <= if middle { 16 } else { 4 },
        "{shown}"
    );
}

/// Seals the bytes as a key, which opens in its row and with every byte as it was.
fn seals(vault: &Vault, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let key = SecretString::from(text.as_ref());
    let random = SeededRandom::new(u64::try_from(data.len()).unwrap());
    let envelope = vault.ring.seal_key(&CONTEXT, &key, &random).unwrap();
    let open = |context: &KeyContext<'_>, envelope: &[u8]| {
        let sealed = SealedKey::prepare(&vault.ring, context, envelope)?;
        sealed.open()
    };
    let opened = open(&CONTEXT, &envelope).unwrap();
    assert_eq!(opened.expose_secret(), text);
    let next = KeyContext {
        version: 4,
        ..CONTEXT
    };
    assert!(open(&next, &envelope).is_err(), "opens in another row");
    // A byte that the input chooses, changed as the input says.
    let (Some(first), Some(last)) = (data.first(), data.last()) else {
        return;
    };
    let mut changed = envelope.clone();
    let at = (usize::from(*first) << 8 | usize::from(*last)) % envelope.len();
    changed[at] ^= last | 1;
    assert!(
        open(&CONTEXT, &changed).is_err(),
        "opens with byte {at} changed"
    );
    changed.truncate(at);
    assert!(open(&CONTEXT, &changed).is_err(), "opens cut at {at}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;

    #[test]
    fn the_seeds_are_what_the_vault_seals() {
        let folder = Target::named("envelope").unwrap().seeds();
        for (name, bytes) in sealed() {
            assert!(std::fs::read(folder.join(name)).unwrap() == bytes, "{name}");
        }
    }
}
