"""Items that an older release has stored."""

from sqlalchemy.ext.asyncio import AsyncConnection

from server.discovery.indexing import Indexing
from server.storage.schema.discovery import search_gram, tag, tag_use
from server.storage.storage import Storage
from tests.server.storage.discovered import add_clip, add_live, add_person


async def test_items_of_an_older_release_are_added(storage: Storage) -> None:
    await add_person(storage, "minji", "minji")
    await add_live(storage, "live", "cooking #one", owner="minji")
    await add_live(storage, "private", "cooking", visibility="private")
    for number in range(60):
        await add_clip(storage, f"c{number:02}", "cooking #one", at=float(number))

    async def forget(connection: AsyncConnection) -> None:
        for table in (search_gram, tag_use, tag):
            await connection.execute(table.delete())

    await storage.database.write(forget)
    indexing = Indexing(storage.words_of_items)
    assert await indexing.add_all() == 62
    assert await indexing.add_all() == 0
    found = await storage.search.find(("person", "live", "clip"), ["in"], 100)
    assert {kind: len(items) for kind, items in found.items()} == {
        **{"person": 1, "live": 1, "clip": 60}
    }
    assert await storage.tags.count("one") == 61
