"""The JSON API of rooms, and the door to the WebSocket exit. API.md describes it."""

import asyncio
import hmac
import json
import time
from typing import Any

from aiohttp import web

from relay.stream.hub import Hub
from relay.websocket.endpoint import watch
from relay.websocket.viewer import GOING_AWAY, Counters, WebSocketViewer
from server import __version__
from server.errors import BadRequest, Forbidden, Gone, TooLarge, TooManyRequests, Unprocessable
from server.host.ice_servers import ice_servers
from server.host.lan import qr_svg
from server.http.limits import ConnectionLimiter, RateLimiter
from server.http.request import client_of, url_of
from server.http.whip import MAX_BODY, bearer_token, require_key
from server.rooms.registry import Rooms
from server.settings import Settings

TITLE_LENGTH = 80
PLAYER_LENGTH = 400
"""Characters of a player's hello."""


class Api:
    """`/api`, `/ws` and `/healthz`. Owns the viewers that are connected."""

    def __init__(self, rooms: Rooms, hub: Hub, settings: Settings) -> None:
        self._rooms = rooms
        self._hub = hub
        self._settings = settings
        self._creations = RateLimiter(settings.max_rooms_per_address_hour, 3_600.0)
        self._sockets = ConnectionLimiter(settings.max_sockets_per_address)
        self.viewers: set[WebSocketViewer] = set()
        """Those connected at present."""
        self.counters = Counters()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/config", self.config),
            web.get("/api/rooms", self.list_rooms),
            web.post("/api/rooms", self.create_room),
            web.get("/api/rooms/{room}", self.show_room),
            web.delete("/api/rooms/{room}", self.end_room),
            web.get("/api/rooms/{room}/qr.svg", self.qr_code),
            web.get("/api/rooms/{room}/health", self.room_health),
            web.get("/ws/{room}", self.watch),
            web.get("/healthz", self.health),
        ]

    async def config(self, _: web.Request) -> web.Response:
        return web.json_response({"create": self._settings.create, "version": __version__})

    async def list_rooms(self, _: web.Request) -> web.Response:
        return web.json_response({"rooms": self._rooms.on_air()})

    async def create_room(self, request: web.Request) -> web.Response:
        """A new room; its key is in this answer and nowhere else."""
        self._require_create_token(request)
        title = _title(await _json_object(request))
        wait = self._creations.try_take(
            client_of(request, self._settings).address, asyncio.get_running_loop().time()
        )
        if wait:
            raise TooManyRequests("too many new rooms from this address", wait)
        room, key = await asyncio.shield(self._rooms.create(title))
        answer = {
            "room": room.name,
            "title": title,
            "state": room.state.value,
            "key": key,
            "whip": url_of(request, f"/whip/{room.name}", self._settings),
            "watch": url_of(request, f"/r/{room.name}", self._settings),
            "ice_servers": ice_servers(self._settings, room.name, time.time()),
        }
        return web.json_response(
            answer, status=201, headers={"Location": f"/api/rooms/{room.name}"}
        )

    async def show_room(self, request: web.Request) -> web.Response:
        return web.json_response(await self._rooms.describe(request.match_info["room"]))

    async def end_room(self, request: web.Request) -> web.Response:
        name = request.match_info["room"]
        require_key(request, await self._rooms.key_hash(name))
        await asyncio.shield(self._rooms.end(name))
        return web.Response(status=204)

    async def qr_code(self, request: web.Request) -> web.Response:
        name = request.match_info["room"]
        await self._rooms.describe(name)
        return web.Response(
            body=qr_svg(url_of(request, f"/r/{name}", self._settings)), content_type="image/svg+xml"
        )

    async def room_health(self, request: web.Request) -> web.Response:
        """For the creator only: how the live arrives here, and what viewers see of it."""
        name = request.match_info["room"]
        require_key(request, await self._rooms.key_hash(name))
        return web.json_response((await self._rooms.find(name)).health())

    async def health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """One viewer, until it leaves."""
        room = await self._rooms.find(request.match_info["room"])
        if len(request.query_string) > PLAYER_LENGTH:
            raise BadRequest(f"the player's hello is over {PLAYER_LENGTH} characters")
        stream = self._hub.get(room.name)
        if stream is None:
            raise Gone("this room has ended")
        address = client_of(request, self._settings).address
        if not self._sockets.acquire(address):
            raise TooManyRequests("too many connections from this address", 5)
        try:
            return await watch(request, stream, self.counters, self.viewers)
        finally:
            self._sockets.release(address)

    def close_viewers(self) -> None:
        """Tells every viewer that the server is going away: they come back by themselves."""
        for viewer in list(self.viewers):
            viewer.close(GOING_AWAY, "the server is restarting")

    def _require_create_token(self, request: web.Request) -> None:
        if self._settings.create == "token" and self._settings.create_token:
            token = bearer_token(request)
            if not _same(token, self._settings.create_token.get_secret_value()):
                raise Forbidden("that token does not create rooms here")


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


async def _json_object(request: web.Request) -> dict[str, Any]:
    if (request.content_length or 0) > MAX_BODY:
        raise TooLarge("the body is over 64 KB")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge("the body is over 64 KB") from error
    try:
        value = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadRequest('the body is not a JSON object such as {"title": "…"}')
    return value


def _title(value: dict[str, Any]) -> str:
    title = value.get("title", "")
    if not isinstance(title, str):
        raise Unprocessable("the title is not a string")
    title = " ".join(
        "".join(character if character.isprintable() else " " for character in title).split()
    )
    if len(title) > TITLE_LENGTH:
        raise Unprocessable(f"the title is over {TITLE_LENGTH} characters")
    return title
