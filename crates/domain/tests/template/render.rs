//! Values: what they fill, what is refused of them, and the size of the result.

use std::collections::BTreeMap;

use aiconfig_domain::template::{
    MAX_RENDERED_BYTES, MAX_TEXT_BYTES, RenderFault, Variable, Variables, render, token_estimate,
};

use super::{declared, named, values};

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
        assert_eq!(token_estimate(text), tokens, "{text:?}");
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
