"""Polls and votes in the database."""

from dataclasses import replace

from server.storage.polls import PollRecord
from server.storage.storage import Storage

POLL = PollRecord("abc", "p1", "커피? ☕", ["네", "Neither, 'thanks'"], 100.5, media_time=2**40)


async def test_a_poll_until_its_end(storage: Storage) -> None:
    await storage.polls.add(POLL)
    assert await storage.polls.of_room("abc") == [POLL]
    await storage.polls.close("abc", "p1", 120.25)
    await storage.polls.close("abc", "p1", 130.0)
    assert await storage.polls.of_room("abc") == [replace(POLL, closed_at=120.25)]
    assert await storage.polls.of_room("other") == []


async def test_the_oldest_poll_is_first(storage: Storage) -> None:
    await storage.polls.add(replace(POLL, id="late", opened_at=200.0))
    await storage.polls.add(replace(POLL, id="early", opened_at=100.0))
    await storage.polls.add(replace(POLL, room="other"))
    assert [poll.id for poll in await storage.polls.of_room("abc")] == ["early", "late"]


async def test_a_person_has_one_vote_in_each_poll(storage: Storage) -> None:
    for poll, person, answer in (
        ("p1", "minji", 0),
        ("p1", "sam", 1),
        ("p1", "minji", 1),
        ("p2", "minji", 0),
    ):
        await storage.polls.vote("abc", poll, person, answer)
    assert await storage.polls.votes("abc", "p1") == {"minji": 1, "sam": 1}
    assert await storage.polls.votes("abc", "p2") == {"minji": 0}
    assert await storage.polls.votes("other", "p1") == {}
