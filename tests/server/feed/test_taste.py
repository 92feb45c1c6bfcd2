"""What a taste learns, forgets and keeps."""

import json
import re
from pathlib import Path

import pytest

from server.feed import taste as module
from server.feed.taste import (
    HALF_LIFE,
    MAX_BYTES,
    MAX_CREATORS,
    MAX_GUEST_BYTES,
    MAX_TAGS,
    MOST,
    Taste,
    liking,
)

NOW = 1_800_000_000.0


def _watch(taste: Taste, tag: str, seconds: float, times: int = 1, creator: str = "") -> None:
    for index in range(times):
        taste.watched(creator or f"{tag} {index}", [(tag, 1.0)], "calm", seconds, NOW, 20)


def test_longer_views_say_more() -> None:
    says = [liking(seconds) for seconds in (0, 2.9, 3, 7.9, 8, 30, 100, 1e9)]
    assert says == sorted(says)
    assert liking(2.9) < 0 < liking(8)
    assert liking(1e9) == MOST


def test_a_viewer_likes_what_the_viewer_stays_with() -> None:
    taste = Taste()
    assert not taste
    _watch(taste, "ramen", 120, 4)
    _watch(taste, "golf", 1, 4)
    assert taste
    assert taste.tags()["ramen"] > 0.2
    assert taste.tags()["golf"] < -0.2


def test_the_tag_that_explains_a_view_gets_the_credit() -> None:
    taste = Taste()
    for index in range(10):
        taste.watched(f"cook {index}", [("ramen", 1.0), ("live", 1.0)], "", 100, NOW)
        taste.watched(f"golfer {index}", [("golf", 1.0), ("live", 1.0)], "", 1, NOW)
    tags = taste.tags()
    assert tags["ramen"] > abs(tags["live"]) + 0.1
    assert tags["golf"] < -abs(tags["live"]) - 0.1


def test_a_creator_is_liked_beyond_the_tags() -> None:
    taste = Taste()
    _watch(taste, "ramen", 2, 5)
    _watch(taste, "ramen", 300, 5, creator="best cook")
    assert taste.creators()["best cook"] > 0.2 > taste.creators()["ramen 0"]


def test_moods_belong_to_a_part_of_the_day() -> None:
    taste = Taste()
    for index in range(5):
        taste.watched(f"a{index}", [], "calm", 300, NOW, 22)
        taste.watched(f"b{index}", [], "calm", 1, NOW, 8)
        taste.watched(f"c{index}", [], "no mood", 300, NOW, 8)
    assert taste.moods(20)["calm"] > 0 > taste.moods(9)["calm"]
    assert taste.moods(None) == {}
    assert set(taste.moods(8)) == {"calm"}


def test_old_views_count_less() -> None:
    taste = Taste()
    _watch(taste, "ramen", 200, 5)
    before = taste.tags()["ramen"]
    taste.watched("other", [], "", 5, NOW + HALF_LIFE)
    assert taste.tags()["ramen"] == pytest.approx(before / 2, rel=0.01)
    taste.watched("other", [], "", 5, NOW + 20 * HALF_LIFE)
    assert "ramen" not in taste.tags()


def test_a_clock_that_goes_back_changes_nothing() -> None:
    taste = Taste()
    _watch(taste, "ramen", 200, 5)
    before = taste.tags()["ramen"]
    taste.watched("other", [], "", 5, NOW - HALF_LIFE)
    assert taste.tags()["ramen"] == before


def test_what_is_kept_is_bounded() -> None:
    taste = Taste()
    _watch(taste, "ramen", 300, 9)
    for index in range(500):
        tag = f"태그{index}" * 5
        taste.watched(f"creator {index:020}", [(tag, 1.0)], "loud", 9, NOW, index % 24)
    assert len(taste.tags()) == MAX_TAGS
    assert len(taste.creators()) == MAX_CREATORS
    assert "ramen" in taste.tags()  # The weakest are forgotten.
    for limit in (MAX_BYTES, MAX_GUEST_BYTES, 100):
        text = taste.to_json(limit)
        assert len(text.encode()) <= limit
        assert Taste.from_json(text, NOW)._parts.keys() == taste._parts.keys()
    assert "ramen" in taste.to_json(MAX_GUEST_BYTES)
    taste.watched("x" * 10_000, [("y" * 10_000, 1.0)], "calm", 9, NOW)
    assert all(len(key) < 100 for key in (*taste.tags(), *taste.creators()))


def test_a_taste_survives_json() -> None:
    taste = Taste()
    _watch(taste, "라면", 200, 3)
    _watch(taste, "golf", 1, 2)
    again = Taste.from_json(taste.to_json(), NOW)
    assert again.tags() == pytest.approx(taste.tags(), abs=0.01)
    assert again.creators() == pytest.approx(taste.creators(), abs=0.01)
    assert again.moods(20) == pytest.approx(taste.moods(20), abs=0.01)
    assert not Taste.from_json(Taste().to_json(), NOW)


GOOD = {"v": 1, "at": NOW, "t": {"ramen": [2, 0.5]}, "c": {}, "m": {}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 2_000,
        "x" * (MAX_BYTES + 1),
        json.dumps({**GOOD, "v": 2}),
        json.dumps({**GOOD, "more": 1}),
        json.dumps({**GOOD, "at": NOW + 86_400}),
        json.dumps({**GOOD, "at": -1}),
        json.dumps({**GOOD, "at": "now"}),
        json.dumps({**GOOD, "at": True}),
        json.dumps({**GOOD, "at": float("nan")}),
        json.dumps({**GOOD, "t": []}),
        json.dumps({**GOOD, "t": {"": [1, 0]}}),
        json.dumps({**GOOD, "t": {"x" * 65: [1, 0]}}),
        json.dumps({**GOOD, "t": {"\ud800": [1, 0]}}),
        json.dumps({**GOOD, "t": {"ramen": 1}}),
        json.dumps({**GOOD, "t": {"ramen": [1]}}),
        json.dumps({**GOOD, "t": {"ramen": [1, None]}}),
        json.dumps({**GOOD, "t": {"ramen": [1, 10**400]}}),
        json.dumps({**GOOD, "t": {"ramen": [1, float("inf")]}}),
        json.dumps({**GOOD, "t": {"ramen": [-1, 0]}}),
        json.dumps({**GOOD, "t": {"ramen": [1, 50]}}),
        json.dumps({**GOOD, "c": {str(index): [1, 0] for index in range(MAX_CREATORS + 1)}}),
    ],
)
def test_what_is_not_a_taste_is_refused(text: str) -> None:
    assert Taste.from_json(json.dumps(GOOD), NOW)
    with pytest.raises(ValueError, match="taste"):
        Taste.from_json(text, NOW)


def test_the_browser_of_a_guest_learns_the_same() -> None:
    """tests/js/feed/guest_taste.test.mjs compares what the two learn from the same views."""
    page = Path(module.__file__).parents[2] / "web/js/feed/guest_taste.js"
    text = page.read_text(encoding="utf-8")

    def number(name: str) -> float:
        found = re.search(rf"\b{name} = (-?[\d._]+)", text)
        assert found, name
        return float(found[1])

    priors, limits = (re.search(rf"{name} = .*", text) for name in ("PRIOR", "LIMITS"))
    assert priors and limits
    for found, values in ((priors[0], module.PRIOR), (limits[0], module.LIMITS)):
        pairs = re.findall(r"(\w): ([\d.]+)", found)
        assert {part: float(value) for part, value in pairs} == values
    for name in ("NOISE", "USUAL", "MAX_MEAN"):
        assert number(name) == getattr(module, name), name
    assert number("MAX_BYTES") == MAX_GUEST_BYTES
