"""The items that each visitor saw last, as far as this server knows. Pure."""

from collections.abc import Mapping

from server.feed.features import Shown
from server.recent import Recent

MAX_VISITORS = 5_000
MAX_VIEWS = 40
"""Maximum number of views that are kept of one visitor."""


class RecentViews:
    """The latest views of the latest visitors."""

    def __init__(self) -> None:
        self._visitors: Recent[str, Recent[str, Shown]] = Recent(MAX_VISITORS)

    def note(self, visitor: str, item: str, at: float, *, skipped: bool) -> None:
        """Keeps a view. `at`: Unix seconds."""
        views = self._visitors.get(visitor) or Recent(MAX_VIEWS)
        views.keep(item, Shown(at, skipped))
        self._visitors.keep(visitor, views)

    def of(self, visitor: str, since: float = 0.0) -> Mapping[str, Shown]:
        """Returns the latest views of a visitor, by item. `since`: when the visitor had all views
        forgotten, perhaps at another server.
        """
        views: Mapping[str, Shown] = self._visitors.get(visitor, {})
        return {item: shown for item, shown in views.items() if shown.at > since}

    def forget(self, visitor: str) -> None:
        self._visitors.pop(visitor, None)
