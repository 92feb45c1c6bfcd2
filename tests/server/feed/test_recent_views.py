"""What visitors saw last."""

from server.feed.features import Shown
from server.feed.recent_views import MAX_VIEWS, MAX_VISITORS, RecentViews


def test_the_latest_views_of_the_latest_visitors_are_kept() -> None:
    views = RecentViews()
    for number in range(MAX_VIEWS + 5):
        views.note("p-1", f"item {number}", float(number), skipped=number % 2 == 0)
    kept = views.of("p-1")
    assert len(kept) == MAX_VIEWS and "item 4" not in kept
    assert kept["item 6"] == Shown(6.0, True)
    for number in range(MAX_VISITORS):
        views.note(f"p-more-{number}", "item", 0.0, skipped=False)
    assert views.of("p-1") == {}


def test_views_are_forgotten() -> None:
    views = RecentViews()
    views.note("p-1", "item", 0.0, skipped=False)
    views.forget("p-1")
    views.forget("p-unknown")
    assert views.of("p-1") == {}


def test_views_that_another_server_has_forgotten_do_not_count() -> None:
    views = RecentViews()
    views.note("p-1", "before", 5.0, skipped=False)
    views.note("p-1", "after", 15.0, skipped=False)
    assert set(views.of("p-1", 10.0)) == {"after"}
