//! Which changes of two sides go together, and which are a conflict.

use aiconfig_domain::merge::{Chunk, ChunkKind, three_way};

const BASE: &str = "1\n2\n3\n4\n5\n";

/// The merged text, or each conflict as the first line and the text of base, ours and theirs.
type Outcome<'t> = Result<&'t str, &'t [[(usize, &'t str); 3]]>;

fn check(base: &str, ours: &str, theirs: &str, expect: Outcome<'_>) {
    let merge = three_way(base, ours, theirs);
    let conflicts: Vec<[(usize, &str); 3]> = merge
        .conflicts()
        .map(|conflict| {
            [conflict.base, conflict.ours, conflict.theirs].map(|span| (span.first_line, span.text))
        })
        .collect();
    let text = merge.text();
    assert_eq!(text.is_none(), !conflicts.is_empty());
    let outcome = text.as_deref().ok_or(&conflicts[..]);
    assert_eq!(outcome, expect, "{base:?} {ours:?} {theirs:?}");
}

#[test]
fn clean() {
    check(BASE, BASE, BASE, Ok(BASE));
    check("", "", "", Ok(""));
    // One side alone.
    check(BASE, "1\n2\nx\n4\n5\n", BASE, Ok("1\n2\nx\n4\n5\n"));
    check(BASE, BASE, "", Ok(""));
    check("", "a", "", Ok("a"));
    // Both sides, a line apart.
    check(
        BASE,
        "x\n2\n3\n4\n5\n",
        "1\n2\n3\n4\ny\n",
        Ok("x\n2\n3\n4\ny\n"),
    );
    check(
        BASE,
        "1\nx\n3\n4\n5\n",
        "1\n2\n3\ny\n5\n",
        Ok("1\nx\n3\ny\n5\n"),
    );
    check(
        BASE,
        "0\n1\n2\n3\n4\n5\n",
        "1\n2\n3\n4\n5\n6\n",
        Ok("0\n1\n2\n3\n4\n5\n6\n"),
    );
    check(BASE, "2\n3\n4\n5\n", "1\n2\n3\n4\n", Ok("2\n3\n4\n"));
    check(
        BASE,
        "1\n3\n4\n5\n",
        "1\n2\n3\n3a\n3b\n4\n5\n",
        Ok("1\n3\n3a\n3b\n4\n5\n"),
    );
    // Both sides the same.
    check(BASE, "1\nx\n5\n", "1\nx\n5\n", Ok("1\nx\n5\n"));
    check("", "a\n", "a\n", Ok("a\n"));
    check(BASE, "", "", Ok(""));
    // The same here, one side there.
    check(
        BASE,
        "x\n2\n3\n4\n5\n",
        "x\n2\n3\n4\ny",
        Ok("x\n2\n3\n4\ny"),
    );
    // Bytes are kept.
    check(
        "a\r\nb\r\nc",
        "A\r\nb\r\nc",
        "a\r\nb\r\nש😀",
        Ok("A\r\nb\r\nש😀"),
    );
}

#[test]
fn conflicts() {
    check(
        BASE,
        "1\nx\n3\n4\n5\n",
        "1\ny\nz\n3\n4\n5\n",
        Err(&[[(2, "2\n"), (2, "x\n"), (2, "y\nz\n")]]),
    );
    // A changed line that the other side removed.
    check(
        BASE,
        "1\nx\n3\n4\n5\n",
        "1\n3\n4\n5\n",
        Err(&[[(2, "2\n"), (2, "x\n"), (2, "")]]),
    );
    // Changes that touch.
    check(
        BASE,
        "1\nx\n3\n4\n5\n",
        "1\n2\ny\n4\n5\n",
        Err(&[[(2, "2\n3\n"), (2, "x\n3\n"), (2, "2\ny\n")]]),
    );
    // New lines at the same place.
    check("", "a\n", "b\n", Err(&[[(1, ""), (1, "a\n"), (1, "b\n")]]));
    check(
        BASE,
        "1\n2\n3\n4\n5\n6\n",
        "1\n2\n3\n4\n5\n7\n",
        Err(&[[(6, ""), (6, "6\n"), (6, "7\n")]]),
    );
    // Line numbers go with each text.
    check(
        BASE,
        "0\n1\n2\n3\nx\n5\n",
        "1\n2\n3\ny\n5\n",
        Err(&[[(4, "4\n"), (5, "x\n"), (4, "y\n")]]),
    );
    // Two of them, with a clean change between.
    check(
        "1\n2\n3\n4\n5\n",
        "a\n2\nc\n4\ne\n",
        "A\n2\n3\n4\n",
        Err(&[
            [(1, "1\n"), (1, "a\n"), (1, "A\n")],
            [(5, "5\n"), (5, "e\n"), (5, "")],
        ]),
    );
    // Line ends alone are a change of every line.
    check(
        "a\nb\n",
        "a\r\nb\r\n",
        "a\nc\n",
        Err(&[[(1, "a\nb\n"), (1, "a\r\nb\r\n"), (1, "a\nc\n")]]),
    );
}

#[test]
fn chunks_say_who_changed_what() {
    use ChunkKind::{Both, Conflict, Ours, Theirs, Unchanged};
    let merge = three_way(
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
        "1\nA\n3\n4\n5\nB\n7\nC\n9\n",
        "1\n2\n3\nD\n5\nB\n7\nE\n9\n",
    );
    let kinds: Vec<ChunkKind> = merge.chunks.iter().map(|chunk| chunk.kind).collect();
    assert_eq!(
        kinds,
        [
            Unchanged, Ours, Unchanged, Theirs, Unchanged, Both, Unchanged, Conflict, Unchanged
        ]
    );
    let merged: Vec<Option<&str>> = merge.chunks.iter().map(Chunk::merged).collect();
    assert_eq!(merged[1], Some("A\n"));
    assert_eq!(merged[3], Some("D\n"));
    assert_eq!(merged[5], Some("B\n"));
    assert_eq!(merged[7], None);
    let base: Vec<&str> = merge.chunks[4].base.lines().collect();
    assert_eq!(base, ["5\n"]);
}
