//! Laws of placeholders and rendering, over random texts dense with braces.

use std::collections::BTreeMap;

use aiconfig_domain::template::{Variables, lint, looks_like_placeholders, placeholders, render};
use proptest::prelude::*;

use super::{declared, values};

/// Texts dense with braces and names, declared and not.
fn template() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "{", "}", "{x}", "{{x}}", "{y}", "x", "y", "z", "{z}", " ", "\r\n", "😀", "ש", "\"",
    ]);
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_declared_is_left_after_rendering(text in template()) {
        let variables = declared(&["x", "y"]);
        // Values that are no names, and keep what they stand between apart.
        let given = values(&[("x", "<1>"), ("y", "·")]);
        let rendered = render(&text, &variables, &given).unwrap().text;
        prop_assert_eq!(placeholders(&rendered, &variables).next(), None);
    }

    #[test]
    fn values_are_taken_over_as_they_are(text in template(), x in template(), y in "[^\0]*") {
        let variables = declared(&["x", "y"]);
        let rendered = render(&text, &variables, &values(&[("x", &x), ("y", &y)])).unwrap().text;
        // Marks first, the values in their place after: the same, if none is looked at again.
        let marks = values(&[("x", "\u{e000}"), ("y", "\u{e001}")]);
        let marked = render(&text, &variables, &marks).unwrap().text;
        let with_y = |part: &str| part.split('\u{e001}').collect::<Vec<_>>().join(&y);
        let parts: Vec<String> = marked.split('\u{e000}').map(with_y).collect();
        prop_assert_eq!(rendered, parts.join(&x));
    }

    #[test]
    fn without_variables_a_text_stays_as_it_is(text in prop_oneof![template(), any::<String>()]) {
        let rendered = render(&text, &Variables::default(), &BTreeMap::new()).unwrap();
        prop_assert_eq!(rendered.text, text);
    }

    #[test]
    fn the_scan_agrees_with_the_rule_read_naively(text in template()) {
        let variables = declared(&["x", "y"]);
        let found: Vec<usize> = placeholders(&text, &variables).map(|p| p.range.start).collect();
        let is_placeholder = |at: usize| {
            let rest = &text[at + 1..];
            let named = rest.starts_with("x}") || rest.starts_with("y}");
            let opened_by_two = text[..at].ends_with('{') && !text[..at].ends_with("{{");
            let closed_by_two = named && rest[2..].starts_with('}') && !rest[3..].starts_with('}');
            named && !(opened_by_two && closed_by_two)
        };
        let naive: Vec<usize> = text
            .match_indices('{')
            .map(|(at, _)| at)
            .filter(|at| is_placeholder(*at))
            .collect();
        prop_assert_eq!(found, naive);
    }

    #[test]
    fn names_found_are_names_that_can_be_declared(text in template()) {
        let names = looks_like_placeholders(&text);
        let variables = declared(&names);
        prop_assert_eq!(lint(&text, &variables), Vec::new());
        prop_assert_eq!(lint(&text, &Variables::default()).len(), names.len());
    }
}
