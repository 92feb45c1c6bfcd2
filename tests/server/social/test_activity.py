"""What people do in a live at present."""

import pytest

from server.social import activity
from server.social.activity import PER_NETWORK, Activity, RecentActivity
from server.social.usual_reactions import WITHIN


def watched_by(people: int, network: str = "") -> RecentActivity:
    """A live that so many people watch, each from a network of its own unless one is given."""
    recent = RecentActivity()
    for number in range(people):
        recent.connect(number, f"p-{number}", network or f"n-{number}")
    return recent


def test_distinct_people_of_the_last_seconds_count() -> None:
    recent = watched_by(4)
    for now in range(60):
        recent.react(f"p-{now % 4}", now)
    recent.join("p-1", "n-1", 0)
    recent.join("p-2", "n-2", 59)
    recent.reply("p-1", 0)
    recent.reply("p-1", 1)
    assert recent.measure(60) == Activity(watching=4, reacting=4, joined=1, replied=1)
    assert recent.measure(60).reactors_per_minute == 8
    assert recent.measure(88) == Activity(watching=4, reacting=1, joined=1, replied=1)
    assert recent.measure(700) == Activity(watching=4)


def test_the_usual_number_of_people_who_react_follows_slowly() -> None:
    recent = watched_by(6)
    assert recent.measure(0).usual == 0
    for now in range(1, 1_200):
        for number in range(6):
            recent.react(f"p-{number}", now)
        usual = recent.measure(now).usual
        assert (usual < 3) == (now <= WITHIN * 0.693)
    assert recent.measure(100.0).usual == pytest.approx(usual)  # the clock never goes back


def test_only_people_who_watch_react() -> None:
    recent = watched_by(1)
    recent.react("p-elsewhere", 0)
    recent.reply("p-elsewhere", 0)
    assert recent.measure(1) == Activity(watching=1)


def test_a_person_with_two_connections_counts_until_both_end() -> None:
    recent = RecentActivity()
    recent.connect(1, "p-1", "n-1")
    recent.connect(2, "p-1", "n-1")
    recent.connect(3, None, "")
    assert recent.measure(0).watching == 2
    for viewer in (1, 3, 3):
        recent.disconnect(viewer)
    assert recent.measure(0).watching == 1
    recent.disconnect(2)
    assert recent.measure(0).watching == 0


def test_few_people_of_a_network_count() -> None:
    recent = watched_by(1_000, "one network")
    for number in range(1_000):
        recent.react(f"p-{number}", 0)
        recent.join(f"p-{number}", "one network", 0)
    few = PER_NETWORK
    assert recent.measure(1) == Activity(watching=few, reacting=few, joined=few)
    for viewer in range(998):
        recent.disconnect(viewer)
    assert recent.measure(1).watching == 2
    recent.connect(2_000, "p-other", "another network")
    assert recent.measure(1).watching == 3


def test_the_number_of_people_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "MAX_PEOPLE", 3)
    recent = watched_by(11)
    for number in range(10):
        recent.react(f"p-{number}", number)
    assert recent.measure(10).reacting == 3
    recent.react("p-10", 40)
    assert recent.measure(40).reacting == 1


def test_a_deleted_person_is_forgotten() -> None:
    recent = watched_by(2)
    recent.react("p-1", 0)
    recent.join("p-1", "n-1", 0)
    recent.reply("p-1", 0)
    recent.forget("p-1")
    assert recent.measure(1) == Activity(watching=2)
