"""Who may see a clip."""

from dataclasses import replace

import pytest

from server.clips.rights import Rights, is_listed, is_visible, is_wider
from server.storage.clip_record import ClipRecord

CLIP = ClipRecord(
    *("clip", "room", "p-creator", "p-sam", "", "", "published", "public", "viewer"),
    *(0, 0, 0, 0, 0, True, 1, "", 0.0),
)
CREATOR, CLIPPER, OTHER = Rights(creator=True), Rights(clipper=True), Rights()
MEMBER = Rights(member=True)


@pytest.mark.parametrize(
    ("state", "visibility", "seen"),
    [
        ("draft", "public", {"clipper"}),
        ("making", "public", {"clipper"}),
        ("waiting", "public", {"clipper", "creator"}),
        ("deleted", "public", set()),
        ("published", "public", {"clipper", "creator", "member", "other"}),
        ("published", "unlisted", {"clipper", "creator", "member", "other"}),
        ("published", "private", {"clipper", "creator", "member"}),
    ],
)
def test_who_sees_it(state: str, visibility: str, seen: set[str]) -> None:
    people = {"clipper": CLIPPER, "creator": CREATOR, "member": MEMBER, "other": OTHER}
    record = replace(CLIP, state=state, visibility=visibility)
    assert {name for name, rights in people.items() if is_visible(record, rights)} == seen


@pytest.mark.parametrize(
    ("clip", "live", "listed"),
    [
        ("public", "public", True),
        ("unlisted", "public", False),
        ("unlisted", "unlisted", True),
        ("private", "unlisted", False),
        ("private", "private", True),
        ("public", "private", True),
    ],
)
def test_the_list_of_a_live(clip: str, live: str, listed: bool) -> None:
    """The list is for people who may watch the live."""
    record = replace(CLIP, visibility=clip)
    assert is_listed(record, OTHER, live) is listed
    assert is_listed(record, CREATOR, live) and is_listed(record, CLIPPER, live)
    waiting = replace(record, state="waiting")
    assert not is_listed(waiting, OTHER, live) and is_listed(waiting, CREATOR, live)
    assert not is_listed(replace(record, state="deleted"), CREATOR, live)


def test_wider() -> None:
    assert is_wider("public", "unlisted") and is_wider("unlisted", "private")
    assert not is_wider("private", "private") and not is_wider("private", "public")
