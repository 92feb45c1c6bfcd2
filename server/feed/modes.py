"""The orders that know nothing of the viewer's taste. Pure."""

from collections.abc import Sequence

from server.feed.features import Candidate, Viewer
from server.feed.reasons import Ranked


def by_time(candidates: Sequence[Candidate], viewer: Viewer) -> list[Ranked]:
    """The mode `chronological`: the newest item first."""
    return _plain(sorted(_allowed(candidates, viewer), key=lambda item: -item.began))


def by_viewers(candidates: Sequence[Candidate], viewer: Viewer) -> list[Ranked]:
    """The mode `most_watched`: the item with most people first; of two, the newer one."""
    allowed = _allowed(candidates, viewer)
    return _plain(sorted(allowed, key=lambda item: (-item.viewers, -item.began)))


def by_follows(candidates: Sequence[Candidate], viewer: Viewer) -> list[Ranked]:
    """The mode `follows`: only creators whom the viewer follows; lives first, then the newest."""
    followed = [item for item in _allowed(candidates, viewer) if item.creator in viewer.follows]
    return _plain(sorted(followed, key=lambda item: (item.kind != "live", -item.began)))


def _allowed(candidates: Sequence[Candidate], viewer: Viewer) -> list[Candidate]:
    return [item for item in candidates if item.creator not in viewer.hidden]


def _plain(items: Sequence[Candidate]) -> list[Ranked]:
    """Returns the items in this order. They have neither points nor reasons."""
    return [Ranked(item, 0.0, ()) for item in items]
