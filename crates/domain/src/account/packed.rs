//! Values one behind the other in as few bytes as they need, for what there are millions of.

/// Packs values.
#[derive(Debug, Default)]
pub(super) struct Packer(Vec<u8>);

impl Packer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number, the shorter the smaller.
    pub(super) fn count(&mut self, mut count: u64) {
        while count >= 0x80 {
            self.0.push(count.to_le_bytes()[0] | 0x80);
            count >>= 7;
        }
        self.0.push(count.to_le_bytes()[0]);
    }

    /// A number of either sign, the shorter the nearer to 0.
    pub(super) fn number(&mut self, number: i64) {
        self.count((number << 1 ^ number >> 63).cast_unsigned());
    }

    pub(super) fn double(&mut self, number: f64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

/// Takes values out in the order in which they were packed. Past the end, which is never reached
/// with bytes of a [`Packer`], all of them are 0 or empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a>(&'a [u8]);

impl<'a> Packed<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *byte
    }

    pub(super) fn count(&mut self) -> u64 {
        let (mut count, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            count |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 63 {
                return count;
            }
        }
    }

    pub(super) fn number(&mut self) -> i64 {
        let count = self.count();
        (count >> 1).cast_signed() ^ -(count & 1).cast_signed()
    }

    pub(super) fn double(&mut self) -> f64 {
        let (bytes, rest) = self.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
        self.0 = rest;
        f64::from_le_bytes(*bytes)
    }

    pub(super) fn bytes(&mut self) -> &'a [u8] {
        let length = usize::try_from(self.count()).unwrap_or(usize::MAX);
        let (bytes, rest) = self.0.split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_as_they_went_in() {
        let counts = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let numbers = [0, -1, 1, -64, 64, i64::MIN, i64::MAX];
        let doubles = [0.5, -0.0, f64::MAX];
        let texts = ["", "é", &"a".repeat(200)];
        let mut into = Packer::default();
        for count in counts {
            into.count(count);
        }
        for number in numbers {
            into.number(number);
        }
        for number in doubles {
            into.double(number);
        }
        for text in texts {
            into.bytes(text.as_bytes());
        }
        into.byte(7);
        let bytes = into.into_bytes();
        let mut out_of = Packed::new(&bytes);
        assert_eq!(counts.map(|_| out_of.count()), counts);
        assert_eq!(numbers.map(|_| out_of.number()), numbers);
        let found = doubles.map(|_| out_of.double().to_bits());
        assert_eq!(found, doubles.map(f64::to_bits));
        assert_eq!(texts.map(|_| out_of.bytes()), texts.map(str::as_bytes));
        assert_eq!((out_of.byte(), out_of.is_empty()), (7, true));
    }

    #[test]
    fn past_the_end_there_is_nothing() {
        for bytes in [&[][..], &[0xff], &[200, 1], &[0xff; 30]] {
            let mut packed = Packed::new(bytes);
            for _ in 0..4 {
                packed.count();
                packed.number();
                packed.double();
                packed.bytes();
            }
            assert!(packed.is_empty(), "{bytes:?}");
        }
    }
}
