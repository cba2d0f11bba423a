//! An error on the wire: status, details and metadata, held below what clients take.
//!
//! They travel in headers. Python's client drops calls whose headers pass 8 KiB in all, and then
//! shows another error; names and values of the caller's must not get there.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use aiconfig_proto::reason::{DOMAIN, to_wire};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::call::TraceId;
use crate::errors::{ApiError, code, resource_name};

/// Violations that an answer carries.
const VIOLATIONS: usize = 20;
/// Bytes that they have together.
const VIOLATION_BYTES: usize = 2_560;
/// Bytes of a violation's field, and of its description.
const FIELD_BYTES: usize = 128;
const DESCRIPTION_BYTES: usize = 512;
/// Bytes of the message, of the resource's name, and of a value in the metadata.
const TEXT_BYTES: usize = 512;
/// Milliseconds until it is worth to try again, where nothing better is known.
const RETRY: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Self {
        error.into_status(None)
    }
}

impl ApiError {
    /// As a status, with the id of the call where it has one.
    pub(crate) fn into_status(self, call: Option<&TraceId>) -> Status {
        let Self {
            reason,
            message,
            violations,
            metadata,
            resource,
            retry_after,
        } = self;
        let message = cut(message, TEXT_BYTES);
        let resource = resource.map(|(kind, name)| (kind, cut(name, TEXT_BYTES)));
        let mut details = ErrorDetails::new();
        let mut room = VIOLATION_BYTES;
        let mut shown = 0;
        let listed = violations.len();
        for violation in violations.into_iter().take(VIOLATIONS) {
            let field = cut(violation.field, FIELD_BYTES);
            let description = cut(violation.description, DESCRIPTION_BYTES);
            let Some(left) = room.checked_sub(field.len() + description.len()) else {
                break;
            };
            room = left;
            shown += 1;
            details.add_bad_request_violation(field, description);
        }
        let mut facts: HashMap<String, String> = resource
            .iter()
            .flat_map(|(kind, name)| facts_of(kind, name))
            .chain(
                resource
                    .iter()
                    .map(|(kind, name)| ("resource", resource_name(kind, name))),
            )
            .chain(metadata)
            .map(|(name, value)| (name.to_owned(), cut(value, TEXT_BYTES)))
            .collect();
        if shown < listed {
            let rest = (listed - shown).to_string();
            facts.insert("truncated_violations".to_owned(), rest);
        }
        let code = code(reason);
        if code == Code::FailedPrecondition {
            let subject = resource.as_ref();
            let subject = subject.map(|(kind, name)| resource_name(kind, name));
            let subject = subject.unwrap_or_default();
            details.add_precondition_failure_violation(to_wire(reason), subject, &message);
        }
        if let Some((kind, name)) = resource {
            details.set_resource_info(kind, name, "", "");
        }
        if matches!(code, Code::ResourceExhausted | Code::Unavailable) {
            let millis = retry_after.unwrap_or(RETRY).get();
            details.set_retry_info(Some(Duration::from_millis(millis.into())));
        }
        details.set_error_info(to_wire(reason), DOMAIN, facts);
        if let Some(call) = call {
            details.set_request_info(call.to_string(), "");
        }
        Status::with_error_details(code, message, details)
    }
}

/// The metadata that names a resource; the proto says which reasons have which.
fn facts_of(kind: &str, name: &str) -> Vec<(&'static str, String)> {
    let fact = match kind {
        "Account" => "account_id",
        "CreditOperation" => "operation_type",
        "Function" => "function_name",
        "GlobalAuthorProfile" => "author_profile_id",
        "GlobalPrompt" => "prompt_type",
        "GlobalStrategy" => "strategy_id",
        "Model" => "model_id",
        "Provider" => "provider",
        "Token" => "token_id",
        "ProviderKey" => return facts_of_two("provider", "version", name),
        "AccountPrompt" => return facts_of_two("account_id", "prompt_type", name),
        "AuthorProfile" => return facts_of_two("account_id", "author_profile_id", name),
        "Strategy" => return facts_of_two("account_id", "strategy_id", name),
        _ => return Vec::new(),
    };
    vec![(fact, name.to_owned())]
}

/// The facts of a name of two parts.
fn facts_of_two(
    first: &'static str,
    second: &'static str,
    name: &str,
) -> Vec<(&'static str, String)> {
    let parts = name.split_once('/');
    let facts = parts.map(|(one, two)| vec![(first, one.to_owned()), (second, two.to_owned())]);
    facts.unwrap_or_default()
}

/// A text of at most so many bytes; what is missing shows as `…`.
fn cut(mut text: String, limit: usize) -> String {
    const MARK: char = '…';
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit - MARK.len_utf8()));
        text.push(MARK);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiconfig_domain::{Reason, Rejection, Violation};
    use aiconfig_proto::v1::ErrorReason;

    /// What the headers of an answer count for, as HTTP/2 counts them.
    fn size(status: Status) -> usize {
        let response = status.into_http::<()>();
        let headers = response.headers();
        headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 32)
            .sum()
    }

    fn invalid(count: usize, field: &str, description: &str) -> Status {
        let violation = |n| Violation::new(format!("f{n}{field}"), description);
        let violations = (0..count).map(violation).collect();
        ApiError::from(Rejection::invalid(violations)).into()
    }

    #[test]
    fn many_violations_are_cut_with_a_count() {
        for (count, shown, rest) in [(20, 20, None), (21, 20, Some("1")), (100, 20, Some("80"))] {
            let status = invalid(count, "", &"x".repeat(50));
            let details = status.get_error_details();
            let violations = &details.bad_request().unwrap().field_violations;
            assert_eq!(violations.len(), shown);
            let metadata = &details.error_info().unwrap().metadata;
            let truncated = metadata.get("truncated_violations").map(String::as_str);
            assert_eq!(truncated, rest);
        }
    }

    #[test]
    fn no_error_is_larger_than_clients_take() {
        let (long, wide) = ("x".repeat(9_000), "漢".repeat(3_000));
        for text in [&long, &wide] {
            for count in [1, 20, 5_000] {
                let status = invalid(count, text, text);
                let details = status.get_error_details();
                assert!(!details.bad_request().unwrap().field_violations.is_empty());
                assert!(size(status) < 8_000, "{count}");
            }
            let gone = Rejection::new(Reason::ModelRetired, text.as_str())
                .about("Model", text.as_str())
                .with("stripped_fields", text.as_str());
            assert!(size(ApiError::from(gone).into()) < 8_000);
        }
    }

    #[test]
    fn a_resource_is_named_in_the_metadata_too() {
        for (kind, name, facts) in [
            (
                "Account",
                "7",
                vec![("account_id", "7"), ("resource", "accounts/7")],
            ),
            (
                "Model",
                "gpt-4",
                vec![("model_id", "gpt-4"), ("resource", "models/gpt-4")],
            ),
            (
                "ProviderKey",
                "openai/2",
                vec![
                    ("provider", "openai"),
                    ("version", "2"),
                    ("resource", "providers/openai/keys/2"),
                ],
            ),
            (
                "Strategy",
                "7/2048",
                vec![
                    ("account_id", "7"),
                    ("strategy_id", "2048"),
                    ("resource", "accounts/7/strategies/2048"),
                ],
            ),
        ] {
            let error = ApiError {
                resource: Some((kind, name.to_owned())),
                ..ApiError::new(ErrorReason::KeyInUse, "in use")
            };
            let details = Status::from(error).get_error_details();
            let metadata = &details.error_info().unwrap().metadata;
            let facts = facts.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
            assert_eq!(*metadata, facts.collect());
        }
    }
}
