//! What is doubtful in a template: names that are not declared, declarations that are not used.

use std::collections::BTreeSet;

use super::{TextFault, Variables, check_text, looks_like_placeholders};

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

/// What becomes of the doubts about a template that is to be saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strictness {
    /// They come back as warnings.
    #[default]
    Lenient,
    /// They refuse the save.
    Strict,
}

/// Why a template is not saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// No prompt may have the text.
    #[error(transparent)]
    Text(#[from] TextFault),
    /// The doubts, where the caller asked to be strict; one or more.
    #[error("a template whose placeholders are its declared variables, each of them used")]
    Doubtful(Vec<Warning>),
}

/// Checks a template before it is saved, and gives the doubts about it.
///
/// # Errors
/// The text is none that a prompt may have, or there are doubts and the check is strict.
pub fn check_template(
    text: &str,
    variables: &Variables,
    strictness: Strictness,
) -> Result<Vec<Warning>, TemplateFault> {
    check_text(text)?;
    let warnings = lint(text, variables);
    if strictness == Strictness::Strict && !warnings.is_empty() {
        return Err(TemplateFault::Doubtful(warnings));
    }
    Ok(warnings)
}
