//! Page tokens: what a client makes up is refused, and pages neither skip nor repeat.

use std::collections::BTreeSet;

use aiconfig_proto::v1::ErrorReason;
use aiconfig_server::{code_of, page_of_names};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::status::reason_of;

/// Bytes of a token before the key: the version and the hash of the query.
const HEAD: usize = 17;

/// An input of JSON's form.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    names: Vec<String>,
    page_size: i32,
    page_token: String,
    /// Call, filter, order and parent.
    query: [String; 4],
    /// Names that go and come between two pages.
    later: Vec<String>,
}

/// Looks at a token and a list; bytes of another form are a token alone.
pub(crate) fn check(data: &[u8]) {
    let given = serde_json::from_slice(data).unwrap_or_else(|_| Given {
        names: vec!["a".to_owned(), "b".to_owned()],
        page_token: String::from_utf8_lossy(data).into_owned(),
        ..Given::default()
    });
    let query = given.query.each_ref().map(String::as_str);
    given_token(&given, query);
    let names: BTreeSet<String> = given.names.iter().cloned().collect();
    let names: Vec<String> = names.into_iter().collect();
    let later = given.later.iter().cloned().collect();
    if given.page_size > 0 {
        walk(&names, &later, given.page_size, query);
    }
}

fn given_token(given: &Given, query: [&str; 4]) {
    match page_of_names(&given.names, given.page_size, &given.page_token, query) {
        Ok((page, next)) => {
            assert!(given.page_size >= 0);
            assert!(page.len() <= 1_000);
            is_canonical(&next);
            is_canonical(&given.page_token);
        }
        Err(status) => {
            let reason = reason_of(&status).unwrap();
            let expected = if given.page_size < 0 {
                ErrorReason::PageSizeInvalid
            } else {
                ErrorReason::PageTokenInvalid
            };
            assert_eq!((reason, code_of(reason)), (expected, status.code()));
        }
    }
}

/// A token that is taken has one form only.
fn is_canonical(token: &str) {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(&bytes), token);
    assert!(token.is_empty() || bytes.len() >= HEAD);
}

/// Walks all pages; between any two of them the list changes.
fn walk(names: &[String], later: &BTreeSet<String>, size: i32, query: [&str; 4]) {
    let changed: BTreeSet<String> = names.iter().chain(later).cloned().collect();
    let changed: Vec<String> = changed.into_iter().collect();
    let mut token = String::new();
    let mut seen: Vec<String> = Vec::new();
    for turn in 0.. {
        let list = if turn % 2 == 0 { names } else { &changed };
        let Ok((page, next)) = page_of_names(list, size, &token, query) else {
            // A key can be too long for a token; those of the service's lists are not.
            return assert!(token.len() > 2_048, "a token of our own is refused");
        };
        seen.extend(page);
        if next.is_empty() {
            break;
        }
        for other in [["x", "", "", ""], ["", "x", "", ""], ["", "", "x", ""]] {
            if other != query {
                assert!(page_of_names(list, size, &next, other).is_err());
            }
        }
        token = next;
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "an entry came twice");
    let missed = names.iter().find(|name| !seen.contains(name));
    assert_eq!(missed, None, "an entry was skipped");
}
