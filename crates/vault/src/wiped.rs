//! Stops the build if a type that holds key material is not wiped on drop.
//!
//! The ciphers and hashes wipe themselves only with their `zeroize` features,
//! which are off by default: a lost feature must not go unnoticed.

use chacha20poly1305::XChaCha20Poly1305;
use hmac::Hmac;
use hmac::digest::CtOutput;
use secrecy::{SecretBox, SecretString};
use sha2::{Sha256, Sha512};
use zeroize::ZeroizeOnDrop;

const fn assert_wiped<T: ZeroizeOnDrop>() {}

const _: () = {
    assert_wiped::<XChaCha20Poly1305>();
    // `Hmac` itself lacks the marker; it is made of two states of the hash.
    assert_wiped::<Sha256>();
    assert_wiped::<Sha512>();
    assert_wiped::<CtOutput<Hmac<Sha256>>>();
    assert_wiped::<SecretBox<[u8; 32]>>();
    assert_wiped::<SecretString>();
    assert_wiped::<crate::kek::Kek>();
    assert_wiped::<crate::ring::Dek>();
    assert_wiped::<crate::envelope::Opener>();
    assert_wiped::<crate::key::SealedKey>();
};
