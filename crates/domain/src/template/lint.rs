//! What is doubtful in a template: names that are not declared, declarations that are not used.

use std::collections::BTreeSet;

use super::{Variables, looks_like_placeholders};

/// A doubt about a template. It is an error only where the caller asked to be strict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Looks like a placeholder, but no variable has the name, so it stays as it is.
    #[error("{{{name}}} looks like a placeholder, but no variable of this name is declared")]
    Undeclared {
        /// The name.
        name: String,
    },
    /// A declared variable that the text has no placeholder of.
    #[error("variable {name} is declared, but the text has no placeholder {{{name}}}")]
    Unused {
        /// The name.
        name: String,
    },
}

/// The doubts about a text with these variables: names that are not declared in the order of the
/// text, then the unused ones in the order of their declaration.
#[must_use]
pub fn lint(text: &str, variables: &Variables) -> Vec<Warning> {
    let found = looks_like_placeholders(text);
    let used: BTreeSet<&str> = found.iter().copied().collect();
    let undeclared = found
        .iter()
        .filter(|name| variables.get(name).is_none())
        .map(|name| Warning::Undeclared {
            name: (*name).to_owned(),
        });
    let unused = variables
        .iter()
        .filter(|variable| !used.contains(variable.name.as_str()))
        .map(|variable| Warning::Unused {
            name: variable.name.clone(),
        });
    undeclared.chain(unused).collect()
}
