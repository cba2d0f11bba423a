//! What a command comes to, in a line that a table can hold.

use aiconfig_domain::{Command, Decision, Rejection};

use crate::platform::Platform;

/// `changed`, `unchanged`, or the reason with the fields at fault in their order.
pub(crate) fn outcome(result: &Result<Decision, Rejection>) -> String {
    match result {
        Ok(decision) if decision.changes.is_empty() => "unchanged".to_owned(),
        Ok(_) => "changed".to_owned(),
        Err(rejection) => refusal(rejection),
    }
}

/// The reason and the fields at fault.
pub(crate) fn refusal(rejection: &Rejection) -> String {
    let mut words = vec![format!("{:?}", rejection.reason)];
    let fields = rejection.violations.iter().map(|v| v.field.clone());
    words.extend(fields);
    words.join(" ")
}

/// Runs each command on the state that the ones before left, and compares what it comes to.
#[track_caller]
pub(crate) fn check_all(platform: &mut Platform, table: Vec<(Command, &str)>) {
    for (command, expected) in table {
        let result = platform.decide(&command);
        assert_eq!(outcome(&result), expected, "{command:?}");
        if let Ok(decision) = result {
            platform.apply(&decision.changes);
        }
    }
}
