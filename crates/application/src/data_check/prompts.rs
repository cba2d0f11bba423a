//! Whether the prompts that are in use are there, with their texts.

use std::collections::BTreeMap;

use aiconfig_domain::{PromptType, TextHash, looks_like_key};

use super::{Fault, Severity, fault};
use crate::Live;

/// Every prompt type that a function names has an active prompt in the library.
pub(super) fn prompts_are_there(live: &Live) -> Vec<Fault> {
    let mut faults = Vec::new();
    for stored in live.snapshot.functions() {
        for prompt_type in &stored.value.prompt_types {
            let prompt = live.snapshot.global_prompt(prompt_type);
            let message = match prompt {
                Some(prompt) if prompt.value.active => continue,
                Some(_) => "activate it",
                None => "create it",
            };
            let message = format!(
                "it uses prompt {prompt_type}, which the library does not have active: accounts \
                 without one of their own get none; {message}"
            );
            let resource = format!("functions/{}", stored.value.name);
            faults.push(fault(Severity::Error, resource, message));
        }
    }
    faults
}

/// No strategy names a prompt type that is gone.
pub(super) fn strategies_hold(live: &Live) -> Vec<Fault> {
    let snapshot = &live.snapshot;
    let gone = |name: &&PromptType| snapshot.global_prompt(name.as_str()).is_none();
    let mut faults = Vec::new();
    for stored in snapshot.library_strategies() {
        for name in stored.value.content.prompt_types.iter().filter(gone) {
            let resource = format!("globalStrategies/{}", stored.value.id);
            let message = format!("it names prompt {name}, which the library does not have");
            faults.push(fault(Severity::Warning, resource, message));
        }
    }
    let mut counts: BTreeMap<&PromptType, u64> = BTreeMap::new();
    for entry in snapshot.accounts_after(None) {
        for stored in entry.strategies() {
            for name in stored.value.content.prompt_types.iter().filter(gone) {
                *counts.entry(name).or_default() += 1;
            }
        }
    }
    faults.extend(counts.into_iter().map(|(name, count)| {
        let message = format!(
            "{count} strategies of accounts name prompt {name}, which the library does not have"
        );
        fault(Severity::Warning, "accounts", message)
    }));
    faults
}

/// Whether a text has a word in the shape of a key. Whoever pastes one into a prompt puts it
/// between blanks, quotes or brackets.
fn key_in_text(text: &str) -> bool {
    text.contains("sk-")
        && text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .any(looks_like_key)
}

/// What is wrong with a text that a resource names.
pub(super) fn text_fault(hash: TextHash, by: &str, text: Option<&str>) -> Option<Fault> {
    let message = match text {
        None => {
            format!("its text {hash} is missing, or was changed beside the log; restore a backup")
        }
        Some(text) if key_in_text(text) => "its text holds what looks like a credential; change \
                                            it, and revoke the credential"
            .to_owned(),
        Some(_) => return None,
    };
    Some(fault(Severity::Error, by, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_texts() {
        for (text, is) in [
            ("sk-test-0123456789abcdef", true),
            ("Use (sk-test-0123456789abcdef), please.", true),
            ("key=\"sk-test-0123456789abcdef\"", true),
            ("a risk-averse-and-very-long-hyphenated word", false),
            ("sk-short", false),
            ("", false),
        ] {
            assert_eq!(key_in_text(text), is, "{text}");
        }
    }
}
