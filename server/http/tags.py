"""`/api/tags/…`: the tags that trend, the items with a tag, and challenges. server/API.md describes
the requests and answers.
"""

import time
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.discovery.challenges import Challenges
from server.discovery.cursor import BadCursor, read_cursor, write_cursor
from server.discovery.item import FeedItem, ItemId, Kind
from server.discovery.items import FeedItems
from server.discovery.tags import Tag, read_tag
from server.discovery.trends import Trends
from server.errors import BadRequest, NotFound
from server.http.identity import Identity
from server.http.ids import is_id
from server.http.json_body import read_model, read_object
from server.http.payloads import Payload, reply
from server.storage.tags import TagRecord, TagStore

PAGE = 24
"""Number of items on a page."""


class TagBody(Payload):
    """A tag. `tag` is the form in which tags are compared."""

    tag: str
    name: Annotated[str, Field(description="as it was first written, without #")]


class TrendingTagBody(TagBody):
    """A tag that trends."""

    uses: Annotated[int, Field(description="creators who used the tag, summed over the hours")]
    velocity: Annotated[float, Field(description="uses now, divided by the usual uses")]
    challenge: Annotated[str | None, Field(description="id of the pinned clip")]


class TrendingTags(Payload):
    """The tags that trend, the first one most."""

    tags: list[TrendingTagBody]


class TagPage(TagBody):
    """The public items with a tag, the latest first."""

    uses: Annotated[int, Field(description="number of items with the tag")]
    challenge: Annotated[FeedItem | None, Field(description="the pinned clip")]
    items: list[FeedItem]
    cursor: Annotated[str | None, Field(description="of the next page; null: there is none")]


class BeginChallenge(BaseModel):
    """The body of PUT /api/tags/{tag}/challenge."""

    model_config = ConfigDict(extra="forbid")

    clip: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,32}$", strict=True)]


class TagsEndpoint:
    """The endpoints of tags."""

    def __init__(
        self,
        tags: TagStore,
        trends: Trends,
        items: FeedItems,
        challenges: Challenges,
        identity: Identity,
    ) -> None:
        self._tags = tags
        self._trends = trends
        self._items = items
        self._challenges = challenges
        self._identity = identity

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/tags/trending", self.trending),
            web.get("/api/tags/{tag}", self.show),
            web.put("/api/tags/{tag}/challenge", self.begin_challenge),
            web.delete("/api/tags/{tag}/challenge", self.end_challenge),
        ]

    async def trending(self, _: web.Request) -> web.Response:
        """Lists the tags that trend."""
        found = await self._trends.find()
        tags = [
            {
                "tag": each.record.tag,
                "name": each.record.name,
                "uses": each.trend.uses,
                "velocity": round(each.trend.velocity, 3),
                "challenge": each.record.challenge,
            }
            for each in found
        ]
        return reply(TrendingTags, {"tags": tags})

    async def show(self, request: web.Request) -> web.Response:
        """Lists the public items with a tag."""
        tag = tag_of(request)
        before = self._cursor(request, tag)
        record = (await self._tags.find([tag.tag])).get(tag.tag)
        if record is None:
            raise _unknown()
        viewer = self._identity.named_by(request)
        uses = await self._tags.uses(tag.tag, PAGE + 1, before)
        shown = uses[:PAGE]
        ids = [ItemId(Kind(use.kind), use.item) for use in shown]
        cursor = None
        if len(uses) > PAGE:
            last = shown[-1]
            cursor = write_cursor(self._secrets()[0], tag.tag, last.at, last.item)
        body = {
            "tag": record.tag,
            "name": record.name,
            "uses": await self._tags.count(tag.tag),
            "challenge": await self._challenge(record, viewer),
            "items": await self._items.find(ids, viewer),
            "cursor": cursor,
        }
        return reply(TagPage, body)

    async def begin_challenge(self, request: web.Request) -> web.Response:
        """Makes a tag a challenge: pins a clip to it."""
        tag = tag_of(request)
        body = read_model(BeginChallenge, await read_object(request), RefusalCode.BAD_CHALLENGE)
        person = await self._identity.require_person(request)
        await self._challenges.begin(tag, body.clip, person)
        return web.Response(status=204)

    async def end_challenge(self, request: web.Request) -> web.Response:
        """Ends a challenge."""
        tag = tag_of(request)
        person = await self._identity.require_person(request)
        await self._challenges.end(tag, person)
        return web.Response(status=204)

    async def _challenge(self, record: TagRecord, viewer: str) -> FeedItem | None:
        if record.challenge is None:
            return None
        found = await self._items.find([ItemId(Kind.CLIP, record.challenge)], viewer)
        return found[0] if found else None

    def _cursor(self, request: web.Request, tag: Tag) -> tuple[float, str] | None:
        text = request.query.get("cursor", "")
        if not text:
            return None
        try:
            at, item = read_cursor(self._secrets(), tag.tag, text)
        except BadCursor as error:
            raise _bad_cursor() from error
        if not is_id(item):
            raise _bad_cursor()
        return at, item

    def _secrets(self) -> list[bytes]:
        return self._identity.keys.secrets(time.time())


def tag_of(request: web.Request) -> Tag:
    """Returns the tag in the path, in any spelling. Raises NotFound if the text is no tag."""
    tag = read_tag(request.match_info["tag"].removeprefix("#"))
    if tag is None:
        raise _unknown()
    return tag


def _unknown() -> NotFound:
    return NotFound(RefusalCode.TAG_NOT_FOUND, "no public live or clip has this tag")


def _bad_cursor() -> BadRequest:
    return BadRequest(
        RefusalCode.BAD_CURSOR, "the cursor is not of this list: ask again without it"
    )
