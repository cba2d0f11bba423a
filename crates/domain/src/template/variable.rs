//! The variables that a prompt declares, checked as a list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Violation;

/// The most characters of a variable's name.
pub const MAX_NAME_LEN: usize = 64;
/// The most characters of a variable's description.
pub const MAX_DESCRIPTION_CHARS: usize = 1024;
/// The most characters of a variable's default.
pub const MAX_DEFAULT_CHARS: usize = 4096;
/// The most variables that a prompt declares.
pub const MAX_VARIABLES: usize = 100;

/// A declared variable of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name, as between the braces of a placeholder; case counts.
    pub name: String,
    /// What to put there, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether rendering is refused without a value. An empty value is a value.
    #[serde(default)]
    pub required: bool,
    /// What an optional variable becomes without a value; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The most characters of a value, 1 or more; `None`: bounded by the size of the result only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
}

/// A valid list of variables, in the order of their declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Variable>", into = "Vec<Variable>")]
pub struct Variables(Vec<Variable>);

impl Variables {
    /// A list from a save: a name that is not among those that the prompt `had` before is in
    /// lower case, `[a-z_][a-z0-9_]*`.
    ///
    /// # Errors
    /// Every violation, with paths such as `variables[2].name`. Values are not repeated.
    pub fn declare(list: Vec<Variable>, had: &Self) -> Result<Self, Vec<Violation>> {
        let takes = |name: &str| {
            is_name(name) && (is_lower_case(name) || had.iter().any(|old| old.name == name))
        };
        let rule = "1 to 64 of a-z, 0-9 and _, not a digit first";
        Self::checked(list, takes, rule)
    }

    /// A list from an import or from storage: names in any case are taken and kept.
    ///
    /// # Errors
    /// As [`Variables::declare`].
    pub fn import(list: Vec<Variable>) -> Result<Self, Vec<Violation>> {
        let rule = "1 to 64 of A-Z, a-z, 0-9 and _, not a digit first";
        Self::checked(list, is_name, rule)
    }

    /// The variable of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.iter().find(|variable| variable.name == name)
    }

    /// The variables, in the order of their declaration.
    pub fn iter(&self) -> std::slice::Iter<'_, Variable> {
        self.0.iter()
    }

    fn checked(
        list: Vec<Variable>,
        takes: impl Fn(&str) -> bool,
        rule: &str,
    ) -> Result<Self, Vec<Violation>> {
        if list.len() > MAX_VARIABLES {
            let right = format!("at most {MAX_VARIABLES}, these are {}", list.len());
            return Err(vec![Violation::new("variables", right)]);
        }
        let mut seen = BTreeMap::new();
        let mut violations = Vec::new();
        for (index, variable) in list.iter().enumerate() {
            let mut refuse = |field: &str, right: &str| {
                violations.push(Violation::new(format!("variables[{index}].{field}"), right));
            };
            let first = *seen.entry(variable.name.as_str()).or_insert(index);
            if !takes(&variable.name) {
                refuse("name", rule);
            } else if first != index {
                refuse(
                    "name",
                    &format!("a name that variables[{first}] does not have"),
                );
            }
            check_values(variable, refuse);
        }
        if violations.is_empty() {
            Ok(Self(list))
        } else {
            Err(violations)
        }
    }
}

/// Checks all of a variable but its name.
fn check_values(variable: &Variable, mut refuse: impl FnMut(&str, &str)) {
    if let Some(right) = text_fault(&variable.description, MAX_DESCRIPTION_CHARS) {
        refuse("description", &right);
    }
    if variable.max_length == Some(0) {
        refuse("max_length", "1 or more characters, or left out");
    }
    let Some(default) = &variable.default else {
        return;
    };
    if variable.required {
        refuse("default", "left out where the variable is required");
    }
    let longest = variable.max_length.map_or(MAX_DEFAULT_CHARS, |most| {
        MAX_DEFAULT_CHARS.min(usize::try_from(most).unwrap_or(MAX_DEFAULT_CHARS))
    });
    if let Some(right) = text_fault(default, longest) {
        refuse("default", &right);
    }
}

/// What would be right, if a text is longer than so many characters or has a NUL, which
/// databases do not take.
fn text_fault(text: &str, longest: usize) -> Option<String> {
    if longer_than(text, longest) {
        Some(format!("at most {longest} characters"))
    } else if text.contains('\0') {
        Some("a text without NUL".to_owned())
    } else {
        None
    }
}

/// Whether a text has more characters (Unicode scalar values) than so many.
pub(super) fn longer_than(text: &str, longest: usize) -> bool {
    // A text has at most as many characters as bytes: most need not be counted.
    text.len() > longest && text.chars().nth(longest).is_some()
}

/// Whether a text can name a variable: `[A-Za-z_][A-Za-z0-9_]*`, at most [`MAX_NAME_LEN`] long.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME_LEN
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_lower_case(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

impl TryFrom<Vec<Variable>> for Variables {
    type Error = &'static str;

    fn try_from(list: Vec<Variable>) -> Result<Self, Self::Error> {
        Self::import(list).map_err(|_| "not a valid list of variables")
    }
}

impl From<Variables> for Vec<Variable> {
    fn from(variables: Variables) -> Self {
        variables.0
    }
}

impl<'v> IntoIterator for &'v Variables {
    type Item = &'v Variable;
    type IntoIter = std::slice::Iter<'v, Variable>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Variable {
        Variable {
            name: name.to_owned(),
            ..Variable::default()
        }
    }

    fn paths(refused: Result<Variables, Vec<Violation>>) -> Vec<String> {
        let violations = refused.err().unwrap_or_default();
        violations.into_iter().map(|found| found.field).collect()
    }

    #[test]
    fn names() {
        let had = Variables::import(vec![named("IGNY8_IDEAS")]).unwrap();
        let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
        for (name, saved, imported) in [
            ("a", true, true),
            ("_", true, true),
            ("a_1", true, true),
            (&longest, true, true),
            ("A", false, true),
            ("aB", false, true),
            ("IGNY8_IDEAS", true, true),
            ("IGNY8_ideas", false, true),
            ("", false, false),
            ("1a", false, false),
            ("a-b", false, false),
            ("a b", false, false),
            ("ä", false, false),
            (&too_long, false, false),
        ] {
            let list = || vec![named(name)];
            assert_eq!(Variables::declare(list(), &had).is_ok(), saved, "{name:?}");
            assert_eq!(Variables::import(list()).is_ok(), imported, "{name:?}");
        }
    }

    #[test]
    fn lists() {
        let twice = ["a", "b", "a", "a", "A"].map(named).to_vec();
        assert_eq!(
            paths(Variables::import(twice)),
            ["variables[2].name", "variables[3].name"]
        );
        let many = |count: usize| (0..count).map(|n| named(&format!("v{n}"))).collect();
        assert_eq!(Variables::import(many(100)).unwrap().iter().count(), 100);
        assert_eq!(paths(Variables::import(many(101))), ["variables"]);
    }

    #[test]
    fn what_a_variable_holds() {
        let check = |change: fn(&mut Variable), refused: Option<&str>| {
            let mut variable = named("v");
            change(&mut variable);
            let expect: Vec<String> = refused
                .iter()
                .map(|field| format!("variables[0].{field}"))
                .collect();
            assert_eq!(paths(Variables::import(vec![variable])), expect);
        };
        check(|v| v.description = "é".repeat(1024), None);
        check(|v| v.description = "é".repeat(1025), Some("description"));
        check(|v| v.description = "\0".to_owned(), Some("description"));
        check(|v| v.default = Some("é".repeat(4096)), None);
        check(|v| v.default = Some("é".repeat(4097)), Some("default"));
        check(|v| v.default = Some("\0".to_owned()), Some("default"));
        check(|v| v.max_length = Some(1), None);
        check(|v| v.max_length = Some(0), Some("max_length"));
        check(
            |v| (v.max_length, v.default) = (Some(2), Some("äöü".to_owned())),
            Some("default"),
        );
        check(
            |v| (v.required, v.default) = (true, Some(String::new())),
            Some("default"),
        );
    }

    #[test]
    fn json() {
        let json = r#"[{"name":"B","required":true},{"name":"a","description":"d","required":false,"default":"","max_length":7}]"#;
        let variables: Variables = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&variables).unwrap(), json);
        assert_eq!(variables.get("a").unwrap().max_length, Some(7));
        for refused in [
            r#"[{"name":"1"}]"#,
            r#"[{"name":"a"},{"name":"a"}]"#,
            "[{}]",
        ] {
            assert!(
                serde_json::from_str::<Variables>(refused).is_err(),
                "{refused}"
            );
        }
    }
}
