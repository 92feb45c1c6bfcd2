"""The moods of tags."""

from server.discovery.tags import tags_of
from server.feed.moods import MOODS, mood_of, tag_moods


def test_the_mood_with_most_tags_wins() -> None:
    assert mood_of(["dance", "math", "science"]) == "learn"
    assert mood_of(["dance", "math"]) == "loud", "the first mood of two"
    assert mood_of(["잔잔", "unknown"]) == "calm"
    assert mood_of(["unknown"]) == mood_of([]) == ""


def test_the_tags_are_written_as_they_are_compared() -> None:
    table = tag_moods()
    assert set(table.values()) == set(MOODS) and len(table) > 150
    for tag in table:
        (read,) = tags_of(f"#{tag}")
        assert read.tag == tag
