//! The hunks between two texts, and the unified diff of them.

use aiconfig_domain::merge::{LineChange, diff, unified};

fn unified_of(old: &str, new: &str, context: usize) -> String {
    unified(&diff(old, new, context), "old", "new")
}

#[test]
fn equal_texts_have_no_hunks() {
    for text in ["", "a", "a\n", "\r\n\n", "😀"] {
        for context in [0, 3, usize::MAX] {
            assert_eq!(diff(text, text, context), []);
            assert_eq!(unified_of(text, text, context), "");
        }
    }
}

#[test]
fn unified_diffs() {
    for (old, new, expect) in [
        ("", "a\n", "@@ -0,0 +1 @@\n+a\n"),
        ("a\n", "", "@@ -1 +0,0 @@\n-a\n"),
        ("a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n"),
        ("a\nb\n", "a\nb\nc\n", "@@ -2,0 +3 @@\n+c\n"),
        ("a\nb\nc\n", "a\nc\n", "@@ -2 +1,0 @@\n-b\n"),
        // Line ends count, and so does the lack of the last one.
        ("a\n", "a\r\n", "@@ -1 +1 @@\n-a\n+a\r\n"),
        (
            "a\n",
            "a",
            "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n",
        ),
        (
            "a",
            "a\nb",
            "@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n",
        ),
        // A lone carriage return ends no line.
        ("a\rb\n", "a\rc\n", "@@ -1 +1 @@\n-a\rb\n+a\rc\n"),
        ("😀\nש\n", "😀\nم\n", "@@ -2 +2 @@\n-ש\n+م\n"),
    ] {
        let expect = format!("--- old\n+++ new\n{expect}");
        assert_eq!(unified_of(old, new, 0), expect, "{old:?} {new:?}");
    }
}

#[test]
fn context_joins_changes_that_are_close() {
    let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let new = "1\n2\nx\n4\n5\n6\ny\n8\n9\n";
    let two = "@@ -2,3 +2,3 @@\n 2\n-3\n+x\n 4\n@@ -6,3 +6,3 @@\n 6\n-7\n+y\n 8\n";
    let one = "@@ -1,9 +1,9 @@\n 1\n 2\n-3\n+x\n 4\n 5\n 6\n-7\n+y\n 8\n 9\n";
    assert_eq!(unified_of(old, new, 1), format!("--- old\n+++ new\n{two}"));
    for context in [2, 3, usize::MAX] {
        assert_eq!(
            unified_of(old, new, context),
            format!("--- old\n+++ new\n{one}")
        );
    }
}

#[test]
fn hunks_have_lines_and_numbers() {
    let hunks = diff("a\nb\nc\nd\n", "a\nc\nd\ne", 1);
    let shown: Vec<_> = hunks
        .iter()
        .map(|hunk| {
            (
                hunk.old_first_line,
                hunk.old_lines(),
                hunk.new_first_line,
                hunk.new_lines(),
            )
        })
        .collect();
    assert_eq!(shown, [(1, 4, 1, 4)]);
    let lines: Vec<_> = hunks[0]
        .lines
        .iter()
        .map(|line| (line.change, line.text))
        .collect();
    assert_eq!(
        lines,
        [
            (LineChange::Context, "a\n"),
            (LineChange::Removed, "b\n"),
            (LineChange::Context, "c\n"),
            (LineChange::Context, "d\n"),
            (LineChange::Added, "e"),
        ]
    );
    assert_eq!(hunks[0].to_string().lines().next(), Some("@@ -1,4 +1,4 @@"));
}
