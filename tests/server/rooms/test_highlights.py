"""The best moment of a live, from the reactions to the offer."""

import asyncio

import pytest

from relay.channel.owner import Notice
from relay.errors import RefusalCode
from server.errors import Forbidden
from server.rooms.commands.highlights import BestMoment, ReadHighlights
from server.rooms.highlights import (
    OFFER_EVERY,
    OFFER_FOR,
    SETTLED,
    STORE_EVERY,
    RoomHighlights,
)
from server.rooms.part import RoomContext
from server.rooms.reactions import RoomReactions
from server.social.author import Role
from server.storage.errors import StorageError
from server.storage.keys import hash_key
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from tests.fixtures.media import video_sample
from tests.fixtures.social import KEY, MINJI, SAM, Clock, author, make_context, requester

SECOND = 1_000_000
OWNER = "p-owner"


class Live:
    """A live that began 10 s after its room. `go_on` lets clock and media go on together."""

    def __init__(self, storage: Storage, *, at: int = 10, restored: bool = False) -> None:
        self.clock = Clock()
        self.created = self.clock.now - at
        record = RoomRecord(
            "abc", "", hash_key(KEY), self.created, live_at=self.created + 10, owner=OWNER
        )
        self.context: RoomContext = make_context(
            storage, clock=self.clock, record=record, restored=restored
        )
        self.part = RoomHighlights(self.context)
        self._publish()

    @property
    def second(self) -> int:
        return int(self.clock.now - self.created)

    def offer(self) -> BestMoment | None:
        return self.part.offer

    async def go_on(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.go_on(1)
            self._publish()
            if storing := self.part._storing:
                await storing
                await asyncio.sleep(0)

    def cheer(self, people: int) -> None:
        for number in range(people):
            self.part.react(f"p-{number}", self.context.edge)

    def _publish(self) -> None:
        self.context.channel.stream.publish(video_sample(self.second * 90_000, key=True))


async def test_the_best_moment_is_offered_once_it_has_settled(storage: Storage) -> None:
    live = Live(storage)
    await live.go_on(100)
    peak = live.second
    live.cheer(6)
    await live.go_on(SETTLED - 2)
    assert live.offer() is None
    await live.go_on(int(STORE_EVERY) + 2)
    offer = live.offer()
    assert offer is not None
    assert offer.peak // SECOND == peak and offer.people == 6
    assert offer.at == offer.peak // SECOND - 10
    assert offer.start < offer.peak < offer.end <= live.context.edge + SECOND
    await live.part.close()


async def test_an_offer_ends(storage: Storage) -> None:
    live = Live(storage)
    await live.go_on(100)
    live.cheer(6)
    await live.go_on(20)
    assert live.offer()
    await live.go_on(int(OFFER_FOR) + 5)
    assert live.offer() is None
    assert live.clock.timers == []
    await live.part.close()


async def test_at_most_one_offer_a_minute(storage: Storage) -> None:
    live = Live(storage)
    await live.go_on(100)
    live.cheer(5)
    await live.go_on(20)
    first = live.offer()
    live.cheer(9)
    await live.go_on(20)
    assert live.offer() == first is not None
    await live.go_on(int(OFFER_EVERY) - 20)
    live.cheer(12)
    await live.go_on(20)
    second = live.offer()
    assert second is not None and second.people == 12
    await live.part.close()


async def test_a_smaller_moment_is_no_offer(storage: Storage) -> None:
    live = Live(storage)
    await live.go_on(100)
    live.cheer(9)
    await live.go_on(120)
    live.cheer(5)
    await live.go_on(30)
    assert live.offer() is None
    await live.part.close()


async def test_the_creator_does_not_count(storage: Storage) -> None:
    live = Live(storage)
    await live.go_on(50)
    live.part.react(OWNER, live.context.edge)
    live.part.react(None, live.context.edge)
    live.part.react("", live.context.edge)
    await live.part.close()
    assert await storage.crowds.read("abc", 10) == []


async def test_the_moments_of_an_earlier_process_are_unknown_until_they_are_read(
    storage: Storage,
) -> None:
    live = Live(storage)
    await live.go_on(100)
    live.cheer(6)
    await live.go_on(20)
    moments = live.part.moments
    assert moments is not None and [moment.people for moment in moments] == [6]
    await live.part.close()
    again = Live(storage, at=live.second, restored=True)
    unknown = again.part.moments
    assert unknown is None
    found = await again.part.read(author(MINJI, Role.CREATOR), ReadHighlights(requester()))
    assert again.part.moments == found.moments
    await again.part.close()


async def test_counts_are_stored_and_survive_a_restart(storage: Storage) -> None:
    live = Live(storage)
    await live.go_on(100)
    peak = live.second
    live.cheer(6)
    await live.part.close()
    assert await storage.crowds.read("abc", 10) == [(peak, 6)]
    again = Live(storage, at=200, restored=True)
    again.cheer(1)
    found = await again.part.read(author(role=Role.CREATOR), ReadHighlights(requester()))
    assert [moment.people for moment in found.moments] == [6]
    await again.part.conclude()
    assert await storage.crowds.read("abc", 10) == [(peak, 6), (200, 1)]


async def test_counts_wait_while_storage_is_away(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(storage)
    await live.go_on(50)

    async def fail(*_: object) -> None:
        raise StorageError("away")

    with monkeypatch.context() as patch:
        patch.setattr(storage.crowds, "put", fail)
        live.cheer(4)
        await live.go_on(6)
    await live.go_on(6)
    assert await storage.crowds.read("abc", 10) == [(60, 4)]
    await live.part.close()


async def test_only_the_creator_reads_the_moments_of_a_live(storage: Storage) -> None:
    live = Live(storage)
    with pytest.raises(Forbidden) as refused:
        await live.part.read(author(SAM), ReadHighlights(requester(SAM)))
    assert refused.value.code is RefusalCode.CREATOR_ONLY
    found = await live.part.read(author(MINJI, Role.CREATOR), ReadHighlights(requester()))
    assert found.moments == ()


async def test_taps_count(storage: Storage) -> None:
    live = Live(storage)
    await live.go_on(50)
    reactions = RoomReactions(live.context, live.part.react)
    body = {"type": "taps", "media_time": 55 * SECOND, "counts": {"heart": [5]}}
    for person in ("p-1", "p-1", "p-2", None):
        reactions.receive_taps(Notice(1, person, 0, body))
    await reactions.close()
    await live.part.close()
    assert await storage.crowds.read("abc", 10) == [(55, 2)]
