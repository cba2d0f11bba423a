//! What a text must meet, and the doubts about a template.

use aiconfig_domain::template::{
    MAX_TEXT_BYTES, Strictness, TemplateFault, TextFault, Warning, check_template, check_text,
    lint, parse_text, render,
};

use super::{declared, values};

/// What a prompt renders as, or what is refused of it.
type Outcome<'b> = Result<&'b [u8], TextFault>;

/// Every odd kind of prompt: what is refused of it, or what it renders as with `x` and `a`.
#[test]
fn odd_prompts() {
    let given = values(&[("x", "<{x}{a}>"), ("a", "A")]);
    let variables = declared(&["x", "a"]);
    let largest = "é".repeat(MAX_TEXT_BYTES / 2).into_bytes();
    let too_large = [&largest[..], b"."].concat();
    let bytes = too_large.len();
    let cases: &[(&[u8], Outcome<'_>)] = &[
        (b"", Err(TextFault::Blank)),
        (b"a\r\n{a}\r\n", Ok(b"a\r\nA\r\n")),
        ("👩‍👩‍👧{a}🇩🇪".as_bytes(), Ok("👩‍👩‍👧A🇩🇪".as_bytes())),
        (
            "שלום {a}\u{202e}".as_bytes(),
            Ok("שלום A\u{202e}".as_bytes()),
        ),
        (b"{a}{a}", Ok(b"AA")),
        (b"{{x}}", Ok(b"{{x}}")),
        (
            b"{\"k\":{\"x\":[{}]},\"v\":{a}}",
            Ok(b"{\"k\":{\"x\":[{}]},\"v\":A}"),
        ),
        (b"{x}", Ok(b"<{x}{a}>")),
        (b"\xef\xbb\xbf{a}", Ok(b"\xef\xbb\xbfA")),
        (&largest, Ok(&largest)),
        (&too_large, Err(TextFault::TooLarge { bytes })),
        (b"{a}\0", Err(TextFault::Nul { at: 3 })),
        (b"ab\xff", Err(TextFault::NotUtf8 { at: 2 })),
        (b"\xc3", Err(TextFault::NotUtf8 { at: 0 })),
        // An encoded surrogate, and a NUL in two bytes.
        (b"\xed\xa0\x80", Err(TextFault::NotUtf8 { at: 0 })),
        (b"a\xc0\x80", Err(TextFault::NotUtf8 { at: 1 })),
    ];
    for (bytes, expect) in cases {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
        let rendered = parse_text(bytes).map(|text| render(text, &variables, &given).unwrap().text);
        let rendered = rendered
            .as_ref()
            .map(String::as_bytes)
            .map_err(|fault| *fault);
        assert!(rendered == *expect, "{shown:?}");
    }
}

#[test]
fn texts_have_a_limit_and_no_nul_and_say_something() {
    let largest = "é".repeat(MAX_TEXT_BYTES / 2);
    let too_large = format!("{largest}\0");
    let bytes = MAX_TEXT_BYTES + 1;
    for (text, expect) in [
        ("", Err(TextFault::Blank)),
        (" \r\n\t\u{a0}\u{2028}", Err(TextFault::Blank)),
        (" .", Ok(())),
        // No white space in Unicode's sense.
        ("\u{feff}", Ok(())),
        ("a\r\n😀 שלום {x} \u{feff}\u{1}", Ok(())),
        (&largest, Ok(())),
        (&too_large, Err(TextFault::TooLarge { bytes })),
        ("\0", Err(TextFault::Nul { at: 0 })),
        ("é\0\0", Err(TextFault::Nul { at: 2 })),
    ] {
        assert_eq!(check_text(text), expect);
        assert_eq!(parse_text(text.as_bytes()), expect.map(|()| text));
    }
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

#[test]
fn a_save_is_lenient_or_strict() {
    let variables = declared(&["x"]);
    let doubts = |text: &str| lint(text, &variables);
    for text in ["{x}", "{x}{y}", "none", "{y}"] {
        let lenient = check_template(text, &variables, Strictness::Lenient);
        assert_eq!(lenient, Ok(doubts(text)));
        let strict = check_template(text, &variables, Strictness::Strict);
        let expect = match doubts(text) {
            none if none.is_empty() => Ok(none),
            some => Err(TemplateFault::Doubtful(some)),
        };
        assert_eq!(strict, expect);
    }
    assert_eq!(doubts("{y}").len(), 2);
    for strictness in [Strictness::Lenient, Strictness::Strict] {
        let refused = check_template("{y}\0", &variables, strictness);
        assert_eq!(refused, Err(TextFault::Nul { at: 3 }.into()));
    }
}
