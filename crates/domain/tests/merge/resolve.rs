//! A merge with conflicts is put together whole or not at all.

use aiconfig_domain::merge::{Merge, Resolution, ResolveFault, three_way};
use aiconfig_domain::template::{MAX_TEXT_BYTES, TextFault};

/// Two conflicts, in the first line and the last, and a change of theirs between.
fn merge() -> Merge<'static> {
    three_way("1\n2\n3\n4\n5", "a\n2\n3\n4\ne", "A\n2\nT\n4\nE\n")
}

fn text(text: &str) -> Resolution {
    Resolution::Text(text.to_owned())
}

#[test]
fn one_resolution_for_each_conflict() {
    use Resolution::{Base, Ours, Theirs};
    for (resolutions, expect) in [
        ([Ours, Ours], "a\n2\nT\n4\ne"),
        ([Theirs, Theirs], "A\n2\nT\n4\nE\n"),
        ([Base, Base], "1\n2\nT\n4\n5"),
        ([Ours, Theirs], "a\n2\nT\n4\nE\n"),
        ([text(""), text("")], "2\nT\n4\n"),
        ([text("x\r\ny\n"), text("z")], "x\r\ny\n2\nT\n4\nz"),
    ] {
        assert_eq!(merge().resolve(&resolutions).as_deref(), Ok(expect));
    }
    let clean = three_way("1\n2\n", "1\n2\n", "1\n");
    assert_eq!(clean.resolve(&[]).as_deref(), Ok("1\n"));
}

#[test]
fn what_does_not_fit() {
    use Resolution::Ours;
    let counts = |given| ResolveFault::Count {
        conflicts: 2,
        given,
    };
    for (resolutions, expect) in [
        (vec![], counts(0)),
        (vec![Ours], counts(1)),
        (vec![Ours, Ours, Ours], counts(3)),
        (
            vec![text("x"), Ours],
            ResolveFault::Unterminated { conflict: 0 },
        ),
        (
            vec![text("x\r"), Ours],
            ResolveFault::Unterminated { conflict: 0 },
        ),
        (vec![Ours, text("\0")], TextFault::Nul { at: 8 }.into()),
    ] {
        assert_eq!(merge().resolve(&resolutions), Err(expect));
    }
    // The second of three.
    let three = three_way("1\n2\n3\n4\n5\n", "a\n2\nc\n4\ne\n", "A\n2\nC\n4\nE\n");
    assert_eq!(
        three.resolve(&[Ours, text("x"), Ours]),
        Err(ResolveFault::Unterminated { conflict: 1 })
    );
}

#[test]
fn the_result_is_a_prompt_or_refused() {
    use Resolution::Ours;
    let rest = "a\n2\nT\n4\n".len();
    let last = |bytes: usize| [Ours, text(&"e".repeat(bytes))];
    let fits = merge().resolve(&last(MAX_TEXT_BYTES - rest)).unwrap();
    assert_eq!(fits.len(), MAX_TEXT_BYTES);
    let bytes = MAX_TEXT_BYTES + 1;
    assert_eq!(
        merge().resolve(&last(bytes - rest)),
        Err(TextFault::TooLarge { bytes }.into())
    );
    // Two prompts that are fine may be too large together.
    let long = "x".repeat(MAX_TEXT_BYTES - 5);
    let base = "1\n2\n3\n";
    let (ours, theirs) = (format!("{long}\n2\n3\n"), format!("1\n2\n{long}\n"));
    let merge = three_way(base, &ours, &theirs);
    let bytes = 2 * long.len() + 4;
    assert_eq!(merge.text().map(|text| text.len()), Some(bytes));
    assert_eq!(
        merge.resolve(&[]),
        Err(TextFault::TooLarge { bytes }.into())
    );
}
