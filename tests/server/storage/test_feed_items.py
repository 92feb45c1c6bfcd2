"""What viewers did with items, summed over all servers."""

from server.storage.feed_items import FeedSums
from server.storage.storage import Storage


async def test_sums_are_added(storage: Storage) -> None:
    sums = storage.feed_items
    one, two = FeedSums("live", "k3v9x2", 5, 1, 2, 9.5), FeedSums("clip", "c1", 1)
    await sums.add([one, two], 10.0)
    await sums.add([FeedSums("live", "k3v9x2", 1, 1, 0, 0.5, first_at=3.0)], 20.0)
    await sums.add([], 30.0)
    found = await sums.find([("live", "k3v9x2"), ("clip", "c1"), ("replay", "k3v9x2")])
    assert found == {
        ("live", "k3v9x2"): FeedSums("live", "k3v9x2", 6, 2, 2, 10.0, 10.0),
        ("clip", "c1"): FeedSums("clip", "c1", 1, first_at=10.0),
    }


async def test_many_items(storage: Storage) -> None:
    many = [FeedSums("clip", str(number), 1) for number in range(1_200)]
    await storage.feed_items.add(many, 10.0)
    found = await storage.feed_items.find([(each.kind, each.item) for each in many])
    assert len(found) == 1_200
