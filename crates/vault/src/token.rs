//! Access tokens: `aic_<16 id>_<43 secret>_<6 checksum>`, shown once.
//!
//! They do not depend on the ring, so that a server without its keys still
//! authenticates. A fast hash is right here: the secret is 256 random bits,
//! which no one guesses, however fast guessing is.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::fields::Secret32;
use crate::random::RandomSource;

const PREFIX: &str = "aic_";
const ID_CHARS: usize = 16;
const SECRET_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
const TOKEN_CHARS: usize = PREFIX.len() + ID_CHARS + 1 + SECRET_CHARS + 1 + CHECKSUM_CHARS;

const VERIFIER_LABEL: &[u8] = b"aiconfig.token.verifier.v1";
const CHECKSUM_LABEL: &[u8] = b"aiconfig.token.checksum.v1";

/// 32 characters that are easy to read aloud and never need quoting.
const ALPHABET: [u8; 32] = *b"abcdefghijkmnpqrstuvwxyz23456789";

/// A token just made. The full text exists here only.
pub struct NewToken {
    /// 16 characters, the name of the token; not a secret.
    pub id: String,
    /// The full text, to be shown once.
    pub secret: SecretString,
    /// What is stored: SHA-256 over a label and the secret part.
    pub verifier: [u8; 32],
}

impl NewToken {
    /// Makes a token with a random id and a random secret.
    #[must_use]
    pub fn generate(random: &dyn RandomSource) -> Self {
        let mut id_bytes = [0; ID_CHARS];
        random.fill(&mut id_bytes);
        let id: String = id_bytes.iter().map(|byte| letter(*byte)).collect();
        let secret = SecretBox::init_with_mut(|bytes: &mut [u8; 32]| random.fill(bytes));

        // Reserved in full: growing would leave copies behind.
        let mut text = String::with_capacity(TOKEN_CHARS);
        text.push_str(PREFIX);
        text.push_str(&id);
        text.push('_');
        URL_SAFE_NO_PAD.encode_string(secret.expose_secret(), &mut text);
        let sum = checksum(text.as_bytes());
        text.push('_');
        text.extend(sum.map(char::from));
        Self {
            id,
            secret: SecretString::from(text),
            verifier: verifier(&secret),
        }
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A presented token of the right form; whether it is valid is not known yet.
pub struct TokenText<'a> {
    id: &'a str,
    secret: Secret32,
}

impl<'a> TokenText<'a> {
    /// Reads a token. `None` if its form or checksum is wrong, which needs no
    /// look-up: a mistyped or cut-off token ends here.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() != TOKEN_CHARS || !text.is_ascii() {
            return None;
        }
        let (body, sum) = text.split_at(TOKEN_CHARS - CHECKSUM_CHARS - 1);
        let sum = sum.strip_prefix('_')?;
        if checksum(body.as_bytes()) != sum.as_bytes() {
            return None;
        }
        let (id, encoded) = body.strip_prefix(PREFIX)?.split_at(ID_CHARS);
        if !id.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return None;
        }
        let mut secret = Secret32::default();
        let written = URL_SAFE_NO_PAD
            .decode_slice(encoded.strip_prefix('_')?, secret.expose_secret_mut())
            .ok()?;
        (written == 32).then_some(Self { id, secret })
    }

    /// The name to look the token up by.
    #[must_use]
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// Whether the secret belongs to the stored verifier, in constant time.
    /// `None` stands for an unknown id: the work is the same, the answer no.
    #[must_use]
    pub fn verify(&self, stored: Option<&[u8; 32]>) -> bool {
        let known = subtle::Choice::from(u8::from(stored.is_some()));
        let matches = verifier(&self.secret).ct_eq(stored.unwrap_or(&[0; 32]));
        (known & matches).into()
    }
}

impl fmt::Debug for TokenText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenText")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn verifier(secret: &Secret32) -> [u8; 32] {
    Sha256::new()
        .chain_update(VERIFIER_LABEL)
        .chain_update(secret.expose_secret())
        .finalize()
        .into()
}

/// 30 bits over everything before it.
fn checksum(body: &[u8]) -> [u8; CHECKSUM_CHARS] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(CHECKSUM_LABEL)
        .chain_update(body)
        .finalize()
        .into();
    std::array::from_fn(|at| ALPHABET[usize::from(hash[at] & 31)])
}

fn letter(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte & 31)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{OsRandom, SeededRandom};

    #[test]
    fn a_new_token_reads_back_and_verifies() {
        let token = NewToken::generate(&OsRandom);
        let text = token.secret.expose_secret();
        assert_eq!(text.len(), 71);
        let presented = TokenText::parse(text).unwrap();
        assert_eq!(presented.id(), token.id);
        assert!(presented.verify(Some(&token.verifier)));
    }

    #[test]
    fn another_verifier_or_an_unknown_id_is_refused() {
        let token = NewToken::generate(&SeededRandom::new(1));
        let other = NewToken::generate(&SeededRandom::new(2));
        let presented = TokenText::parse(token.secret.expose_secret()).unwrap();
        assert!(!presented.verify(Some(&other.verifier)));
        assert!(!presented.verify(Some(&[0; 32])));
        assert!(!presented.verify(None));
    }

    #[test]
    fn one_wrong_character_anywhere_is_refused_before_a_look_up() {
        let token = NewToken::generate(&SeededRandom::new(3));
        let text = token.secret.expose_secret();
        for at in 0..text.len() {
            for replacement in ["A", "_", "0", "é"] {
                let mut changed = text.to_owned();
                changed.replace_range(at..=at, replacement);
                if changed != text {
                    assert!(TokenText::parse(&changed).is_none(), "{at} {replacement}");
                }
            }
            assert!(TokenText::parse(&text[..at]).is_none());
        }
        assert!(TokenText::parse(&format!("{text}a")).is_none());
        assert!(TokenText::parse("é".repeat(35).as_str()).is_none());
    }

    #[test]
    fn a_right_checksum_does_not_save_a_wrong_form() {
        for body in [
            format!("aix_{}_{}", "a".repeat(16), "A".repeat(43)),
            format!("aic_{}_{}", "A".repeat(16), "A".repeat(43)),
            format!("aic_{}-{}", "a".repeat(16), "A".repeat(43)),
            format!("aic_{}_{}", "a".repeat(16), "A".repeat(42) + "B"),
            format!("aic_{}_{}", "a".repeat(16), "A".repeat(42) + "="),
        ] {
            let mut text = body;
            let sum = checksum(text.as_bytes());
            text.push('_');
            text.extend(sum.map(char::from));
            assert!(TokenText::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let token = NewToken::generate(&SeededRandom::new(4));
        let presented = TokenText::parse(token.secret.expose_secret()).unwrap();
        let id = &token.id;
        assert_eq!(
            format!("{token:?}"),
            format!("NewToken {{ id: {id:?}, .. }}")
        );
        assert_eq!(
            format!("{presented:?}"),
            format!("TokenText {{ id: {id:?}, .. }}")
        );
    }
}
