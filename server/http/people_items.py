"""`GET /api/people/{handle}/items`: what the page of a person shows. server/API.md describes the
answer.
"""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.discovery.item import FeedItem, ItemId, Kind
from server.discovery.items import FeedItems
from server.http.follows import Profiles
from server.http.payloads import Payload, reply
from server.http.tags import TagBody
from server.storage.public_items import PublicItemStore

MOST = 60
"""Maximum number of clips, and of replays."""
MOST_TAGS = 12


class PersonItems(Payload):
    """The public clips and replays of a person, the latest first."""

    clips: list[FeedItem]
    replays: list[FeedItem]
    tags: Annotated[list[TagBody], Field(description="the tags of these, the most frequent first")]


class PersonItemsEndpoint:
    """The endpoint `/api/people/{handle}/items`."""

    def __init__(self, store: PublicItemStore, items: FeedItems, profiles: Profiles) -> None:
        self._store = store
        self._items = items
        self._profiles = profiles

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/people/{handle}/items", self.list)]

    async def list(self, request: web.Request) -> web.Response:
        """Lists the public clips and replays of the holder of a handle."""
        profile = await self._profiles.find(request.match_info["handle"])
        clips, replays = await items_of(self._store, self._items, profile.person.id)
        return reply(
            PersonItems,
            {"clips": clips, "replays": replays, "tags": _tags_of([*clips, *replays])},
        )


async def items_of(
    store: PublicItemStore, items: FeedItems, person: str, most: int = MOST
) -> tuple[list[FeedItem], list[FeedItem]]:
    """Returns the public clips and the replays of a person, the latest first. Raises
    StorageError.
    """
    rooms, clips = await store.latest_of(person, most)
    found = await items.find([ItemId(Kind.REPLAY, room) for room in rooms])
    return await items.find([ItemId(Kind.CLIP, clip) for clip in clips]), found


def _tags_of(items: list[FeedItem]) -> list[dict[str, str]]:
    counts: dict[tuple[str, str], int] = {}
    for item in items:
        for tag in item.tags:
            counts[tag.tag, tag.name] = counts.get((tag.tag, tag.name), 0) + 1
    most = sorted(counts, key=lambda tag: (-counts[tag], tag))[:MOST_TAGS]
    return [{"tag": tag, "name": name} for tag, name in most]
