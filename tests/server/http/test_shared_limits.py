"""What nodes tell each other about the rate limits of addresses."""

import json

import pytest

from server.http import limits
from server.http.limits import RateLimiter
from server.http.shared_limits import MAX_MESSAGE, SharedLimits

ADDRESS, NAME = "192.0.2.1", "max_rooms_per_address_hour"


class Node:
    """A node whose messages go to `others` at once."""

    def __init__(self, name: str, limit: int = 4) -> None:
        self.limiter = RateLimiter(limit, 3_600)
        self.shared = SharedLimits({NAME: self.limiter}, name, self.publish)
        self.others: list[Node] = []
        self.messages: list[bytes] = []

    async def publish(self, subject: str, data: bytes) -> None:
        self.messages.append(data)
        for node in [self, *self.others]:
            node.shared.receive(data, NOW)

    def takes(self, times: int) -> list[bool]:
        return [not self.limiter.try_take(ADDRESS, NOW) for _ in range(times)]


NOW = 0.0


async def test_an_address_uses_one_limit_at_all_nodes() -> None:
    one, two = Node("one"), Node("two")
    one.others, two.others = [two], [one]
    assert one.takes(3) == [True] * 3
    await one.shared.share()
    assert two.takes(2) == [True, False]
    await two.shared.share()
    assert one.takes(1) == [False]
    await one.shared.share()
    assert (len(one.messages), len(two.messages)) == (1, 1)  # nothing new to tell


async def test_an_address_owes_at_most_one_limit() -> None:
    """What it took at many nodes before they knew of each other keeps it out for a while."""
    one, two = Node("one"), Node("two")
    one.others = [two]
    for _ in range(20):
        one.limiter.count(ADDRESS, 1_000_000, NOW)
    assert one.limiter.try_take(ADDRESS, NOW) == 5 * 900
    assert one.limiter.try_take(ADDRESS, NOW + 5 * 900) == 0


async def test_the_addresses_of_one_message_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TAKEN", 2)
    limiter = RateLimiter(4, 60)
    limiter.note_taken()
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"):
        limiter.try_take(address, NOW)
    assert limiter.taken() == {"192.0.2.1": 2, "192.0.2.2": 1}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b"x" * (MAX_MESSAGE + 1),
        json.dumps({"v": 2, "node": "two", "taken": {NAME: {ADDRESS: 4}}}).encode(),
        json.dumps({"v": 1, "taken": {NAME: {ADDRESS: 4}}}).encode(),
        json.dumps({"v": 1, "node": "two", "taken": []}).encode(),
        json.dumps({"v": 1, "node": "two", "taken": {NAME: 4}}).encode(),
        json.dumps({"v": 1, "node": "two", "taken": {NAME: {ADDRESS: "4"}}}).encode(),
        json.dumps({"v": 1, "node": "two", "taken": {NAME: {ADDRESS: -4}}}).encode(),
        json.dumps({"v": 1, "node": "two", "taken": {"other": {ADDRESS: 4}}}).encode(),
        json.dumps({"v": 1, "node": "one", "taken": {NAME: {ADDRESS: 4}}}).encode(),
    ],
)
async def test_other_messages_change_nothing(message: bytes) -> None:
    node = Node("one")
    node.shared.receive(message, NOW)
    assert node.takes(5) == [True] * 4 + [False]
