//! The one place where randomness enters the service.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

/// A source of bytes for keys, salts, nonces and tokens.
pub trait RandomSource: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl RandomSource for OsRandom {
    /// Ends the process if the operating system gives no randomness: a key or
    /// a nonce of predictable bytes would be worse than no service.
    fn fill(&self, buffer: &mut [u8]) {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that asks the operating system for randomness"
        )]
        if getrandom::fill(buffer).is_err() {
            std::process::abort();
        }
    }
}

/// A repeatable stream for tests. Whoever knows the seed knows every byte, so
/// it never makes a key that is meant to last.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    next_block: AtomicU64,
}

impl SeededRandom {
    /// Starts the stream of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            next_block: AtomicU64::new(0),
        }
    }
}

impl RandomSource for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = self.next_block.fetch_add(1, Ordering::Relaxed);
            let bytes = Sha256::new()
                .chain_update(b"aiconfig.seeded-random.v1")
                .chain_update(self.seed.to_be_bytes())
                .chain_update(block.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(source: &dyn RandomSource, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        source.fill(&mut bytes);
        bytes
    }

    #[test]
    fn the_operating_system_does_not_repeat_itself() {
        let first = take(&OsRandom, 32);
        assert_ne!(first, vec![0; 32]);
        assert_ne!(first, take(&OsRandom, 32));
    }

    #[test]
    fn a_seed_gives_one_stream() {
        let one = SeededRandom::new(7);
        let two = SeededRandom::new(7);
        assert_eq!(take(&one, 70), take(&two, 70));
        assert_ne!(take(&one, 70), take(&SeededRandom::new(7), 70));
        assert_ne!(
            take(&SeededRandom::new(7), 70),
            take(&SeededRandom::new(8), 70)
        );
    }
}
