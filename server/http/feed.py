"""`/api/feed` and `/api/taste`: what a viewer sees next, what the viewer did with it, and the taste
that the feed has learnt. server/API.md describes the requests and answers.
"""

import json
import re
import time
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from relay.client_address import keys_of
from relay.errors import RefusalCode
from server.discovery.item import FeedItem, ItemId, Kind
from server.discovery.trends import TrendingTag, Trends
from server.errors import BadRequest
from server.feed.cursor import BadCursor, OldCursor, Position, read_cursor, write_cursor
from server.feed.feed import Feed, Mode, Visitor, Wish
from server.feed.item_sums import View
from server.feed.moods import MOODS
from server.feed.taste import MAX_GUEST_BYTES, Taste
from server.http.identity import Identity
from server.http.json_body import read_model, read_object
from server.http.payloads import Payload, reply
from server.http.request import client_of
from server.http.tags import TrendingTagBody
from server.people.person import Visitor as KnownVisitor
from server.settings import Settings
from server.storage.errors import StorageError

MAX_LIMIT = 30
"""Maximum number of items in one answer."""
DEFAULT_LIMIT = 10
MAX_SECONDS = 86_400
"""Maximum length of one view, seconds."""
MAX_ZONE = 64
"""Maximum length of the name of a time zone, characters."""
AT = re.compile(r"(live|clip|replay):([A-Za-z0-9_-]{1,32})", re.ASCII)
"""The item of a link: its kind and id."""
MAX_TRENDING = 8


class FeedAnswer(Payload):
    """The next items of the feed, with the reasons for their order."""

    items: list[FeedItem]
    cursor: Annotated[
        str | None, Field(description="of the next items; valid for 10 minutes; null at the end")
    ]
    trending: list[TrendingTagBody]


class WatchedItem(BaseModel):
    """The body of POST /api/feed/watched."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["live", "clip", "replay"]
    id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,32}$", strict=True)]
    seconds: Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
    skipped: Annotated[bool, Field(description="whether the viewer went on at once")] = False
    zone: Annotated[str, Field(max_length=MAX_ZONE, description="IANA time zone")] = ""


class TasteAnswer(Payload):
    """What the feed has learnt about the person of this browser."""

    kept: Annotated[
        Literal["server", "browser"],
        Field(description="who keeps the taste: a guest's browser, or the server"),
    ]
    personal: Annotated[bool, Field(description="whether the feed may learn and use the taste")]
    taste: Annotated[dict[str, Any], Field(description="tags, creators and moods with weights")]


class ChangeTaste(BaseModel):
    """The body of PUT /api/taste."""

    model_config = ConfigDict(extra="forbid")

    personal: Annotated[bool, Field(strict=True)]


class FeedEndpoint:
    """The endpoints `/api/feed`, `/api/feed/watched` and `/api/taste`."""

    def __init__(self, feed: Feed, trends: Trends, identity: Identity, settings: Settings) -> None:
        self._feed = feed
        self._trends = trends
        self._identity = identity
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/feed", self.next),
            web.post("/api/feed/watched", self.watched),
            web.get("/api/taste", self.show),
            web.put("/api/taste", self.change),
            web.delete("/api/taste", self.forget),
        ]

    async def next(self, request: web.Request) -> web.Response:
        """Returns the next items for the viewer."""
        now = time.time()
        visitor = self._visitor(request, self._identity.visitor_of(request))
        wish = read_wish(request, now)
        position = self._position(request, visitor, now)
        page = await self._feed.next(visitor, wish, position)
        cursor = None
        if page.position is not None:
            cursor = write_cursor(page.position, self._secrets(now)[0], visitor.id, now)
        trending = [] if position else await self._trending()
        return reply(FeedAnswer, {"items": page.items, "cursor": cursor, "trending": trending})

    async def watched(self, request: web.Request) -> web.Response:
        """Counts what the viewer did with an item. Knows an item only if the feed shows it, or has
        shown it lately, and answers the same for every other id.
        """
        body = read_model(WatchedItem, await read_object(request), RefusalCode.BAD_VIEW)
        known = await self._identity.require_visitor(request, store=False)
        visitor = self._visitor(request, known)
        view = View(body.kind, body.id, visitor.id, visitor.network, body.seconds, body.skipped)
        self._feed.watched(visitor, view, hour_in(body.zone, time.time()))
        return web.Response(status=204)

    # The taste

    async def show(self, request: web.Request) -> web.Response:
        """Shows what the feed has learnt."""
        return await self._answer(await self._known(request))

    async def change(self, request: web.Request) -> web.Response:
        """Chooses whether the feed may learn and use the taste. The browser of a guest keeps this
        choice itself.
        """
        body = read_model(ChangeTaste, await read_object(request), RefusalCode.BAD_TASTE)
        visitor = await self._known(request)
        if visitor.handle:
            await self._feed.set_personal(visitor, body.personal)
        return await self._answer(visitor)

    async def forget(self, request: web.Request) -> web.Response:
        """Forgets what the feed has learnt. Stores a guest who was seen before, because other
        servers must forget too.
        """
        seen_before = self._identity.visitor_of(request) is not None
        visitor = await self._known(request)
        # First: the guest may not get stored, because of a limit or a failure of the database.
        await self._feed.forget(visitor)
        if seen_before and not visitor.stored:
            stored = await self._identity.require_visitor(request)
            await self._feed.forget(self._visitor(request, stored))
        return web.Response(status=204)

    async def _known(self, request: web.Request) -> Visitor:
        return self._visitor(request, await self._identity.require_known(request))

    async def _answer(self, visitor: Visitor) -> web.Response:
        personal, taste = await self._feed.taste_of(visitor)
        body = {
            "kept": "server" if visitor.handle else "browser",
            "personal": personal,
            "taste": json.loads(taste.to_json()) if taste else {},
        }
        return reply(TasteAnswer, body)

    # Parts of requests and answers

    def _visitor(self, request: web.Request, known: KnownVisitor | None) -> Visitor:
        network = keys_of(client_of(request, self._settings).address).network
        if known is None:
            return Visitor(network=network)
        person = known.person
        return Visitor(person.id, known.stored, person.handle is not None, network)

    def _position(self, request: web.Request, visitor: Visitor, now: float) -> Position | None:
        text = request.query.get("cursor", "")
        if not text:
            return None
        try:
            return read_cursor(text, self._secrets(now), visitor.id, now)
        except OldCursor as error:
            raise BadRequest(
                RefusalCode.BAD_CURSOR, "the cursor has expired: ask again without it"
            ) from error
        except BadCursor as error:
            raise BadRequest(
                RefusalCode.BAD_CURSOR,
                "the cursor is not from this server, or was made for another person: ask again "
                "without it",
            ) from error

    def _secrets(self, now: float) -> list[bytes]:
        return self._identity.keys.secrets(now)

    async def _trending(self) -> list[dict[str, object]]:
        """Returns the tags that trend; none while the database does not answer."""
        try:
            found = await self._trends.find()
        except StorageError:
            return []
        return [_trending_body(each) for each in found[:MAX_TRENDING]]


def read_wish(request: web.Request, now: float) -> Wish:
    """Reads the query of GET /api/feed. Raises BadRequest."""
    query = request.query
    mood = query.get("mood", "")
    if mood and mood not in MOODS:
        raise _bad_query(f"mood is one of {', '.join(MOODS)}")
    try:
        mode = Mode(query.get("mode", Mode.FOR_YOU))
    except ValueError as error:
        raise _bad_query(f"mode is one of {', '.join(Mode)}") from error
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and int(limit) > 0):
        raise _bad_query(f"limit is a number from 1 to {MAX_LIMIT}")
    return Wish(
        mode,
        mood,
        hour_in(query.get("zone", ""), now),
        _read_taste(query.get("taste", ""), now),
        min(int(limit), MAX_LIMIT),
        _read_at(query.get("at", "")),
    )


def _read_at(text: str) -> ItemId | None:
    if not text:
        return None
    match = AT.fullmatch(text)
    if match is None:
        raise _bad_query("at is live:ROOM, clip:ID or replay:ROOM")
    return ItemId(Kind(match[1]), match[2])


def _read_taste(text: str, now: float) -> Taste:
    if not text:
        return Taste()
    if len(text.encode(errors="replace")) > MAX_GUEST_BYTES:
        raise _bad_taste(f"it has over {MAX_GUEST_BYTES} bytes")
    try:
        return Taste.from_json(text, now)
    except ValueError as error:
        raise _bad_taste(str(error)) from error


def hour_in(zone: str, now: float) -> int | None:
    """Returns the hour of the day in an IANA time zone. Returns None if this server does not know
    the zone: browsers know newer zones.
    """
    known = _zone(zone) if 0 < len(zone) <= MAX_ZONE else None
    return None if known is None else datetime.fromtimestamp(now, known).hour


@lru_cache(1_000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # unknown, or the name of another file
        return None


def _trending_body(found: TrendingTag) -> dict[str, object]:
    return {
        "tag": found.record.tag,
        "name": found.record.name,
        "uses": found.trend.uses,
        "velocity": round(found.trend.velocity, 3),
        "challenge": found.record.challenge,
    }


def _bad_query(text: str) -> BadRequest:
    return BadRequest(RefusalCode.BAD_FEED, text)


def _bad_taste(text: str) -> BadRequest:
    return BadRequest(
        RefusalCode.BAD_TASTE, f"the taste cannot be read ({text}): delete it in the browser"
    )
