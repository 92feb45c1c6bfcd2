"""The polls of a room: votes are stored first, then counted and shown."""

import asyncio
from typing import Any

import pytest

from relay.errors import Refusal, RefusalCode
from server.people.person import Person
from server.rooms.commands.polls import ClosePoll, OpenPoll, PollView, ReadPoll, Vote
from server.rooms.part import RoomContext
from server.rooms.polls import RoomPolls
from server.social import poll as rules
from server.social.author import Role
from server.social.poll import POLL_EVERY, RESULT_SHOWN
from server.storage.errors import StorageError
from server.storage.storage import Storage
from tests.fixtures.channel import Watcher
from tests.fixtures.social import KEY, SAM, Clock, author, events_of, make_context, requester, watch

CREATOR = author(role=Role.CREATOR)
MINJI = author()
OPEN = OpenPoll(requester(key=KEY), "Tea or coffee?", ["Tea", "Coffee"])


class Room:
    """A room with polls."""

    def __init__(self, storage: Storage, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.context: RoomContext = make_context(storage, clock=self.clock)
        self.polls = RoomPolls(self.context)

    async def open(self) -> str:
        view = await self.polls.open(CREATOR, OPEN)
        assert view.poll
        return view.poll.id

    async def vote(self, poll: str, answer: Any, person: Person = MINJI.person) -> PollView:
        return await self.polls.vote(author(person), Vote(requester(person), poll, answer))

    async def finish(self, poll: str) -> PollView:
        return await self.polls.close_poll(CREATOR, ClosePoll(requester(key=KEY), poll))

    async def read(self) -> PollView:
        return await self.polls.read(MINJI, ReadPoll(requester()))

    def shown(self) -> dict[str, Any] | None:
        """The poll that a viewer who joins now gets."""
        watcher = watch(self.context)
        self.context.channel.unsubscribe(watcher)
        events = events_of(watcher)
        poll: dict[str, Any] | None = events[-1]["poll"] if events else None
        return poll


@pytest.fixture
def room(storage: Storage) -> Room:
    return Room(storage)


def votes_of(watcher: Watcher) -> list[list[int]]:
    return [event["poll"]["votes"] for event in events_of(watcher) if event["poll"]]


async def refused(work: Any) -> tuple[int, RefusalCode]:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.status, caught.value.code


async def test_a_poll_from_its_question_to_its_result(room: Room) -> None:
    poll = await room.open()
    assert room.shown() == {
        "id": poll,
        "question": "Tea or coffee?",
        "answers": ["Tea", "Coffee"],
        "votes": [0, 0],
        "open": True,
        "closes_shown_until": None,
    }
    view = await room.vote(poll, 1)
    assert view.poll and (view.poll.votes, view.vote) == ([0, 1], 1)
    await room.vote(poll, 0, SAM)
    assert (await room.vote(poll, 0)).vote == 0
    closed = await room.finish(poll)
    until = round((room.clock.now + RESULT_SHOWN) * 1_000)
    assert closed.poll and closed.poll.votes == [2, 0]
    shown = room.shown() or {}
    assert (shown["open"], shown["closes_shown_until"]) == (False, until)
    room.clock.go_on(RESULT_SHOWN - 0.1)
    assert room.shown()
    room.clock.go_on(0.2)
    assert room.shown() is None and await room.read() == PollView(None)


async def test_viewers_get_four_events_a_second_at_most(room: Room) -> None:
    watcher = watch(room.context)
    poll = await room.open()
    room.clock.go_on(1)
    for number in range(40):
        await room.vote(poll, 0, Person(f"p-{number}", "", 0))
        room.clock.go_on(0.025)
    room.clock.go_on(2)
    votes = votes_of(watcher)
    assert len(votes) <= 2 + 1 / POLL_EVERY and votes[-1] == [40, 0]
    room.clock.go_on(60)
    assert len(votes_of(watcher)) == len(votes), "no event without a change"


async def test_the_result_leaves_the_pages_of_present_viewers(room: Room) -> None:
    poll = await room.open()
    watcher = watch(room.context)
    await room.finish(poll)
    room.clock.go_on(RESULT_SHOWN + 1)
    assert [event["poll"] and event["poll"]["open"] for event in events_of(watcher)] == [
        True,
        False,
        None,
    ]


@pytest.mark.parametrize("answer", [7, 2, -1, None, "0", True])
async def test_an_answer_that_does_not_exist(room: Room, answer: object) -> None:
    poll = await room.open()
    assert await refused(room.vote(poll, answer)) == (422, RefusalCode.NO_SUCH_ANSWER)
    assert (room.shown() or {})["votes"] == [0, 0]


async def test_one_person_with_two_tabs_votes_once(room: Room) -> None:
    poll = await room.open()
    await asyncio.gather(room.vote(poll, 0), room.vote(poll, 1))
    view = await room.read()
    assert view.poll and sum(view.poll.votes) == 1


async def test_another_poll_must_be_closed_first(room: Room) -> None:
    poll = await room.open()
    assert await refused(room.open()) == (409, RefusalCode.POLL_OPEN)
    await room.finish(poll)
    second = await room.open()
    assert (room.shown() or {})["id"] == second
    room.clock.go_on(RESULT_SHOWN + 1)
    assert (room.shown() or {})["id"] == second, "the timer of the first result is over"


async def test_two_polls_at_once(room: Room) -> None:
    results = await asyncio.gather(room.open(), room.open(), return_exceptions=True)
    assert sum(isinstance(result, Refusal) for result in results) == 1


async def test_a_closed_poll(room: Room) -> None:
    poll = await room.open()
    await room.finish(poll)
    assert await refused(room.vote(poll, 0)) == (409, RefusalCode.POLL_CLOSED)
    assert await refused(room.finish(poll)) == (409, RefusalCode.POLL_CLOSED)
    room.clock.go_on(RESULT_SHOWN + 1)
    assert await refused(room.vote(poll, 0)) == (404, RefusalCode.POLL_NOT_FOUND)
    assert await refused(room.finish("none")) == (404, RefusalCode.POLL_NOT_FOUND)


async def test_the_number_of_polls_is_limited(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.rooms.polls.MAX_POLLS", 1)
    await room.finish(await room.open())
    assert await refused(room.open()) == (409, RefusalCode.TOO_MANY_POLLS)
    assert rules.MAX_POLLS == 100


async def test_a_vote_that_is_not_stored_is_not_counted(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await room.open()

    async def fail(*_: object) -> None:
        raise StorageError("away")

    with monkeypatch.context() as patch:
        patch.setattr(storage.polls, "vote", fail)
        patch.setattr(storage.polls, "close", fail)
        with pytest.raises(StorageError):
            await room.vote(poll, 0)
        with pytest.raises(StorageError):
            await room.finish(poll)
    shown = room.shown() or {}
    assert (shown["votes"], shown["open"]) == ([0, 0], True), "the poll is open again"
    await room.vote(poll, 0)
    await room.finish(poll)


async def test_the_next_process_goes_on_with_an_open_poll(room: Room, storage: Storage) -> None:
    poll = await room.open()
    await room.vote(poll, 1)
    await room.vote(poll, 1, SAM)
    restored = Room(storage, room.clock)
    watcher = watch(restored.context)
    restored.polls.viewer_joined(1, None, True)
    assert restored.polls._restoring
    await restored.polls._restoring
    restored.clock.go_on(1)
    assert votes_of(watcher) == [[0, 2]]
    assert (await restored.read()).vote == 1
    await restored.vote(poll, 0)
    assert (await restored.finish(poll)).poll
    await restored.polls.close()


async def test_a_room_that_ends_closes_its_poll(room: Room, storage: Storage) -> None:
    await room.open()
    await room.polls.conclude()
    await room.polls.close()
    (record,) = await storage.polls.of_room("abc")
    assert record.closed_at == room.clock.now and room.clock.timers == []


async def test_viewers_see_that_the_vote_of_a_deleted_person_is_removed(room: Room) -> None:
    poll = await room.open()
    await room.vote(poll, 1)
    await room.vote(poll, 1, SAM)
    room.polls.forget_person(SAM.id)
    room.clock.go_on(POLL_EVERY)
    assert (room.shown() or {})["votes"] == [0, 1]
