"""The orders that know nothing of the viewer's taste."""

from server.feed.features import Viewer
from server.feed.modes import by_follows, by_time, by_viewers
from tests.server.feed.candidates import NOW, live

ITEMS = [
    live(0, began=NOW - 50, viewers=5),
    live(1, began=NOW - 10, viewers=5),
    live(2, began=NOW - 90, viewers=50),
    live(3, kind="clip", began=NOW - 5, viewers=0),
]


def test_chronological() -> None:
    assert [found.item for found in by_time(ITEMS, Viewer())] == [ITEMS[i] for i in (3, 1, 0, 2)]


def test_most_watched() -> None:
    assert [found.item for found in by_viewers(ITEMS, Viewer())] == [ITEMS[i] for i in (2, 1, 0, 3)]


def test_only_follows() -> None:
    viewer = Viewer(follows=frozenset({"creator 3", "creator 0", "creator 1"}))
    assert [found.item for found in by_follows(ITEMS, viewer)] == [ITEMS[i] for i in (1, 0, 3)]
    assert by_follows(ITEMS, Viewer()) == []


def test_hidden_creators_never_appear() -> None:
    viewer = Viewer(follows=frozenset({"creator 1"}), hidden=frozenset({"creator 1"}))
    for mode in (by_time, by_viewers, by_follows):
        assert all(found.item.creator != "creator 1" for found in mode(ITEMS, viewer))
