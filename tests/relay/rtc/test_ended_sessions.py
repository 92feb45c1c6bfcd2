"""Which sessions have ended within the last minute."""

from relay.rtc.ended_sessions import KEPT_FOR, MOST, EndedSessions


def test_a_session_is_remembered_for_a_minute() -> None:
    """In its room only; a second end does not prolong the time."""
    ended = EndedSessions()
    ended.add("a", "room", 0.0)
    ended.add("a", "room", 30.0)
    assert ended.has("a", "room", KEPT_FOR)
    assert not ended.has("a", "room", KEPT_FOR + 1)
    assert not ended.has("a", "another", 1.0) and not ended.has("b", "room", 1.0)


def test_few_sessions_are_remembered() -> None:
    """The oldest ones are forgotten first, and all that ended over a minute ago."""
    ended = EndedSessions()
    for number in range(MOST + 1):
        ended.add(str(number), "room", 0.0)
    assert len(ended._ended) == MOST
    assert not ended.has("0", "room", 0.0) and ended.has(str(MOST), "room", 0.0)
    ended.add("last", "room", KEPT_FOR + 1)
    assert list(ended._ended) == ["last"]
