//! Orders of lists: `name` or `name desc`.

use aiconfig_proto::v1::ErrorReason;

use crate::errors::ApiError;

/// Whether a list that can be ordered by one name goes backwards; empty is the default.
///
/// # Errors
/// `ORDER_BY_INVALID` naming the two orders.
pub(crate) fn descending(order_by: &str, name: &str, default: bool) -> Result<bool, ApiError> {
    let mut words = order_by.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, ..) => Ok(default),
        (Some(word), None, _) if word == name => Ok(false),
        (Some(word), Some("asc"), None) if word == name => Ok(false),
        (Some(word), Some("desc"), None) if word == name => Ok(true),
        _ => {
            let right = format!("`{name}` or `{name} desc`");
            Err(ApiError::field(
                ErrorReason::OrderByInvalid,
                "order_by",
                &right,
            ))
        }
    }
}

/// The name that a list is ordered by, of those that it can be ordered by, and whether it goes
/// backwards; empty is the first of them.
///
/// # Errors
/// `ORDER_BY_INVALID` naming them.
pub(crate) fn order_of(
    order_by: &str,
    names: &[&'static str],
) -> Result<(&'static str, bool), ApiError> {
    let word = order_by.split_whitespace().next();
    let found = names
        .iter()
        .find(|name| word.is_none_or(|word| word == **name));
    let Some(name) = found else {
        let right = format!("{}, each also with desc", names.join(", "));
        let reason = ErrorReason::OrderByInvalid;
        return Err(ApiError::field(reason, "order_by", &right));
    };
    Ok((name, descending(order_by, name, false)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_one_of_several_names_are_read() {
        for (text, order) in [
            ("", ("id", false)),
            ("id desc", ("id", true)),
            ("name", ("name", false)),
            (" name  desc ", ("name", true)),
        ] {
            assert_eq!(order_of(text, &["id", "name"]).unwrap(), order, "{text}");
        }
        for text in ["size", "name up", "desc"] {
            let refused = order_of(text, &["id", "name"]).unwrap_err();
            assert_eq!(refused.reason, ErrorReason::OrderByInvalid, "{text}");
        }
    }

    #[test]
    fn orders_are_read() {
        for (text, down) in [
            ("", true),
            ("id", false),
            (" id  asc ", false),
            ("id desc", true),
        ] {
            assert_eq!(descending(text, "id", true).unwrap(), down, "{text}");
        }
        for text in ["name", "id up", "id desc x", "desc"] {
            assert_eq!(
                descending(text, "id", false).unwrap_err().reason,
                ErrorReason::OrderByInvalid,
                "{text}"
            );
        }
    }
}
