//! What is a placeholder and what is literal text.

use aiconfig_domain::template::{looks_like_placeholders, placeholders, render, token_estimate};

use super::{declared, values};

/// Renders with the variables `x`, `a` and `_Ab1`.
fn check(text: &str, expect: &str) {
    let given = values(&[("x", "1"), ("a", "two"), ("_Ab1", "é")]);
    let rendered = render(text, &declared(&["x", "a", "_Ab1"]), &given).unwrap();
    assert_eq!(rendered.text, expect, "{text:?}");
    assert_eq!(rendered.token_estimate, token_estimate(expect));
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
