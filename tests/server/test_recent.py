"""A bounded memory by key."""

from server.recent import Recent


def test_the_value_that_was_kept_longest_ago_is_forgotten() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.keep("a", 1)
    recent.keep("b", 2)
    recent.keep("a", 3)
    recent.keep("c", 4)
    assert recent == {"a": 3, "c": 4}
