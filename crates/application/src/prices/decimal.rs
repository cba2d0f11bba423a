//! Exact decimals of price files, which are never read as floats.

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// A number as it is written in the file; `None` for what is no number, such as `null`.
pub(super) fn number(raw: &RawValue) -> Option<&str> {
    let text = raw.get().trim();
    let first = text.as_bytes().first()?;
    (first.is_ascii_digit() || *first == b'-').then_some(text)
}

/// A written number times a power of ten, if that is whole and fits.
pub(super) fn scaled(text: &str, power: u32) -> Option<i64> {
    let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
    let number = exact.ok()?.normalize();
    let factor = 10_i128.checked_pow(power.checked_sub(number.scale())?)?;
    i64::try_from(number.mantissa().checked_mul(factor)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_whole_units_or_nothing() {
        for (text, micro) in [
            ("1.5e-07", Some(150_000)),
            ("1.5E-7", Some(150_000)),
            ("0.00000015", Some(150_000)),
            ("6e-07", Some(600_000)),
            ("3e-05", Some(30_000_000)),
            ("0.0", Some(0)),
            ("1e-12", Some(1)),
            ("1e-13", None),
            ("4.5000000000000003e-07", None),
            ("3.337860107421875e-08", None),
            ("-1e-06", Some(-1_000_000)),
            ("1e300", None),
            ("1e-300", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(scaled(text, 12), micro, "{text}");
        }
    }

    #[test]
    fn only_numbers_are_numbers() {
        for (text, expected) in [
            (" 1.5e-07 ", Some("1.5e-07")),
            ("-1", Some("-1")),
            ("null", None),
            ("\"1.5e-07\"", None),
            ("{}", None),
        ] {
            let raw: Box<RawValue> = serde_json::from_str(text).unwrap();
            assert_eq!(number(&raw), expected, "{text}");
        }
    }
}
