//! Filters of lists: a small part of AIP-160, `name = value AND name = value`.

use aiconfig_domain::Timestamp;
use aiconfig_proto::v1::ErrorReason;

use crate::errors::ApiError;

/// Bytes that a filter may have.
const FILTER_LIMIT: usize = 4_096;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `<`
    Below,
}

impl Op {
    /// The longer ones first, as they begin like the shorter ones.
    const ALL: [(&'static str, Self); 4] = [
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("=", Self::Equal),
        ("<", Self::Below),
    ];
}

/// A name that a list can be filtered by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name {
    /// Compared with `=`.
    Exact(&'static str),
    /// A time, compared with `>=`, `<=` and `<`.
    Time(&'static str),
}

impl Name {
    const fn text(self) -> &'static str {
        match self {
            Self::Exact(name) | Self::Time(name) => name,
        }
    }

    const fn takes(self, op: Op) -> bool {
        matches!(
            (self, op),
            (Self::Exact(_), Op::Equal) | (Self::Time(_), Op::AtLeast | Op::AtMost | Op::Below)
        )
    }
}

/// A condition of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) name: &'static str,
    pub(crate) op: Op,
    pub(crate) value: String,
}

impl Condition {
    /// The value as `true` or `false`.
    ///
    /// # Errors
    /// `FILTER_INVALID`.
    pub(crate) fn flag(&self) -> Result<bool, ApiError> {
        match self.value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(invalid(&format!(
                "{} is compared with true or false",
                self.name
            ))),
        }
    }

    /// The value as one of a closed set, with or without the set's prefix, in any case.
    ///
    /// # Errors
    /// `FILTER_INVALID` naming the set.
    pub(crate) fn one_of<T: Copy>(
        &self,
        prefix: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T, ApiError> {
        let value = self.value.to_ascii_uppercase();
        let bare = value.strip_prefix(prefix).unwrap_or(&value);
        all.iter()
            .copied()
            .find(|one| name(*one).eq_ignore_ascii_case(bare))
            .ok_or_else(|| {
                let known: Vec<String> = all
                    .iter()
                    .map(|one| name(*one).to_ascii_uppercase())
                    .collect();
                invalid(&format!("{} is one of {}", self.name, known.join(", ")))
            })
    }

    /// The value as a time.
    ///
    /// # Errors
    /// `FILTER_INVALID`.
    pub(crate) fn time(&self) -> Result<Timestamp, ApiError> {
        Timestamp::parse_rfc3339(&self.value).ok_or_else(|| {
            invalid(&format!(
                "{} is compared with a time such as \"2030-01-01T00:00:00Z\"",
                self.name
            ))
        })
    }
}

fn invalid(right: &str) -> ApiError {
    ApiError::field(ErrorReason::FilterInvalid, "filter", right)
}

/// Reads a filter; an empty one has no conditions.
///
/// # Errors
/// `FILTER_INVALID` naming the names that can be used.
pub(crate) fn parse(text: &str, names: &[Name]) -> Result<Vec<Condition>, ApiError> {
    let wrong = || {
        let forms: Vec<String> = names
            .iter()
            .map(|name| match name {
                Name::Exact(name) => format!("{name} = value"),
                Name::Time(name) => format!("{name} >= \"2030-01-01T00:00:00Z\" (or <= or <)"),
            })
            .collect();
        invalid(&format!(
            "conditions joined by AND, each one of: {}",
            forms.join("; ")
        ))
    };
    if text.len() > FILTER_LIMIT {
        return Err(invalid("up to 4096 bytes"));
    }
    let mut conditions = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if !conditions.is_empty() {
            rest = after_and(rest).ok_or_else(wrong)?;
        }
        let (condition, after) = condition(rest, names).ok_or_else(wrong)?;
        conditions.push(condition);
        rest = after.trim_start();
    }
    Ok(conditions)
}

/// Whether an entry meets one condition.
pub(crate) type Test<T> = Box<dyn Fn(&T) -> bool + Send>;

/// Reads a filter into one test of an entry.
///
/// # Errors
/// As [`parse`], and what `read` says of a value.
pub(crate) fn tests<T>(
    text: &str,
    names: &[Name],
    read: impl Fn(&Condition) -> Result<Test<T>, ApiError>,
) -> Result<Test<T>, ApiError>
where
    T: 'static,
{
    let conditions = parse(text, names)?;
    let tests: Vec<Test<T>> = conditions.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Box::new(move |entry| tests.iter().all(|test| test(entry))))
}

/// What comes after the word `AND`.
fn after_and(text: &str) -> Option<&str> {
    text.strip_prefix("AND")
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .map(str::trim_start)
}

fn condition<'a>(text: &'a str, names: &[Name]) -> Option<(Condition, &'a str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let (word, rest) = text.split_at(end);
    let name = names.iter().copied().find(|name| name.text() == word)?;
    let rest = rest.trim_start();
    let (sign, op) = Op::ALL
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign))?;
    if !name.takes(op) {
        return None;
    }
    let (value, rest) = value(rest.strip_prefix(sign)?.trim_start())?;
    Some((
        Condition {
            name: name.text(),
            op,
            value,
        },
        rest,
    ))
}

/// A quoted text, with `\"` and `\\` in it, or a word; then a blank or the end.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
        let plain = !word.is_empty() && !word.contains(['"', '=', '<', '>', '(', ')']);
        return plain.then(|| (word.to_owned(), rest));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => {
                let rest = &quoted[at + 1..];
                let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
                return ends.then_some((value, rest));
            }
            '\\' => match letters.next()? {
                (_, escaped @ ('"' | '\\')) => value.push(escaped),
                _ => return None,
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use aiconfig_domain::Plan;

    use super::*;

    const NAMES: &[Name] = &[
        Name::Exact("plan"),
        Name::Exact("active"),
        Name::Time("time"),
    ];

    fn read(text: &str) -> Vec<(&'static str, Op, String)> {
        parse(text, NAMES)
            .unwrap()
            .into_iter()
            .map(|c| (c.name, c.op, c.value))
            .collect()
    }

    #[test]
    fn conditions_are_read() {
        assert_eq!(read("  "), []);
        let plan = ("plan", Op::Equal, "FREE".to_owned());
        assert_eq!(read("plan=FREE"), std::slice::from_ref(&plan));
        assert_eq!(
            read(" plan = \"FREE\"  AND active = true "),
            [plan, ("active", Op::Equal, "true".to_owned())]
        );
        assert_eq!(
            read("time >= \"2030\" AND time<2031"),
            [
                ("time", Op::AtLeast, "2030".to_owned()),
                ("time", Op::Below, "2031".to_owned()),
            ]
        );
        assert_eq!(
            read(r#"plan = "a \"b\" \\ AND c""#),
            [("plan", Op::Equal, r#"a "b" \ AND c"#.to_owned())]
        );
    }

    #[test]
    fn other_filters_are_told_the_names() {
        for text in [
            "colour = red",
            "plan",
            "plan =",
            "plan >= FREE",
            "time = 1",
            "plan = FREE active = true",
            "plan = FREE AND",
            "AND plan = FREE",
            "plan = FREE OR active = true",
            "plan = \"FREE",
            "plan = \"a\"b",
            "plan = \"\\n\"",
            "(plan = FREE)",
            "plan == FREE",
            "plan = FREE ANDactive = true",
            "= FREE",
            "ü = 1",
        ] {
            let refused = parse(text, NAMES).unwrap_err();
            assert_eq!(refused.reason, ErrorReason::FilterInvalid, "{text}");
        }
        assert!(parse(&format!("plan = {}", "x".repeat(5_000)), NAMES).is_err());
    }

    #[test]
    fn values_are_read_by_kind() {
        let condition = |value: &str| Condition {
            name: "plan",
            op: Op::Equal,
            value: value.to_owned(),
        };
        for value in ["FREE", "free", "PLAN_FREE"] {
            assert_eq!(
                condition(value)
                    .one_of("PLAN_", &Plan::ALL, Plan::as_str)
                    .unwrap(),
                Plan::Free,
                "{value}"
            );
        }
        assert!(
            condition("GOLD")
                .one_of("PLAN_", &Plan::ALL, Plan::as_str)
                .is_err()
        );
        assert!(condition("true").flag().unwrap());
        assert!(condition("yes").flag().is_err());
        assert!(condition("2030-01-01T00:00:00Z").time().is_ok());
        assert!(condition("soon").time().is_err());
    }
}
