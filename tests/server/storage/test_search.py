"""Items are found by the grams that they have in common."""

import pytest

from server.discovery.grams import query_grams
from server.storage import search
from server.storage.storage import Storage
from tests.server.storage.discovered import add_clip, add_live


async def find(storage: Storage, query: str, limit: int = 10) -> dict[str, list[str]]:
    return await storage.search.find(("live", "clip"), query_grams(query), limit)


async def test_the_latest_items_with_all_grams(storage: Storage) -> None:
    for number, title in enumerate(["먹방 하나", "오늘 먹방송", "방송", "cooking", "먹구름"]):
        await add_clip(storage, f"c{number}", title, at=float(number))
    await add_live(storage, "k3v9x2", "라이브 먹방", at=99.0)
    assert await find(storage, "먹방") == {"live": ["k3v9x2"], "clip": ["c1", "c0"]}
    assert await find(storage, "먹방", 1) == {"live": ["k3v9x2"], "clip": ["c1"]}
    assert await find(storage, "먹") == {"live": ["k3v9x2"], "clip": ["c4", "c1", "c0"]}
    assert await find(storage, "cook") == {"live": [], "clip": ["c3"]}
    assert await find(storage, "cool") == {"live": [], "clip": []}


async def test_the_rarest_gram_leads(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rare item is found although many later items share its other grams."""
    monkeypatch.setattr(search, "MAX_WALKED", 3)
    await add_clip(storage, "rare", "live zebra", at=1.0)
    for number in range(6):
        await add_clip(storage, f"c{number}", "live", at=2.0 + number)
    assert (await find(storage, "zebra live"))["clip"] == ["rare"]
    assert (await find(storage, "live"))["clip"] == ["c5", "c4", "c3"]


async def test_ended_lives_without_a_recording_take_no_place(storage: Storage) -> None:
    for at, name in enumerate(("runs", "ended", "over")):
        await add_live(storage, name, "zebra", at=float(at))
    for name in ("ended", "over"):
        await storage.rooms.end(name, 9.0)
    assert (await find(storage, "zebra", 1))["live"] == ["runs"]
