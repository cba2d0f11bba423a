//! Hides the length of a value: `u16 length || value || zeros`, filled up to a
//! multiple of 256 bytes.

use zeroize::Zeroizing;

use super::EnvelopeFault;

/// Padded values are a whole number of blocks of this many bytes.
pub(super) const BLOCK: usize = 256;
/// The longest value whose length fits into its two bytes.
pub(crate) const MAX_VALUE: usize = u16::MAX as usize;

const LENGTH_BYTES: usize = 2;

pub(super) fn pad(value: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeFault> {
    let length = u16::try_from(value.len()).map_err(|_| EnvelopeFault::Length)?;
    let total = (LENGTH_BYTES + value.len()).next_multiple_of(BLOCK);
    let mut padded = Zeroizing::new(vec![0; total]);
    padded[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
    padded[LENGTH_BYTES..LENGTH_BYTES + value.len()].copy_from_slice(value);
    Ok(padded)
}

/// Refuses a ciphertext whose length `pad` never makes.
pub(super) fn check_length(padded: usize) -> Result<(), EnvelopeFault> {
    let longest = (LENGTH_BYTES + MAX_VALUE).next_multiple_of(BLOCK);
    if padded == 0 || !padded.is_multiple_of(BLOCK) || padded > longest {
        return Err(EnvelopeFault::Length);
    }
    Ok(())
}

pub(super) fn unpad(padded: &[u8]) -> Result<&[u8], EnvelopeFault> {
    let (length, rest) = padded
        .split_first_chunk::<LENGTH_BYTES>()
        .ok_or(EnvelopeFault::Length)?;
    let (value, zeros) = rest
        .split_at_checked(usize::from(u16::from_be_bytes(*length)))
        .ok_or(EnvelopeFault::Padding)?;
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(EnvelopeFault::Padding);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: usize, padded_length: usize) {
        let value = vec![0xa5; length];
        let padded = pad(&value).unwrap();
        assert_eq!(padded.len(), padded_length);
        assert_eq!(check_length(padded.len()), Ok(()));
        assert_eq!(unpad(&padded), Ok(value.as_slice()));
    }

    #[test]
    fn values_fill_whole_blocks() {
        check(0, 256);
        check(1, 256);
        check(254, 256);
        check(255, 512);
        check(4096, 4352);
        check(MAX_VALUE, 65_792);
    }

    #[test]
    fn a_longer_value_is_refused() {
        assert!(pad(&vec![0; MAX_VALUE + 1]).is_err());
    }

    #[test]
    fn lengths_that_are_never_made_are_refused() {
        for length in [0, 1, 255, 257, 65_792 + 256] {
            assert_eq!(check_length(length), Err(EnvelopeFault::Length));
        }
    }

    #[test]
    fn padding_that_is_not_zero_is_refused() {
        let mut padded = pad(b"value").unwrap();
        padded[255] = 1;
        assert_eq!(unpad(&padded), Err(EnvelopeFault::Padding));
        let mut padded = pad(b"value").unwrap();
        padded[0] = 0xff;
        assert_eq!(unpad(&padded), Err(EnvelopeFault::Padding));
    }
}
