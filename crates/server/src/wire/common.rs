//! What all readers and builders share: the list of faults, times, etags and free JSON.

use aiconfig_domain::{AccountId, Rejection, Timestamp, Violation};
use prost_types::value::Kind;
use serde_json::{Map, Number, Value};

/// How deep free JSON may be nested.
const NESTING_LIMIT: usize = 32;
/// Characters of a name for people.
const NAME_LIMIT: usize = 255;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the ends of a protobuf timestamp.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

/// The faults of a request, found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Violation>);

impl Faults {
    /// Notes a fault; the description says what would be right and never repeats the value.
    pub(crate) fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation::new(field, description));
    }

    /// Passes a value through, noting a fault if it is absent.
    pub(crate) fn need<T>(&mut self, field: &str, value: Option<T>, rule: &str) -> Option<T> {
        if value.is_none() {
            self.add(field, rule);
        }
        value
    }

    /// Reads a name that may be left out: empty is absent.
    pub(crate) fn optional<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        rule: &str,
    ) -> Option<T> {
        if text.is_empty() {
            None
        } else {
            self.need(field, parse(text), rule)
        }
    }

    /// Reads the id of an account.
    pub(crate) fn account_id(&mut self, field: &str, id: i64) -> Option<AccountId> {
        self.need(field, AccountId::new(id), "must be above 0")
    }

    /// Checks a name for people.
    pub(crate) fn name(&mut self, field: &str, text: &str) {
        if text.chars().count() > NAME_LIMIT || text.contains('\0') {
            self.add(field, "up to 255 characters, no NUL");
        }
    }

    /// Whether no fault was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, if no fault was found.
    ///
    /// # Errors
    /// `FIELD_INVALID` with every fault.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Rejection> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(Rejection::invalid(self.0)),
        }
    }

    /// The faults themselves.
    #[cfg(test)]
    pub(crate) fn into_violations(self) -> Vec<Violation> {
        self.0
    }
}

/// The id of the account that a read is about.
///
/// # Errors
/// `FIELD_INVALID`.
pub(crate) fn account_id(id: i64) -> Result<AccountId, Rejection> {
    let mut faults = Faults::default();
    let id = faults.account_id("account_id", id);
    faults.finish(id)
}

/// The name of what a read is about, the field `field` of its request.
///
/// # Errors
/// `FIELD_INVALID` with the rule.
pub(crate) fn name<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    rule: &str,
) -> Result<T, Rejection> {
    let mut faults = Faults::default();
    let name = faults.need(field, parse(text), rule);
    faults.finish(name)
}

/// The etag of a request: empty skips the check.
pub(crate) fn expected_etag(text: String) -> Option<String> {
    if text.is_empty() { None } else { Some(text) }
}

/// A time on the wire.
pub(crate) fn time(at: Timestamp) -> prost_types::Timestamp {
    let micros = at.as_micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos,
    }
}

/// Reads a time; digits past the microsecond are cut off.
pub(crate) fn read_time(
    faults: &mut Faults,
    field: &str,
    at: prost_types::Timestamp,
) -> Option<Timestamp> {
    let prost_types::Timestamp { seconds, nanos } = at;
    let fits =
        (FIRST_SECOND..=LAST_SECOND).contains(&seconds) && (0..1_000_000_000).contains(&nanos);
    let read = fits.then(|| Timestamp::from_micros(seconds * 1_000_000 + i64::from(nanos / 1_000)));
    faults.need(
        field,
        read,
        "a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
    )
}

/// Reads free JSON; numbers become fractions, as the wire has no others.
pub(crate) fn json(faults: &mut Faults, field: &str, value: prost_types::Struct) -> Option<Value> {
    let read = object(value, 1);
    if let Err(rule) = &read {
        faults.add(field, *rule);
    }
    read.ok()
}

fn object(value: prost_types::Struct, depth: usize) -> Result<Value, &'static str> {
    if depth > NESTING_LIMIT {
        return Err("nested up to 32 levels deep");
    }
    let prost_types::Struct { fields } = value;
    let members = fields
        .into_iter()
        .map(|(name, member)| Ok((name, any(member, depth)?)));
    members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn any(value: prost_types::Value, depth: usize) -> Result<Value, &'static str> {
    let prost_types::Value { kind } = value;
    Ok(
        match kind.ok_or("every value must be given; null stands for none")? {
            Kind::NullValue(_) => Value::Null,
            Kind::BoolValue(on) => Value::Bool(on),
            Kind::StringValue(text) => Value::String(text),
            Kind::NumberValue(number) => {
                Value::Number(Number::from_f64(number).ok_or("numbers must be finite")?)
            }
            Kind::StructValue(members) => object(members, depth + 1)?,
            Kind::ListValue(_) if depth >= NESTING_LIMIT => {
                return Err("nested up to 32 levels deep");
            }
            Kind::ListValue(prost_types::ListValue { values }) => Value::Array(
                values
                    .into_iter()
                    .map(|value| any(value, depth + 1))
                    .collect::<Result<_, _>>()?,
            ),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind) -> prost_types::Struct {
        prost_types::Struct {
            fields: [("a".to_owned(), prost_types::Value { kind: Some(kind) })].into(),
        }
    }

    #[test]
    fn times_go_both_ways() {
        for micros in [0, 1, -1, 1_700_000_000_123_456, -62_135_596_800_000_000] {
            let at = Timestamp::from_micros(micros);
            let mut faults = Faults::default();
            assert_eq!(read_time(&mut faults, "t", time(at)), Some(at), "{micros}");
        }
        for (seconds, nanos) in [
            (i64::MAX, 0),
            (LAST_SECOND + 1, 0),
            (0, -1),
            (0, 1_000_000_000),
        ] {
            let mut faults = Faults::default();
            assert_eq!(
                read_time(&mut faults, "t", prost_types::Timestamp { seconds, nanos }),
                None
            );
            assert!(!faults.is_empty());
        }
    }

    #[test]
    fn json_is_read_up_to_its_depth() {
        let mut value = of(Kind::NumberValue(8192.0));
        for _ in 1..NESTING_LIMIT {
            value = of(Kind::StructValue(value));
        }
        let mut faults = Faults::default();
        assert!(json(&mut faults, "config", value.clone()).is_some());
        assert!(json(&mut faults, "config", of(Kind::StructValue(value))).is_none());
        assert_eq!(faults.into_violations()[0].field, "config");
    }

    #[test]
    fn json_has_no_infinite_numbers_and_no_holes() {
        let mut faults = Faults::default();
        assert_eq!(
            json(&mut faults, "config", of(Kind::NumberValue(f64::NAN))),
            None
        );
        let hole = prost_types::Struct {
            fields: [("a".to_owned(), prost_types::Value { kind: None })].into(),
        };
        assert_eq!(json(&mut faults, "config", hole), None);
        assert_eq!(faults.into_violations().len(), 2);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let mut faults = Faults::default();
        assert_eq!(faults.account_id("account_id", 0), None);
        faults.name("display_name", &"x".repeat(256));
        let rejection = faults.finish(Some(())).unwrap_err();
        assert_eq!(rejection.violations.len(), 2);
    }
}
