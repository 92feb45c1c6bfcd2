"""`/api/rooms`: creates, lists, describes and ends rooms, and returns their health. server/API.md
describes the requests and answers.
"""

import asyncio
import json
import logging
import re

from aiohttp import web
from pydantic import ValidationError

from relay.errors import RefusalCode
from server.errors import BadRequest, Unprocessable
from server.host.ice_servers import Role
from server.http.auth import bearer_token, require_create_token
from server.http.identity import Identity
from server.http.payloads import CreateRoom, CreateRoomAnswer, json_answer, reply
from server.http.qr_codes import QrAnswers
from server.http.request import client_of, read_body, url_of
from server.http.rooms_on_air import RoomsOnAir
from server.http.turn import turn_servers
from server.posters.posters import Posters
from server.rooms.commands.room import DeleteLive, Describe, End, ReadHealth
from server.rooms.description import RoomDescription
from server.rooms.health import RoomHealth
from server.rooms.registry import Rooms
from server.settings import Settings

logger = logging.getLogger(__name__)

TOKEN = re.compile(r"[\w.-]{1,300}", re.ASCII)
"""The token of a watch link."""


class RoomsEndpoint:
    """The endpoints `/api/rooms` and `/api/rooms/…`."""

    def __init__(
        self,
        rooms: Rooms,
        posters: Posters,
        identity: Identity,
        codes: QrAnswers,
        settings: Settings,
    ) -> None:
        self._rooms = rooms
        self._on_air = RoomsOnAir(rooms, posters)
        self._identity = identity
        self._codes = codes
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/rooms", self.list),
            web.post("/api/rooms", self.create),
            web.get("/api/rooms/{room}", self.show),
            web.delete("/api/rooms/{room}", self.end),
            web.delete("/api/rooms/{room}/data", self.delete),
            web.get("/api/rooms/{room}/qr.svg", self.qr_code),
            web.get("/api/rooms/{room}/health", self.health),
        ]

    async def list(self, _: web.Request) -> web.Response:
        """Lists the rooms on air."""
        return json_answer(await self._on_air.body())

    async def create(self, request: web.Request) -> web.Response:
        """Creates a room. Only this answer contains the room's key."""
        require_create_token(request, self._settings)
        body = read_create_room(await read_body(request))
        address = client_of(request, self._settings).address
        owner = await self._identity.owner_of_new_room(request)
        new = await asyncio.shield(
            self._rooms.create(
                body.title,
                address,
                body.length,
                owner=owner,
                visibility=body.visibility,
                mood=body.mood,
            )
        )
        name = new.room.room
        logger.info("room %s: created by %s", name, client_of(request, self._settings).address)
        answer = {
            "room": name,
            "title": new.room.title,
            "state": new.room.state,
            "key": new.key,
            "whip": url_of(request, f"/whip/{name}", self._settings),
            "watch": url_of(request, f"/r/{name}", self._settings),
            "ice_servers": turn_servers(request, self._settings, Role.CREATOR),
        }
        response = reply(CreateRoomAnswer, answer, status=201)
        response.headers["Location"] = f"/api/rooms/{name}"
        return response

    async def show(self, request: web.Request) -> web.Response:
        return reply(RoomDescription, await self._rooms.ask(request.match_info["room"], Describe()))

    async def end(self, request: web.Request) -> web.Response:
        """Ends a room permanently, even if the client disconnects before the answer is sent."""
        name = request.match_info["room"]
        command = End(bearer_token(request), await self._identity.owner_of(request))
        await asyncio.shield(self._rooms.ask(name, command))
        return web.Response(status=204)

    async def delete(self, request: web.Request) -> web.Response:
        """Ends a room permanently and deletes all that belongs to it, even if the client
        disconnects before the answer is sent.
        """
        name = request.match_info["room"]
        command = DeleteLive(bearer_token(request), await self._identity.owner_of(request))
        await asyncio.shield(self._rooms.ask(name, command))
        logger.info("room %s: deleted by its creator", name)
        return web.Response(status=204)

    async def qr_code(self, request: web.Request) -> web.Response:
        """Returns the QR code of the watch URL. If the query contains `k`, the URL is the watch
        link with this token.
        """
        name = request.match_info["room"]
        await self._rooms.ask(name, Describe())
        url = url_of(request, f"/r/{name}", self._settings)
        token = TOKEN.fullmatch(request.query.get("k", ""))
        if token:
            url = f"{url}?k={token[0]}"
        return self._codes.answer(request, url, public=not token)

    async def health(self, request: web.Request) -> web.Response:
        """Returns the room's health for the creator: how well the publisher's media arrives, and
        how well playback works for viewers.
        """
        name = request.match_info["room"]
        visitor = self._identity.visitor_of(request)
        command = ReadHealth(bearer_token(request), visitor.person.id if visitor else "")
        return reply(RoomHealth, await self._rooms.ask(name, command))


def read_create_room(body: bytes) -> CreateRoom:
    """Reads the body of POST /api/rooms; an empty body counts as an empty object. Raises BadRequest
    if the body is not a JSON object, and Unprocessable if the title, the length or the mood is
    invalid.
    """
    try:
        value = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest(RefusalCode.NOT_JSON, "the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadRequest(
            RefusalCode.NOT_JSON, 'the body is not a JSON object such as {"title": "…"}'
        )
    try:
        return CreateRoom.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        if "length" in first["loc"]:
            raise Unprocessable(
                RefusalCode.BAD_LENGTH, "the length of a live is 60, 180, 600 or null"
            ) from error
        if "mood" in first["loc"]:
            raise Unprocessable(
                RefusalCode.BAD_MOOD, "the mood is calm, loud, funny, learn, create or empty"
            ) from error
        if first["type"] == "string_too_long":
            raise Unprocessable(
                RefusalCode.TITLE_TOO_LONG, "the title is over 80 characters"
            ) from error
        raise Unprocessable(RefusalCode.BAD_TITLE, "the title is not a string") from error
