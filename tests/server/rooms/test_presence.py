"""The events and the stored figures of presence."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest_asyncio

from server.people.person import Person
from server.rooms.life import State
from server.rooms.presence import JOINED_EVERY, STORE_EVERY, RoomPresence
from server.storage.storage import Storage
from tests.fixtures.channel import Watcher, make_channel
from tests.fixtures.social import MINJI, SAM, Clock, events_of, make_context, no_storage


class Watched:
    """A room with a viewer that keeps its events."""

    def __init__(self, storage: Storage | None = None, owner: str | None = None) -> None:
        self.clock, self.watcher = Clock(), Watcher()
        self.channel = make_channel(timers=self.clock)
        self.channel.subscribe(self.watcher, media=False)
        context = make_context(storage or no_storage(), channel=self.channel, clock=self.clock)
        context.record = replace(context.record, owner=owner)
        self.context = context
        self.shows_joins = True
        self.presence = RoomPresence(context, lambda: self.shows_joins)

    def go_live(self) -> None:
        self.presence.state_changed(State.IDLE, State.LIVE)

    def join(self, viewer: int, person: Person | None, media: bool = True) -> None:
        if person:
            self.context.meet(person)
        self.presence.viewer_joined(viewer, person.id if person else None, media)

    def events(self, kind: str) -> list[dict[str, Any]]:
        self.clock.go_on(0.2)
        found = [event for event in events_of(self.watcher) if event["type"] == kind]
        return found


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


def test_few_events_tell_the_figures() -> None:
    """There is at most one event a second, however many people come, and none without a change."""
    room = Watched()
    room.go_live()
    for number in range(300):
        room.join(number, Person(f"p-{number}", "", 0))
        room.clock.go_on(0.01)
    room.clock.go_on(5)
    events = room.events("presence")
    assert 3 <= len(events) <= 5
    assert events[-1] == {"type": "presence", "viewers": 300, "peak": 300, "people": 300}
    room.join(1_000, Person("p-1", "", 0))
    room.clock.go_on(5)
    assert room.events("presence") == events


def test_a_reconnection_is_not_seen() -> None:
    room = Watched()
    room.go_live()
    room.join(1, MINJI)
    room.clock.go_on(2)
    before = room.events("presence")
    room.presence.viewer_left(1)
    room.clock.go_on(0.1)
    room.join(2, MINJI)
    room.clock.go_on(5)
    assert room.events("presence") == before and len(room.events("joined")) == 1


def test_joins_are_sampled() -> None:
    """The first join is sent at once, then one event in three seconds. No person joins twice."""
    room = Watched()
    room.join(1, SAM)
    room.clock.go_on(5)
    assert room.events("joined") == []
    room.go_live()
    room.join(2, MINJI)
    assert room.events("joined") == [{"type": "joined", "names": ["민지"], "others": 0}]
    for number in range(100):
        room.join(10 + number, Person(f"p-{number}", f"name {number}", 0))
    room.join(200, SAM)
    assert len(room.events("joined")) == 1
    room.clock.go_on(JOINED_EVERY)
    first, second = room.events("joined")
    assert len(second["names"]) == 1 and second["others"] == 99
    room.shows_joins = False
    room.join(300, Person("p-late", "late", 0))
    room.clock.go_on(JOINED_EVERY)
    assert len(room.events("joined")) == 2


def test_the_owner_is_no_viewer() -> None:
    room = Watched(owner=MINJI.id)
    room.go_live()
    room.join(1, MINJI, media=False)
    room.join(2, SAM)
    room.clock.go_on(2)
    assert room.events("presence")[-1]["viewers"] == 1
    assert [event["names"] for event in room.events("joined")] == [["Sam"]]
    room.presence.viewer_left(1)


async def test_the_figures_are_stored_for_a_restart(storage: Storage) -> None:
    room = Watched(storage)
    await storage.rooms.add(room.context.record)
    room.go_live()
    for number in range(3):
        room.join(number, Person(f"p-{number}", "", 0))
    room.clock.go_on(STORE_EVERY + 2)
    await room.presence.close()
    record = await storage.rooms.find("abc")
    assert record and (record.peak, record.people) == (3, 3)
    again = RoomPresence(make_context(storage, record=record), lambda: True)
    assert (again.figures.peak, again.figures.people) == (3, 3)


async def test_storage_that_is_away_does_not_matter() -> None:
    room = Watched()
    room.go_live()
    room.join(1, SAM)
    room.clock.go_on(STORE_EVERY + 2)
    await room.presence.close()
    assert room.presence.figures.viewers == 1 and not room.clock.timers
