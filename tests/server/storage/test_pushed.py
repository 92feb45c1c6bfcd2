"""Which server tells the followers of a creator, and how often."""

import asyncio

import pytest

from server.storage.pushed import AGAIN_AFTER, SKEW
from server.storage.storage import Storage

NOW = 1_800_000_000.0


@pytest.fixture
async def creator(storage: Storage) -> str:
    await storage.people.add("star", "Star", 3, "device", "", NOW)
    return "star"


async def test_one_push_in_half_an_hour(storage: Storage, creator: str) -> None:
    assert await storage.pushed.claim(creator, NOW) == "Star"
    assert await storage.pushed.claim(creator, NOW + AGAIN_AFTER - 1) is None
    assert await storage.pushed.claim(creator, NOW + AGAIN_AFTER) == "Star"
    assert await storage.pushed.claim(creator, NOW + AGAIN_AFTER + 1) is None


async def test_one_of_several_servers_tells(storage: Storage, creator: str) -> None:
    claims = await asyncio.gather(*(storage.pushed.claim(creator, NOW + n) for n in range(5)))
    assert sorted(claims, key=str) == [None, None, None, None, "Star"]


async def test_a_clock_that_was_wrong(storage: Storage, creator: str) -> None:
    await storage.pushed.claim(creator, NOW + 86_400)
    assert await storage.pushed.claim(creator, NOW) == "Star"
    assert await storage.pushed.claim(creator, NOW - SKEW) is None


async def test_people_who_are_unknown_or_leave(storage: Storage, creator: str) -> None:
    assert await storage.pushed.claim("stranger", NOW) is None
    await storage.accounts.leave(creator, NOW + 86_400)
    assert await storage.pushed.claim(creator, NOW) is None
