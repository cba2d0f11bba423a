//! Templates: what is a placeholder, what is refused, and the laws of rendering.
#![cfg(test)]

use std::collections::BTreeMap;

use aiconfig_domain::template::{
    MAX_RENDERED_BYTES, MAX_TEXT_BYTES, RenderFault, TextFault, Variable, Variables, Warning,
    check_text, lint, looks_like_placeholders, placeholders, render,
};
use proptest::prelude::*;

fn named(name: &str) -> Variable {
    Variable {
        name: name.to_owned(),
        ..Variable::default()
    }
}

fn declared(names: &[&str]) -> Variables {
    Variables::import(names.iter().map(|name| named(name)).collect()).unwrap()
}

fn values(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Renders with the variables `x`, `a` and `_Ab1`.
fn check(text: &str, expect: &str) {
    let given = values(&[("x", "1"), ("a", "two"), ("_Ab1", "é")]);
    let rendered = render(text, &declared(&["x", "a", "_Ab1"]), &given).unwrap();
    assert_eq!(rendered.text, expect, "{text:?}");
    assert_eq!(rendered.token_estimate, expect.len().div_ceil(4));
}

#[test]
fn braces() {
    check("", "");
    check("no braces", "no braces");
    check("{x}", "1");
    check("{a}{a}", "twotwo");
    check("{x}{a}{x}", "1two1");
    check("a{x}b{a}c", "a1btwoc");
    check("{_Ab1}", "é");
    // Exactly two on both sides is literal.
    check("{{x}}", "{{x}}");
    check("{{x}}{x}{{x}}", "{{x}}1{{x}}");
    check("{{x}}{{a}}", "{{x}}{{a}}");
    // Any other number: the innermost pair is the placeholder.
    check("{{{x}}}", "{{1}}");
    check("{{{{x}}}}", "{{{1}}}");
    check("{{{{{x}}}}}", "{{{{1}}}}");
    check("{{x}", "{1");
    check("{x}}", "1}");
    check("{{x}}}", "{1}}");
    check("{{{x}}", "{{1}");
    // Not closed, not opened, not a name, not declared.
    check("{x", "{x");
    check("x}", "x}");
    check("{", "{");
    check("}", "}");
    check("{{", "{{");
    check("{}", "{}");
    check("{{}}", "{{}}");
    check("}{x}{", "}1{");
    check("{x{x}", "{x1");
    check("{x{x}x}", "{x1x}");
    check("{x {x} x}", "{x 1 x}");
    check("{ x}{x }{ x }", "{ x}{x }{ x }");
    check("{X}{xx}{1x}{a-x}{a.x}{é}", "{X}{xx}{1x}{a-x}{a.x}{é}");
    check("{x\u{301}}{x\n}", "{x\u{301}}{x\n}");
    check("\\{x}", "\\1");
}

#[test]
fn json_stays_json() {
    check(r#"{"items": []}"#, r#"{"items": []}"#);
    check(r#"{"k":{x}}"#, r#"{"k":1}"#);
    check(r#"{"k":{"l":{x}}}"#, r#"{"k":{"l":1}}"#);
    check(r#"{"k": [{}, "{a}"]}"#, r#"{"k": [{}, "two"]}"#);
    check("{x: 1, y: {z: 2}}", "{x: 1, y: {z: 2}}");
    check("```\n{\n \"a\": \"{a}\"\n}", "```\n{\n \"a\": \"two\"\n}");
}

#[test]
fn bytes_around_placeholders_are_kept() {
    check("a\r\n{x}\r\nb\n\rc\r", "a\r\n1\r\nb\n\rc\r");
    check("\u{feff}{x}\u{2028}\t ", "\u{feff}1\u{2028}\t ");
    check("😀{x}👩‍👩‍👧{a}🇩🇪", "😀1👩‍👩‍👧two🇩🇪");
    check(
        "مرحبا {x} שלום\u{200f}{a}\u{202e}",
        "مرحبا 1 שלום\u{200f}two\u{202e}",
    );
    check("{x}e\u{301}{x}", "1e\u{301}1");
}

#[test]
fn a_value_is_never_expanded_again() {
    let variables = declared(&["x", "y"]);
    for value in ["{x}", "{y}", "{{y}}", "{{{y}}}", "{", "}", "{y", "y}", "y"] {
        let given = values(&[("x", value), ("y", "NO")]);
        for (before, after) in [("", ""), ("{{", "}}"), ("{ ", " }"), ("[", "]"), ("{", "")] {
            let text = format!("{before}{{x}}{after}");
            let rendered = render(&text, &variables, &given).unwrap().text;
            assert_eq!(rendered, format!("{before}{value}{after}"), "{text:?}");
        }
    }
}

#[test]
fn defaults_and_absent_values() {
    let must = Variable {
        required: true,
        ..named("must")
    };
    let may = Variable {
        default: Some("{must}".to_owned()),
        ..named("may")
    };
    let variables = Variables::import(vec![must, may, named("bare")]).unwrap();
    let rendered = |list| {
        render("[{must}|{may}|{bare}]", &variables, &values(list))
            .unwrap()
            .text
    };
    assert_eq!(rendered(&[("must", "m")]), "[m|{must}|]");
    assert_eq!(rendered(&[("must", "")]), "[|{must}|]");
    assert_eq!(rendered(&[("must", "m"), ("may", "")]), "[m||]");
    assert_eq!(rendered(&[("must", "m"), ("bare", "b")]), "[m|{must}|b]");
}

#[test]
fn faults_name_the_variables_and_no_values() {
    let required = |name| Variable {
        required: true,
        ..named(name)
    };
    let short = Variable {
        max_length: Some(3),
        ..named("short")
    };
    let list = vec![required("b"), required("a"), short, named("nul")];
    let variables = Variables::import(list).unwrap();
    let long = "n".repeat(80);
    let given = values(&[
        ("zz", "SECRET"),
        ("short", "SECRET"),
        ("nul", "SECRET\0"),
        (&long, "SECRET"),
    ]);
    // The text uses none of them: the declaration decides.
    let faults = render("text", &variables, &given).unwrap_err();
    let name = str::to_owned;
    let expect = [
        RenderFault::Missing { name: name("b") },
        RenderFault::Missing { name: name("a") },
        RenderFault::TooLong {
            name: name("short"),
            max_length: 3,
        },
        RenderFault::Nul { name: name("nul") },
        RenderFault::Unknown {
            name: name(&long[..64]),
        },
        RenderFault::Unknown { name: name("zz") },
    ];
    assert_eq!(faults, expect);
    for fault in faults {
        assert!(!fault.to_string().contains("SECRET"), "{fault}");
    }
}

#[test]
fn lengths_are_counted_in_characters() {
    let limited = Variable {
        max_length: Some(3),
        ..named("x")
    };
    let variables = Variables::import(vec![limited]).unwrap();
    for (value, fits) in [
        ("", true),
        ("abc", true),
        ("abcd", false),
        ("日本語", true),
        ("😀😀😀", true),
        ("😀😀😀😀", false),
        ("e\u{301}e\u{301}", false),
    ] {
        let rendered = render("{x}", &variables, &values(&[("x", value)]));
        assert_eq!(rendered.is_ok(), fits, "{value:?}");
    }
}

#[test]
fn the_result_has_a_limit() {
    let variables = declared(&["x"]);
    let size = |text: &str, bytes: usize| {
        let given = values(&[("x", &"v".repeat(bytes))]);
        render(text, &variables, &given).map(|rendered| rendered.text.len())
    };
    let too_large = |bytes| Err(vec![RenderFault::TooLarge { bytes }]);
    assert_eq!(size("{x}", MAX_RENDERED_BYTES), Ok(MAX_RENDERED_BYTES));
    assert_eq!(size(".{x}", MAX_RENDERED_BYTES - 1), Ok(MAX_RENDERED_BYTES));
    assert_eq!(
        size(".{x}", MAX_RENDERED_BYTES),
        too_large(MAX_RENDERED_BYTES + 1)
    );
    // 85 GiB, were it made.
    let times = MAX_TEXT_BYTES / 3;
    assert_eq!(
        size(&"{x}".repeat(times), MAX_RENDERED_BYTES),
        too_large(times * MAX_RENDERED_BYTES)
    );
}

#[test]
fn the_token_estimate_is_a_quarter_of_the_bytes() {
    for (text, tokens) in [
        ("", 0),
        ("a", 1),
        ("abcd", 1),
        ("abcde", 2),
        ("日本語", 3),
        ("😀", 1),
    ] {
        let rendered = render(text, &Variables::default(), &BTreeMap::new()).unwrap();
        assert_eq!(rendered.token_estimate, tokens, "{text:?}");
    }
}

#[test]
fn texts_have_a_limit_and_no_nul() {
    let largest = "é".repeat(MAX_TEXT_BYTES / 2);
    let too_large = format!("{largest}\0");
    let bytes = MAX_TEXT_BYTES + 1;
    for (text, expect) in [
        ("", Ok(())),
        ("a\r\n😀 שלום {x} \u{feff}\u{1}", Ok(())),
        (&largest, Ok(())),
        (&too_large, Err(TextFault::TooLarge { bytes })),
        ("\0", Err(TextFault::Nul { at: 0 })),
        ("é\0\0", Err(TextFault::Nul { at: 2 })),
    ] {
        assert_eq!(check_text(text), expect);
    }
}

#[test]
fn the_largest_texts_are_rendered() {
    let variables = declared(&["x"]);
    let given = values(&[("x", "yz")]);
    for (unit, rendered) in [
        ("{x}", "yz"),
        ("{", "{"),
        ("}", "}"),
        ("{x", "{x"),
        ("{}", "{}"),
        ("{{x}}", "{{x}}"),
        ("{x{", "{x{"),
        ("😀{x}", "😀yz"),
    ] {
        let times = MAX_TEXT_BYTES / unit.len();
        let made = render(&unit.repeat(times), &variables, &given).unwrap();
        assert!(made.text == rendered.repeat(times), "{unit:?}");
    }
    let (open, close) = ("{".repeat(100_000), "}".repeat(100_000));
    let made = render(&format!("{open}{{x}}{close}"), &variables, &given).unwrap();
    assert!(made.text == format!("{open}yz{close}"));
}

#[test]
fn placeholders_are_found_where_they_are() {
    let text = "é{x}{{a}}{b}{{{x}}}";
    let found: Vec<_> = placeholders(text, &declared(&["x", "a"]))
        .map(|found| (found.name, &text[found.range.clone()], found.range.start))
        .collect();
    assert_eq!(found, [("x", "{x}", 2), ("x", "{x}", 15)]);
}

#[test]
fn names_that_look_like_placeholders() {
    let (longest, too_long) = ("n".repeat(64), "n".repeat(65));
    let text = format!("{{{longest}}}{{{too_long}}}");
    let text = format!(r#"{{b}}{{A_1}}{{{{lit}}}}{{b}}{{}}{{1}}{{é}}{text}{{"k":{{v}}}}"#);
    let names = ["b", "A_1", &longest, "v"];
    assert_eq!(looks_like_placeholders(&text), names, "{text}");
    assert!(looks_like_placeholders("").is_empty());
}

#[test]
fn lint_names_what_is_doubtful() {
    let variables = declared(&["used", "b_unused", "a_literal"]);
    let text = r#"{used} {{a_literal}} {other} {Used} {other} {"json": {}}"#;
    let warnings = lint(text, &variables);
    let undeclared = |name: &str| Warning::Undeclared { name: name.into() };
    let unused = |name: &str| Warning::Unused { name: name.into() };
    assert_eq!(
        warnings,
        [
            undeclared("other"),
            undeclared("Used"),
            unused("b_unused"),
            unused("a_literal"),
        ]
    );
    assert_eq!(
        warnings[0].to_string(),
        "{other} looks like a placeholder, but no variable of this name is declared"
    );
    assert_eq!(
        warnings[2].to_string(),
        "variable b_unused is declared, but the text has no placeholder {b_unused}"
    );
    assert!(lint("{used}{b_unused}{a_literal}", &variables).is_empty());
}

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
