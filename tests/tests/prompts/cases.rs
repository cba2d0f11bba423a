//! The unusual texts.

/// Bytes that a prompt may have.
const MOST: usize = 256 << 10;

/// A text, the variables that are declared for it, and values to render it with.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) declared: &'static [&'static str],
    pub(crate) values: &'static [(&'static str, &'static str)],
}

fn case(
    name: &'static str,
    text: &str,
    declared: &'static [&'static str],
    values: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        name,
        text: text.to_owned(),
        declared,
        values,
    }
}

/// Texts by what is unusual about them, then values.
pub(crate) fn cases() -> Vec<Case> {
    let a: &[&str] = &["a"];
    vec![
        case("CRLF, CR and LF", "one\r\ntwo\rthree\n\n", &[], &[]),
        case("blanks at both ends", " \tone\t ", &[], &[]),
        case("a byte order mark", "\u{feff}one", &[], &[]),
        case(
            "emoji",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} {a} \u{1f1e9}\u{1f1ea}",
            a,
            &[("a", "\u{1f600}")],
        ),
        case(
            "right-to-left text",
            "\u{200f}\u{05e9}\u{05dc}\u{05d5}\u{05dd} {a}\u{202e} \u{645}\u{631}\u{62d}\u{628}\u{627}",
            a,
            &[("a", "\u{5d0}")],
        ),
        case(
            "composed and decomposed letters",
            "\u{e9} e\u{301}",
            &[],
            &[],
        ),
        case(
            "control characters but NUL",
            "\u{1}\u{8}\u{1b}[0m\u{7f}\u{85}\u{2028}",
            &[],
            &[],
        ),
        Case {
            text: "x".repeat(MOST),
            ..case("256 KiB", "", &[], &[])
        },
        Case {
            text: "\u{20ac}".repeat(MOST / 3) + "x",
            ..case("256 KiB of three-byte letters", "", &[], &[])
        },
        Case {
            text: "x".repeat(MOST + 1),
            ..case("256 KiB and a byte", "", &[], &[])
        },
        case("NUL", "one\0two", &[], &[]),
        case("no text at all", "", &[], &[]),
        case("blanks alone", " \r\n\t\u{a0}\u{2003}", &[], &[]),
        case("a byte order mark alone", "\u{feff}", &[], &[]),
        case("the same placeholder twice", "{a}{a}", a, &[("a", "1")]),
        case(
            "doubled braces",
            "{{x}} {{{x}}} {{{{x}}}}",
            &["x"],
            &[("x", "1")],
        ),
        case(
            "unbalanced braces",
            "{{x} {x}} {x }x{",
            &["x"],
            &[("x", "1")],
        ),
        case(
            "JSON",
            "{\"a\": \"{a}\", \"b\": {\"c\": [{}]}}",
            a,
            &[("a", "1")],
        ),
        case("a name that is not declared", "{a} {b}", a, &[("a", "1")]),
        case("a declared name that is not used", "one", a, &[]),
        case(
            "names in other letters",
            "{A} {\u{e4}} {a-b} {a.b} {1} {}",
            a,
            &[("a", "1")],
        ),
        case(
            "a value with a placeholder",
            "{x} {y}",
            &["x", "y"],
            &[("x", "{y}{x}"), ("y", "{x}")],
        ),
        case("a value that closes a brace", "{a}}", a, &[("a", "{a")]),
        case("a value with line ends", "[{a}]", a, &[("a", "1\r\n2\n")]),
        case("a value with NUL", "{a}", a, &[("a", "1\u{0}2")]),
        case("a value of no variable", "{a}", a, &[("b", "1")]),
        case("no value", "[{a}]", a, &[]),
    ]
}
