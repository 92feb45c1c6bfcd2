"""Which tags trend."""

from server.discovery.trend import Use, trending, velocity

HOURS = 333


def tags(*uses: Use, most: int = 10) -> list[str]:
    return [trend.tag for trend in trending(uses, most)]


def test_a_tag_is_compared_with_its_own_past() -> None:
    """A tag that is always used much does not trend."""
    usual = Use("daily", recent=30, past=10 * HOURS, past_hours=HOURS)
    new = Use("new", recent=5, past=0, past_hours=HOURS)
    grown = Use("grown", recent=30, past=HOURS, past_hours=HOURS)
    assert tags(usual, new, grown) == ["grown", "new", "daily"]
    assert velocity(usual) < 1 < velocity(new)


def test_the_first_use_of_a_tag_is_no_trend() -> None:
    one = Use("one", recent=1, past=0, past_hours=HOURS)
    assert velocity(one) == 1.0
    assert tags(one, Use("two", 2, 0, HOURS)) == ["two", "one"]


def test_while_nothing_is_used_now_the_most_used_tags_are_shown() -> None:
    assert tags(Use("rare", 0, 1, HOURS), Use("often", 0, 9, HOURS), most=1) == ["often"]
    assert tags(Use("unused", 0, 0, HOURS)) == []


def test_no_hours() -> None:
    """The clock was set back, so that nothing is past."""
    assert velocity(Use("tag", 3, 0, 0)) == 3.0
