"""The tags and the words of an item are stored with the item."""

import sqlalchemy as sa

from server.discovery.grams import grams_of
from server.storage.schema.discovery import search_gram, tag_use
from server.storage.storage import Storage
from tests.server.storage.discovered import add_clip, add_live, add_person


async def tags_of(storage: Storage, item: str) -> set[str]:
    statement = sa.select(tag_use.c.tag).where(tag_use.c.item == item)
    return set(await storage.database.read(lambda found: found.scalars(statement)))


async def grams(storage: Storage, item: str) -> set[str]:
    statement = sa.select(search_gram.c.gram).where(search_gram.c.item == item)
    return set(await storage.database.read(lambda found: found.scalars(statement)))


async def test_a_live_gets_its_words_when_it_goes_on_air(storage: Storage) -> None:
    await add_live(storage, "k3v9x2", "Cooking #먹방 #Mum")
    assert await tags_of(storage, "k3v9x2") == {"먹방", "mum"}
    assert await grams(storage, "k3v9x2") == grams_of("Cooking #먹방 #Mum")
    await storage.rooms.change("k3v9x2", title="#mum only")
    assert await tags_of(storage, "k3v9x2") == {"mum"}
    assert await grams(storage, "k3v9x2") == grams_of("mum only")
    await storage.rooms.change("k3v9x2", peak=5)
    assert await tags_of(storage, "k3v9x2") == {"mum"}


async def test_what_is_not_public_has_no_words(storage: Storage) -> None:
    """Nor does a tag appear that only a private title has."""
    await add_live(storage, "private", "#secret", visibility="private")
    await add_live(storage, "unlisted", "#secret", visibility="unlisted")
    await add_clip(storage, "waiting", "#secret", state="waiting", published_at=None)
    await add_clip(storage, "hidden", "#secret", visibility="private")
    for item in ("private", "unlisted", "waiting", "hidden"):
        assert await tags_of(storage, item) == await grams(storage, item) == set()
    assert await storage.tags.find(["secret"]) == {}
    assert await storage.search.find(("tag",), ["se"], 10) == {"tag": []}


async def test_a_tag_that_is_written_like_the_id_of_a_live(storage: Storage) -> None:
    """Neither takes the words of the other away."""
    await add_live(storage, "k3v9x2", "Cooking")
    await add_clip(storage, "c1", "#k3v9x2", room="other")
    assert await storage.search.find(("live",), ["co"], 10) == {"live": ["k3v9x2"]}
    await storage.rooms.change("k3v9x2", title="Baking")
    await storage.live_data.delete("k3v9x2")
    assert await storage.search.find(("tag",), ["k3"], 10) == {"tag": ["k3v9x2"]}


async def test_a_clip_changes_its_words(storage: Storage) -> None:
    await add_clip(storage, "c1", "#one", caption="and #two", state="waiting")
    await storage.clips.approve("c1", 5.0)
    assert await tags_of(storage, "c1") == {"one", "two"}
    await storage.clips.change("c1", ("published",), caption="", title="#three")
    assert await tags_of(storage, "c1") == {"three"}
    await storage.clips.change("c1", ("published",), visibility="unlisted")
    assert await tags_of(storage, "c1") == await grams(storage, "c1") == set()
    await storage.clips.change("c1", ("published",), visibility="public")
    assert await tags_of(storage, "c1") == {"three"}


async def test_a_deletion_that_is_undone_keeps_the_words(storage: Storage) -> None:
    await add_clip(storage, "c1", "#one")
    await storage.clips.delete("c1", 10.0)
    assert await storage.tags.uses("one", 10) == []
    await storage.clips.restore("c1", 5.0)
    assert [use.item for use in await storage.tags.uses("one", 10)] == ["c1"]
    await storage.clips.delete("c1", 10.0)
    await storage.kept_media.delete_overdue(1_000.0, 0.0)
    assert await tags_of(storage, "c1") == await grams(storage, "c1") == set()


async def test_a_tag_that_stays_keeps_its_time(storage: Storage) -> None:
    await add_live(storage, "k3v9x2", "#one", at=5.0)
    await storage.rooms.change("k3v9x2", title="#one #two")
    [use] = await storage.tags.uses("one", 10)
    assert use.at == 5.0


async def test_a_person_is_found_by_the_present_handle(storage: Storage) -> None:
    await add_person(storage, "p1", "minji")
    assert await storage.search.find(("person",), ["mi", "in"], 10) == {"person": ["p1"]}
    await storage.people.take_handle(
        "p1", "sora", "sora", "sora", recovery_hash=b"", now=1.0, reserved_until=2.0
    )
    assert await storage.search.find(("person",), ["mi", "in"], 10) == {"person": []}
    assert await storage.search.find(("person",), ["so", "ra"], 10) == {"person": ["p1"]}
