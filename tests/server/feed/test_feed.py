"""The order of a page, beyond the ranking."""

from server.feed.candidates import mark
from server.feed.cursor import APART
from server.feed.features import Candidate
from server.feed.feed import apart
from server.feed.reasons import Ranked


def ranked(creators: str) -> list[Ranked]:
    return [
        Ranked(Candidate(kind="live", item=f"{at}", creator=creator), 0.0, ())
        for at, creator in enumerate(creators)
    ]


def creators(found: list[Ranked]) -> str:
    return "".join(one.item.creator for one in found)


def test_no_creator_comes_twice_in_five() -> None:
    found = creators(apart(ranked("aaabbbcccdddeeefff"), []))
    for at in range(12):
        near = found[at : at + APART + 1]
        assert len(set(near)) == len(near) == APART + 1
    assert found.startswith("abcdea")


def test_the_items_before_count_too() -> None:
    before = [mark("creator", who) for who in "xab"]
    assert creators(apart(ranked("abcd"), before)) == "cdab"


def test_few_creators_are_mixed_as_well_as_possible() -> None:
    assert creators(apart(ranked("aaa"), [])) == "aaa"
    assert creators(apart(ranked("aab"), [mark("creator", "a")])) == "baa"
    assert apart([], []) == []
