"""The watch links in the database."""

from dataclasses import replace

import pytest

from server.storage.storage import Storage
from server.storage.watch_links import MAX_LINKS, TooManyLinks, WatchLinkRecord

LINK = WatchLinkRecord("l1", "k3v9x2", 1_000.0, 2_000.0)


async def test_links_of_a_room_the_newest_first(storage: Storage) -> None:
    await storage.watch_links.add(LINK)
    later = replace(LINK, id="l2", created_at=1_001.0)
    await storage.watch_links.add(later)
    await storage.watch_links.add(replace(LINK, id="l3", room="other"))
    assert await storage.watch_links.of_room("k3v9x2") == [later, LINK]
    wanted = ["l1", "l3", *map(str, range(600))]
    assert await storage.watch_links.find_all("k3v9x2", wanted) == {"l1": LINK}


async def test_a_link_is_revoked_once(storage: Storage) -> None:
    await storage.watch_links.add(LINK)
    assert await storage.watch_links.revoke("k3v9x2", "l1", 1_500.0)
    assert await storage.watch_links.revoke("k3v9x2", "l1", 1_600.0)
    assert not await storage.watch_links.revoke("other", "l1", 1_600.0)
    found = await storage.watch_links.find_all("k3v9x2", ["l1"])
    assert found == {"l1": replace(LINK, revoked_at=1_500.0)}


async def test_a_room_has_few_valid_links(storage: Storage) -> None:
    for number in range(MAX_LINKS):
        await storage.watch_links.add(replace(LINK, id=str(number)))
    with pytest.raises(TooManyLinks):
        await storage.watch_links.add(LINK)
    await storage.watch_links.revoke("k3v9x2", "0", 1_500.0)
    await storage.watch_links.add(LINK)
    await storage.watch_links.add(replace(LINK, id="later", created_at=2_000.0, expires_at=3_000.0))
