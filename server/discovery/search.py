"""Finds people, lives, clips, replays and tags by a part of their name, title or tag."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server.discovery.grams import matches, query_grams, words_of
from server.discovery.item import FeedItem, ItemId, Kind
from server.discovery.items import FeedItems
from server.discovery.tags import read_tag
from server.people.skeleton import key_of
from server.storage.items import CLIP, LIVE, PERSON, TAG
from server.storage.public_items import PublicItemStore
from server.storage.search import SearchStore
from server.storage.tags import TagRecord, TagStore
from server.storage.who import Who

MAX_PEOPLE = 10
MAX_ITEMS = 24
MAX_TAGS = 10
CANDIDATES = 36
"""Items of each kind that have all grams and are compared with the query itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found, the best results first."""

    people: list[Who] = field(default_factory=list)
    items: list[FeedItem] = field(default_factory=list)
    tags: list[TagRecord] = field(default_factory=list)


class Search:
    """The search over all servers' people and items."""

    def __init__(
        self,
        grams: SearchStore,
        tags: TagStore,
        people: PublicItemStore,
        items: FeedItems,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._grams = grams
        self._tags = tags
        self._people = people
        self._items = items
        self._clock = clock

    async def find(self, query: str, viewer: str = "") -> Found:
        """Returns what a viewer (id of a person, or empty) may find. A whole handle or tag is found
        also if many later ones contain it. Raises StorageError.
        """
        grams = query_grams(query)
        if not grams:
            return Found()
        ids = await self._grams.find((PERSON, LIVE, CLIP, TAG), grams, CANDIDATES)
        return Found(
            await self._find_people(query, ids[PERSON], viewer),
            await self._find_items(query, ids, viewer),
            await self._find_tags(query, ids[TAG]),
        )

    async def _find_people(self, query: str, ids: list[str], viewer: str) -> list[Who]:
        unseen = await self._items.unseen_by(viewer) if viewer else frozenset()
        people = [
            person
            for person in await self._people.people(ids, self._clock(), _handle_key(query))
            if person.id not in unseen and matches(query, f"{person.handle} {person.name}")
        ]
        people.sort(key=lambda person: _rank(query, person.handle or ""))
        return people[:MAX_PEOPLE]

    async def _find_items(
        self, query: str, ids: dict[str, list[str]], viewer: str
    ) -> list[FeedItem]:
        wanted = [ItemId(Kind.LIVE, id) for id in ids[LIVE]]
        wanted += [ItemId(Kind.CLIP, id) for id in ids[CLIP]]
        items = [
            item for item in await self._items.find(wanted, viewer) if matches(query, item.title)
        ]
        # Lives that run now are first. Otherwise the order is by time.
        items.sort(key=lambda item: item.kind is not Kind.LIVE)
        return items[:MAX_ITEMS]

    async def _find_tags(self, query: str, ids: list[str]) -> list[TagRecord]:
        exact = read_tag(query.strip().removeprefix("#"))
        found = [id for id in ids if matches(query, id)]
        records = await self._tags.find([*found, exact.tag] if exact else found)
        tags = sorted(records.values(), key=lambda tag: _rank(query, tag.tag))
        return tags[:MAX_TAGS]


def _handle_key(query: str) -> str:
    """Returns the key of the handle that a query may be."""
    handle = query.strip().removeprefix("@")
    return key_of(handle) if handle.isprintable() else ""  # PostgreSQL refuses some characters


def _rank(query: str, name: str) -> tuple[bool, bool, int, str]:
    """Returns a key that sorts equal names first, then names that begin with the query."""
    asked, found = " ".join(words_of(query)), " ".join(words_of(name))
    return (found != asked, not found.startswith(asked), len(found), found)
