"""The moderation of one room in memory: data that it reads and forgets, and early refusals."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from relay.errors import RefusalCode
from server.people.person import ANONYMOUS
from server.rooms.moderation import RoomModeration
from server.rooms.part import RoomContext
from server.social.author import Role
from server.social.room_settings import RoomSettings, read_room_settings
from server.social.shield import DURATION, Shield, ShieldEvent
from server.storage.keys import hash_key
from server.storage.moderation_log import LogRecord
from server.storage.rooms import RoomRecord
from server.storage.schema.people import follow
from server.storage.storage import Storage
from tests.fixtures.channel import Timers, Watcher, make_channel
from tests.fixtures.social import KEY, MINJI, SAM, Clock, author, events_of, make_context


class Place:
    """A room of 민지 with one viewer."""

    def __init__(self, storage: Storage | None, settings: str = "{}") -> None:
        self.clock, self.timers, self.watcher = Clock(), Timers(), Watcher()
        channel = make_channel(timers=self.timers)
        channel.subscribe(self.watcher)
        self.record = RoomRecord(
            "abc", "A title", hash_key(KEY), self.clock.now, owner=MINJI.id, settings=settings
        )
        self.context: RoomContext = make_context(
            storage, channel=channel, clock=self.clock, record=self.record
        )
        self.moderation = RoomModeration(self.context)

    def log(self) -> LogRecord:
        return LogRecord("abc", self.clock.now, MINJI.id, "test")

    def events(self) -> list[dict[str, Any]]:
        self.timers.go_off()
        events = events_of(self.watcher)
        self.watcher.messages.clear()
        return events

    def code(self, **fields: Any) -> RefusalCode | None:
        verdict = self.moderation.refuse_early(author(SAM, **fields), self.clock.now)
        return verdict.code if verdict else None


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def place(storage: Storage) -> AsyncIterator[Place]:
    place = Place(storage)
    await storage.rooms.add(place.record)
    yield place
    await place.moderation.close()


async def test_roles(place: Place, storage: Storage) -> None:
    assert await place.moderation.role_of(MINJI) is Role.CREATOR
    assert await place.moderation.role_of(SAM) is Role.GUEST
    assert await place.moderation.role_of(ANONYMOUS) is Role.GUEST

    async def add(connection: Any) -> None:
        await connection.execute(
            follow.insert().values(follower=SAM.id, followed=MINJI.id, at=place.clock.now)
        )

    await storage.database.write(add)
    assert await place.moderation.role_of(SAM) is Role.GUEST
    place.clock.go_on(3)
    assert await place.moderation.role_of(SAM) is Role.KNOWN
    await storage.moderators.add(MINJI.id, place.log(), SAM.id)
    place.context.changes.announce(MINJI.id)
    assert await place.moderation.role_of(SAM) is Role.MODERATOR


async def test_decisions_hold_after_they_are_announced(place: Place, storage: Storage) -> None:
    await place.moderation.refresh()
    await storage.mutes.add(MINJI.id, place.log(), SAM.id, place.clock.now + 60)
    assert place.code() is None
    place.context.changes.announce(MINJI.id)
    await place.moderation.refresh()
    assert place.code() is RefusalCode.MUTED
    place.clock.go_on(60)
    assert place.code() is None


async def test_without_storage_nothing_is_refused_early_and_roles_are_those_of_guests() -> None:
    place = Place(None)
    assert await place.moderation.role_of(SAM) is Role.GUEST
    assert place.code() is None
    assert place.moderation.likely_role(author(SAM)) is Role.MODERATOR
    await place.moderation.close()


async def test_strangers_are_refused_early_by_the_shield(place: Place) -> None:
    """People of whom nothing is known yet are not refused early."""
    await place.moderation.refresh()
    place.moderation.state.shield = Shield().after(ShieldEvent.RAISE, place.clock.now)
    assert place.code() is None
    assert place.moderation.likely_role(author(SAM)) is Role.KNOWN
    await place.moderation.role_of(SAM)
    assert place.code() is RefusalCode.KNOWN_ONLY
    assert place.moderation.likely_role(author(SAM)) is Role.GUEST
    place.clock.go_on(31)
    assert place.code() is None


async def test_a_muted_stranger_is_refused_early_however_long_ago_storage_was_read(
    place: Place, storage: Storage
) -> None:
    await storage.mutes.add(MINJI.id, place.log(), SAM.id, place.clock.now + 600)
    await place.moderation.role_of(SAM)
    assert place.code() is RefusalCode.MUTED
    place.clock.go_on(31)
    assert place.code() is RefusalCode.MUTED


async def test_the_shield_is_lowered_by_itself(storage: Storage) -> None:
    """This happens after a restart, too. The settings from before the shield then apply again."""
    clock = Clock()
    shield = Shield().after(ShieldEvent.RAISE, clock.now)
    place = Place(storage, RoomSettings(shield=shield).to_json())
    await storage.rooms.add(place.record)
    (event,) = place.events()
    assert (event["type"], event["known_only"], event["joins"]) == ("chat_settings", True, False)
    place.clock.go_on(DURATION)
    (event,) = place.events()
    assert (event["known_only"], event["joins"]) == (False, True)
    assert event["shield"] == {"on": False, "until": None}
    await place.moderation.close()
    stored = await storage.rooms.find("abc")
    assert stored and read_room_settings(stored.settings) == RoomSettings()


async def test_the_default_settings_are_not_sent(place: Place) -> None:
    await place.moderation.refresh()
    assert place.events() == []


async def test_the_salt_ends_with_the_live(place: Place, storage: Storage) -> None:
    one = place.moderation.networks.hash("192.0.2.1")
    assert one == place.moderation.networks.hash("192.0.2.1")
    assert place.moderation.networks.hash("") == ""
    place.clock.go_on(90_000)
    assert one != place.moderation.networks.hash("192.0.2.1")
    salt = RoomSettings(salt=place.moderation.networks.salt).to_json()
    await storage.bans.add(
        MINJI.id,
        place.log(),
        SAM.id,
        ("b1", "b2"),
        for_good=True,
        network=place.moderation.networks.hash("192.0.2.1"),
        network_until=place.clock.now + 100,
        settings=salt,
    )
    place.context.changes.announce(MINJI.id)
    await place.moderation.refresh()
    assert place.moderation.is_banned(SAM.id)
    await place.moderation.conclude()
    record = await storage.moderation.load(MINJI.id, "abc", place.clock.now)
    assert record and record.bans.networks == {} and record.settings == "{}"
    assert record.bans.people == {SAM.id: None}


async def test_a_ban_by_the_operator_ends_the_rooms_of_the_owner(storage: Storage) -> None:
    ended: list[bool] = []
    place = Place(storage)
    await storage.rooms.add(place.record)
    place.context.end = lambda: ended.append(True)
    await storage.bans.add_by_operator(MINJI.id, "b", place.clock.now, None, "")
    await place.moderation.refresh()
    assert ended == [True]
    await place.moderation.close()


async def test_a_new_person_is_a_stranger_without_a_look_into_storage(place: Place) -> None:
    await place.moderation.refresh()
    place.moderation.standings.note_stranger(SAM.id)
    assert place.moderation.likely_role(author(SAM)) is Role.GUEST
    place.moderation.state.shield = Shield().after(ShieldEvent.RAISE, place.clock.now)
    assert place.code() is RefusalCode.KNOWN_ONLY
