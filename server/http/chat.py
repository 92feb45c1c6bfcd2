"""`/api/rooms/{room}/messages` and `/pin`: the chat of a room. server/API.md describes the requests
and answers.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relay.errors import Refusal, RefusalCode
from server.errors import BadRequest, NotFound, TooManyRequests, Unprocessable
from server.http.json_body import MAX_NUMBER, read_object
from server.http.limits import RateLimiter
from server.http.payloads import Payload, json_answer, reply
from server.http.people import PersonBody, body_of
from server.http.requester import Requesters
from server.rooms.commands.chat import (
    PinMessage,
    Posted,
    PostMessage,
    ReadMessages,
    RemoveMessage,
    RestoreMessage,
    UnpinMessage,
)
from server.rooms.registry import Rooms
from server.social.message import describe_message
from server.social.message_log import KEPT

SHOWN = 50
"""Number of messages in a part of the history, unless the client asks for another number."""
REFUSALS, REFUSALS_SECONDS = 20, 20.0
"""Number of refusals (REFUSALS) that an address gets without a delay within REFUSALS_SECONDS
seconds.
"""
ARRIVING = 20
"""Maximum number of people in a room whose first messages wait for storage at the same time."""
DELAY = 1.0
"""Minimum delay of each refusal after the first REFUSALS refusals, seconds. The maximum delay is
twice as long. Each delay is random: with equal delays, the members of a raid would all try again at
the same time.
"""

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

RoleName = Literal["creator", "moderator", "known", "guest"]
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER, strict=True)]


class PostMessageBody(BaseModel):
    """The body of POST /api/rooms/{room}/messages."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(description="1 to 64 letters, digits, - and _, chosen by the client")]
    text: Annotated[str, Field(description="at most 300 characters and 1,200 bytes")]
    reply_to: Number | None = None
    media_time: Annotated[
        Number | None, Field(description="media time that the author sees, µs")
    ] = None


class PinBody(BaseModel):
    """The body of PUT /api/rooms/{room}/pin."""

    model_config = ConfigDict(extra="ignore")

    message: Number


class Writer(Payload):
    """The author of a message."""

    id: Annotated[str, Field(description="empty for a deleted person")]
    name: str
    colour: int
    handle: str | None
    role: RoleName


class RepliedTo(Payload):
    """The message to which another message replies."""

    n: int
    name: str
    text: Annotated[str, Field(description="the first 80 characters")]


class MessageBody(Payload):
    """A message of the chat (`kind` is `chat`), or a line of the room (`system`)."""

    n: Annotated[int, Field(description="number in the room, from 1")]
    kind: Literal["chat", "system"]
    at: Annotated[int, Field(description="milliseconds since the Unix epoch")]
    media_time: Annotated[int, Field(description="media time that the author saw, µs")]
    id: str = ""
    person: Writer | None = None
    text: str = ""
    reply_to: RepliedTo | None = None
    state: Annotated[
        Literal["held", "removed"], Field(description="absent if the message is shown")
    ] = "held"
    mentions: Annotated[list[str], Field(description="ids of the mentioned people")] = []
    key: Annotated[str, Field(description="of a line: its text in the page's strings")] = ""
    values: dict[str, str | int] = {}


class MessageList(Payload):
    """A part of the history, in order."""

    messages: list[MessageBody]
    sequence: Annotated[int, Field(description="the highest number of a message in the room")]
    role: Annotated[RoleName, Field(description="of the reader in this room")]
    creator: Annotated[PersonBody | None, Field(description="null if the room has no owner")]


class ChatEndpoint:
    """The endpoints of the chat."""

    def __init__(self, rooms: Rooms, requesters: Requesters) -> None:
        self._rooms = rooms
        self._requesters = requesters
        self._refusals = RateLimiter(REFUSALS, REFUSALS_SECONDS)
        self._arriving: dict[str, Counter[str]] = {}
        """Number of first messages that wait for storage, by room and person."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/rooms/{room}/messages", self.list),
            web.post("/api/rooms/{room}/messages", self.post),
            web.delete("/api/rooms/{room}/messages/{n}", self.remove),
            web.post("/api/rooms/{room}/messages/{n}/restore", self.restore),
            web.put("/api/rooms/{room}/pin", self.pin),
            web.delete("/api/rooms/{room}/pin", self.unpin),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Returns a part of the history. Without a query, returns the last messages."""
        query = request.query
        page = await self._rooms.ask(
            request.match_info["room"],
            ReadMessages(
                self._requesters.reading(request),
                limit=min(_read_query(query.get("limit")) or SHOWN, KEPT),
                before=_read_query(query.get("before")),
                after=_read_query(query.get("after")),
            ),
        )
        body = {
            "messages": [describe_message(message) for message in page.messages],
            "sequence": page.sequence,
            "role": page.role.value,
            "creator": page.creator and body_of(page.creator),
        }
        return reply(MessageList, body)

    async def post(self, request: web.Request) -> web.Response:
        """Accepts a message. Responds once the message is stored: 201, or 200 if the author has
        sent the message before.
        """
        body = read_message(await read_object(request))
        try:
            posted = await self._post(request, body)
        except Refusal as refusal:
            if refusal.status in (403, 429):
                await self._delay(request)
            raise
        # Do not check the answer against MessageBody: the check would take more time than
        # everything else.
        answer = _json.encode(describe_message(posted.message)).encode()
        return json_answer(answer, status=201 if posted.new else 200)

    async def _post(self, request: web.Request, body: PostMessageBody) -> Posted:
        name = request.match_info["room"]
        if (room := self._rooms.in_memory.find(name)) is not None:
            # Refuse most messages of a flood before storage is asked about the authors.
            newcomer = self._requesters.newcomer(request)
            reading = self._requesters.reading(request)
            room.social.refuse_early(reading, body.id, new=newcomer is not None)
            if newcomer is not None:
                with self._arrival(name, newcomer):
                    return await self._ask(request, body)
        return await self._ask(request, body)

    async def _ask(self, request: web.Request, body: PostMessageBody) -> Posted:
        by = await self._requesters.writing(request)
        return await self._rooms.ask(
            request.match_info["room"],
            PostMessage(by, body.id, body.text, body.reply_to, body.media_time),
        )

    @contextmanager
    def _arrival(self, name: str, person: str) -> Iterator[None]:
        """Counts a first message until the context ends. Raises TooManyRequests if the first
        messages of ARRIVING people wait for storage already, because further first messages would
        delay all other messages.
        """
        arriving = self._arriving.setdefault(name, Counter())
        if person not in arriving and len(arriving) >= ARRIVING:
            raise TooManyRequests(
                RefusalCode.CHAT_CROWDED, "too many people write at the moment", 1.0
            )
        arriving[person] += 1
        try:
            yield
        finally:
            arriving[person] -= 1
            if not arriving[person]:
                del arriving[person]
            if not arriving:
                self._arriving.pop(name, None)

    async def _delay(self, request: web.Request) -> None:
        """Delays the refusal of a message if the address has had many refusals. Otherwise a client
        that does not wait could keep the server busy with refusals.
        """
        address = self._requesters.program(request).address
        if self._refusals.try_take(address, asyncio.get_running_loop().time()):
            await asyncio.sleep(random.uniform(DELAY, 2 * DELAY))

    async def remove(self, request: web.Request) -> web.Response:
        n = number_of(request)
        await self._do(request, RemoveMessage(await self._requesters.writing(request), n))
        return web.Response(status=204)

    async def restore(self, request: web.Request) -> web.Response:
        n = number_of(request)
        await self._do(request, RestoreMessage(await self._requesters.writing(request), n))
        return web.Response(status=204)

    async def pin(self, request: web.Request) -> web.Response:
        try:
            body = PinBody.model_validate(await read_object(request))
        except ValidationError as error:
            raise Unprocessable(
                RefusalCode.BAD_MESSAGE, 'send the number of the message: {"message": 7}'
            ) from error
        by = await self._requesters.writing(request)
        await self._do(request, PinMessage(by, body.message))
        return web.Response(status=204)

    async def unpin(self, request: web.Request) -> web.Response:
        await self._do(request, UnpinMessage(await self._requesters.writing(request)))
        return web.Response(status=204)

    async def _do(
        self,
        request: web.Request,
        command: RemoveMessage | RestoreMessage | PinMessage | UnpinMessage,
    ) -> None:
        await self._rooms.ask(request.match_info["room"], command)


def read_message(body: dict[str, Any]) -> PostMessageBody:
    """Reads the body of POST /messages. Raises Unprocessable."""
    try:
        return PostMessageBody.model_validate(body)
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        raise Unprocessable(
            RefusalCode.BAD_MESSAGE,
            f"the member {place[0] if place else ''} of the message is missing or has another type",
        ) from error


def _read_query(value: str | None) -> int | None:
    """Reads a number of the query. Raises BadRequest."""
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,16}", value, re.ASCII) or int(value) > MAX_NUMBER:
        raise BadRequest(
            RefusalCode.BAD_REQUEST, "limit, before and after are numbers from 0 to 2^53"
        )
    return int(value)


def number_of(request: web.Request) -> int:
    """Returns the number of the message in the path. Raises NotFound."""
    value = request.match_info["n"]
    if not (value.isascii() and value.isdecimal() and len(value) <= 15):
        raise NotFound(RefusalCode.MESSAGE_NOT_FOUND, "there is no such message in this room")
    return int(value)
