//! How far the platform's text has gone on.

use aiconfig_domain::merge::behind_by;

#[test]
fn versions_whose_text_differs_are_counted() {
    let history = [(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "a"), (6, "c")];
    for (based_on, behind) in [
        (0, 4),
        (1, 3),
        (2, 3),
        (3, 2),
        (4, 2),
        (5, 1),
        (6, 0),
        (9, 0),
    ] {
        assert_eq!(behind_by(based_on, history), behind, "{based_on}");
    }
}

#[test]
fn a_history_may_begin_anywhere() {
    assert_eq!(behind_by::<&str>(0, []), 0);
    // The text of version 1 is not known: version 2 counts.
    assert_eq!(behind_by(1, [(2, "a"), (3, "a"), (5, "b")]), 2);
    assert_eq!(behind_by(3, [(2, "a"), (3, "a"), (5, "a")]), 0);
}
