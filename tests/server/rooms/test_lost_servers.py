"""When a server counts as lost. Only the observer's clock decides."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from server.rooms.lost_servers import LOST_AFTER, MAX_PAUSE, RENEW_EVERY, LostServers, Observation
from server.storage.errors import StorageUnavailable
from server.storage.rooms import RoomRecord, RoomStore
from server.storage.server_leases import ServerLeaseStore
from server.storage.storage import Storage
from tests.fixtures.social import Clock

ROOM = RoomRecord("live", "Morning run", b"\0", 100.0, live_at=110.0)


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


def watch(observation: Observation, seconds: float, now: float, renewals: int) -> float:
    """Observes a server whose lease does not change. Returns the time of the last observation."""
    end = now + seconds
    while now + RENEW_EVERY <= end:
        now += RENEW_EVERY
        assert observation.observe({"other": renewals}, now) == {}
    return now


def test_a_lease_that_does_not_change() -> None:
    observation = Observation()
    now = watch(observation, LOST_AFTER, 0.0, 5)
    assert observation.observe({"other": 5}, now + RENEW_EVERY) == {"other": LOST_AFTER}


def test_a_lease_that_changes_at_last() -> None:
    observation = Observation()
    now = watch(observation, LOST_AFTER, 0.0, 5)
    now = watch(observation, LOST_AFTER, now, 6)
    assert observation.observe({}, now + RENEW_EVERY) == {}


def test_a_pause_of_the_observer_begins_anew() -> None:
    """The database was away: no server could renew its lease."""
    observation = Observation()
    now = watch(observation, LOST_AFTER, 0.0, 5)
    now += MAX_PAUSE + 1
    assert observation.observe({"other": 5}, now) == {}
    now = watch(observation, LOST_AFTER - RENEW_EVERY, now, 5)
    assert observation.observe({"other": 5}, now + RENEW_EVERY) == {"other": LOST_AFTER}


async def test_the_rooms_of_a_lost_server_end(storage: Storage) -> None:
    """They are open again if the server returns."""
    clock = Clock(0.0)
    observer = LostServers(ServerLeaseStore(storage.database, "mine"), list, clock)
    lost = LostServers(ServerLeaseStore(storage.database, "other"), lambda: ["live"], clock)
    rooms = RoomStore(storage.database, "other")
    await rooms.add(ROOM)
    await lost.check()
    while clock.now < LOST_AFTER:
        await observer.check()
        assert await rooms.unended() == [replace(ROOM, server="other")]
        clock.now += RENEW_EVERY
    await observer.check()
    assert await rooms.unended() == []
    await lost.check()
    assert await rooms.unended() == [replace(ROOM, server="other")]


async def test_an_observer_that_cannot_write_ends_nothing(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others cannot renew their leases then, although their rooms are live."""
    clock = Clock(0.0)
    store = ServerLeaseStore(storage.database, "mine")
    observer = LostServers(store, list, clock)
    await RoomStore(storage.database, "other").add(ROOM)
    await observer.check()
    with monkeypatch.context() as patch:

        async def fail(_: object) -> bool:
            raise StorageUnavailable("away", 1.0)

        patch.setattr(store, "renew", fail)
        while clock.now < LOST_AFTER + MAX_PAUSE:
            clock.now += RENEW_EVERY
            with pytest.raises(StorageUnavailable):
                await observer.check()
    await observer.check()
    assert len(await RoomStore(storage.database, "other").unended()) == 1


async def test_a_server_that_is_alone_needs_no_lease(storage: Storage) -> None:
    alone = LostServers(storage.server_leases, list)
    alone.start()
    assert alone._task is None
    await alone.close()
