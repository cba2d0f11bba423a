//! Changes of bytes that know nothing of their form.

use rand::RngExt as _;
use rand::rngs::SmallRng;

/// Bytes at the ends of ranges.
const EDGES: [u8; 8] = [0, 1, 0x20, 0x7f, 0x80, 0xc0, 0xfe, 0xff];
/// The longest run that is copied, cut or filled.
const RUN: usize = 64;

/// Makes one change; `other` gives what is spliced in.
pub(super) fn mutate(data: &mut Vec<u8>, other: &[u8], words: &[String], rng: &mut SmallRng) {
    let at = rng.random_range(0..=data.len());
    let end = data.len().min(at + rng.random_range(1..=RUN));
    match rng.random_range(0..8) {
        0 => {
            if let Some(byte) = data.get_mut(at) {
                *byte ^= 1 << rng.random_range(0..8);
            }
        }
        1 => {
            if let Some(byte) = data.get_mut(at) {
                *byte = EDGES[rng.random_range(0..EDGES.len())];
            }
        }
        2 => drop(data.drain(at..end)),
        3 => {
            let run = data[at..end].to_vec();
            let to = rng.random_range(0..=data.len());
            data.splice(to..to, run);
        }
        4 => data.insert(at, rng.random()),
        5 => {
            if let Some(word) = words.get(rng.random_range(0..words.len().max(1))) {
                data.splice(at..at, word.bytes());
            }
        }
        6 => {
            let from = rng.random_range(0..=other.len());
            let to = other.len().min(from + rng.random_range(1..=RUN));
            data.splice(at..end, other[from..to].iter().copied());
        }
        _ => data.truncate(at),
    }
}
