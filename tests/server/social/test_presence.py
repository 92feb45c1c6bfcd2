"""Who watches: reconnections, several tabs, players without a page."""

import random

from server.social.presence import Presence, Watching


def test_a_person_with_two_tabs_counts_once() -> None:
    presence = Presence()
    assert presence.join(1, "a", True) and not presence.join(2, "a", True)
    assert presence.join(3, "b", True)
    assert presence.measure(0) == Watching(2, 2, 2)
    presence.leave(1)
    assert presence.measure(0) == Watching(2, 2, 2)
    presence.leave(2)
    assert presence.measure(0) == Watching(1, 2, 2)


def test_a_reconnection_changes_nothing() -> None:
    """This holds if the new connection comes before the end of the old one, or after it."""
    presence = Presence()
    presence.join(1, "a", True)
    assert not presence.join(2, "a", True)
    presence.leave(1)
    presence.leave(2)
    assert not presence.join(3, "a", True)
    assert presence.measure(0) == Watching(1, 1, 1)


def test_a_hidden_tab_without_media_still_counts() -> None:
    presence = Presence()
    presence.join(1, "a", True)
    presence.leave(1)
    presence.join(2, "a", False)
    assert presence.measure(0) == Watching(1, 1, 1)


def test_players_beside_the_page() -> None:
    """A page that plays from WHEP has a connection without media; a program may have none."""
    presence = Presence()
    presence.join(1, "a", False)
    assert presence.measure(1) == Watching(1, 1, 1)
    assert presence.measure(3) == Watching(3, 3, 3)
    presence.join(2, "b", True)
    assert presence.measure(3) == Watching(4, 4, 4)


def test_programs_without_a_person() -> None:
    presence = Presence()
    for viewer in (1, 2):
        presence.join(viewer, None, True)
    presence.join(3, None, False)
    assert presence.measure(0) == Watching(2, 2, 2)
    presence.leave(1)
    presence.leave(3)
    presence.join(4, None, True)
    assert presence.measure(0) == Watching(2, 2, 2)
    presence.leave(9)
    presence.leave(2)
    presence.leave(4)
    assert presence.measure(0) == Watching(0, 2, 2)


def test_before_the_live_there_is_no_peak() -> None:
    presence = Presence()
    presence.join(1, "a", True)
    assert presence.measure(0, on_air=False) == Watching(1, 0, 1)


def test_after_a_restart_the_viewers_come_back() -> None:
    presence = Presence(peak=5, people=7)
    presence.join(1, "a", True)
    assert presence.measure(0) == Watching(1, 5, 7)
    for number in range(9):
        presence.join(10 + number, f"p-{number}", True)
    assert presence.measure(0) == Watching(10, 10, 10)


def test_any_order_of_joins_and_leaves() -> None:
    """The figures are those of the open connections. Nothing remains of the others."""
    chance = random.Random(5)
    presence, connections = Presence(), dict[int, tuple[str | None, bool]]()
    for viewer in range(3_000):
        person = None if chance.random() < 0.1 else f"p-{chance.randrange(40)}"
        media = chance.random() < 0.7
        presence.join(viewer, person, media)
        connections[viewer] = person, media
        while len(connections) > chance.randrange(1, 60):
            left = chance.choice(list(connections))
            presence.leave(left)
            del connections[left]
        people = {person for person, _ in connections.values() if person}
        nameless = sum(person is None and media for person, media in connections.values())
        assert presence.measure(0).viewers == len(people) + nameless
    for viewer in list(connections):
        presence.leave(viewer)
    assert not presence._with_media and not presence._without_media and not presence._connections
