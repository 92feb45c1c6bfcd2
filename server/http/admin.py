"""`/api/admin`: lists and ends rooms and blocks networks, for the operator. server/API.md describes
the requests and answers.

The main server requires the admin token. The Unix socket in the data directory needs no token: its
file permissions admit only the user that runs the server.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.errors import BadRequest, Conflict, Forbidden, NotFound, Unprocessable
from server.http.auth import require_token
from server.http.blocklist import MAX_BLOCKS, Block, Blocklist, BlocklistFull, parse_network
from server.http.json_body import read_model
from server.http.payloads import Payload, reply
from server.http.request import client_of, read_body
from server.http.shared_blocks import SharedBlocks, end_rooms
from server.http.siblings import Siblings, is_for_all
from server.rooms.commands.room import EndByOperator
from server.rooms.description import RoomInspection
from server.rooms.registry import Rooms
from server.setting_types import IPNetwork
from server.settings import Settings

logger = logging.getLogger(__name__)

MAX_BLOCK = 366 * 86_400
"""Maximum duration of a block, seconds."""


class AdminRooms(Payload):
    """Every room that has not ended, the newest first."""

    rooms: list[RoomInspection]


class BlockRequest(BaseModel):
    """The body of POST /api/admin/blocks."""

    model_config = ConfigDict(extra="forbid")

    network: Annotated[str, Field(description="an address, or a network in CIDR notation")]
    seconds: Annotated[
        float, Field(gt=0, le=MAX_BLOCK, allow_inf_nan=False, description="duration of the block")
    ] = 86_400.0
    reason: Annotated[str, Field(max_length=200)] = ""
    end_rooms: Annotated[
        bool, Field(description="also end the rooms that clients of this network created")
    ] = True


class BlockDescription(Payload):
    """A blocked network."""

    network: str
    until: Annotated[float, Field(description="Unix seconds")]
    reason: str


class BlockAnswer(Payload):
    """The answer of POST /api/admin/blocks."""

    block: BlockDescription
    ended: Annotated[list[str], Field(description="names of the rooms that were ended")]


class AdminBlocks(Payload):
    """The blocked networks. The block that ends last is first."""

    blocks: list[BlockDescription]


Authorise = Callable[[web.Request], None]
"""A function that raises a Refusal if the request may not use the admin API."""


class AdminEndpoint:
    """The endpoints below `/api/admin`."""

    def __init__(
        self,
        rooms: Rooms,
        blocklist: Blocklist,
        blocks: SharedBlocks,
        cut: Callable[[IPNetwork], None],
        siblings: Siblings | None,
        authorise: Authorise,
    ) -> None:
        """`cut`: a function that ends the connections and the WHEP sessions of a network.
        `siblings`: the other processes of the server, whose rooms are listed too.
        """
        self._rooms = rooms
        self._blocklist = blocklist
        self._blocks = blocks
        self._cut = cut
        self._siblings = siblings
        self._authorise = authorise

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/admin/rooms", self.list_rooms),
            web.delete("/api/admin/rooms/{room}", self.end_room),
            web.get("/api/admin/blocks", self.list_blocks),
            web.post("/api/admin/blocks", self.block),
            web.delete("/api/admin/blocks/{network:.+}", self.unblock),
        ]

    async def list_rooms(self, request: web.Request) -> web.Response:
        """Lists every room that has not ended, with the address of its creator."""
        self._authorise(request)
        rooms = self._rooms.listing.inspect()
        if self._siblings and is_for_all(request):
            rooms = await self._gather_rooms(self._siblings, rooms)
        return reply(AdminRooms, {"rooms": rooms})

    async def _gather_rooms(
        self, siblings: Siblings, own: list[RoomInspection]
    ) -> list[RoomInspection]:
        """Returns the rooms of all processes. The newest room is first."""
        body = AdminRooms(rooms=own).model_dump_json().encode()
        answers = await siblings.gather("/api/admin/rooms", body)
        rooms = [
            replace(room, process=number)
            for number, answer in answers.items()
            if answer is not None
            for room in AdminRooms.model_validate_json(answer).rooms
        ]
        return sorted(rooms, key=lambda room: -room.room.created_at)

    async def end_room(self, request: web.Request) -> web.Response:
        """Ends a room permanently. Responds 204 once the end is stored."""
        self._authorise(request)
        await asyncio.shield(self._rooms.ask(request.match_info["room"], EndByOperator()))
        return web.Response(status=204)

    async def list_blocks(self, request: web.Request) -> web.Response:
        """Lists the blocked networks."""
        self._authorise(request)
        blocks = [_describe(block) for block in self._blocklist.blocks(time.time())]
        return reply(AdminBlocks, {"blocks": blocks})

    async def block(self, request: web.Request) -> web.Response:
        """Blocks a network, closes the connections of its clients, and ends the rooms that these
        clients created. Responds 201.
        """
        self._authorise(request)
        wanted = _read_block(await read_body(request))
        network = _read_network(wanted.network)
        block = Block(network, time.time() + wanted.seconds, wanted.reason)
        try:
            self._blocklist.add(block, time.time())
        except BlocklistFull as error:
            raise Conflict(
                RefusalCode.TOO_MANY_BLOCKS,
                f"{MAX_BLOCKS} networks are blocked already: remove a block, or block a larger "
                "network",
            ) from error
        logger.info("blocked %s for %.0f s: %s", network, wanted.seconds, wanted.reason or "-")
        await asyncio.shield(self._blocks.store(block, end_rooms=wanted.end_rooms))
        ended = await asyncio.shield(end_rooms(self._rooms, network)) if wanted.end_rooms else []
        self._cut(network)
        return reply(BlockAnswer, {"block": _describe(block), "ended": ended}, status=201)

    async def unblock(self, request: web.Request) -> web.Response:
        """Removes a block. Responds 204."""
        self._authorise(request)
        network = _read_network(request.match_info["network"])
        block = self._blocklist.find_network(network)
        if block is None:
            raise NotFound(RefusalCode.BLOCK_NOT_FOUND, f"{network} is not blocked")
        # If storage fails, the block remains, and the operator can repeat the request.
        await asyncio.shield(self._blocks.forget(network))
        if self._blocklist.find_network(network) is block:  # not blocked again meanwhile
            self._blocklist.remove(network)
        logger.info("unblocked %s", network)
        return web.Response(status=204)


def require_admin_token(settings: Settings) -> Authorise:
    """Returns a function that checks the admin token of a request. The function raises Unauthorized
    if the request has no token, and Forbidden if the token is wrong or the server has no admin
    token.
    """

    def authorise(request: web.Request) -> None:
        require_token(
            request,
            settings.admin_token,
            "the admin token",
            "this is not the server's admin token (setting --admin-token)",
        )

    return authorise


def blocked(blocklist: Blocklist, settings: Settings) -> Middleware:
    """Returns the middleware that refuses the requests of blocked networks with 403. `/healthz` and
    `/readyz` still answer, so that a block cannot disable a load balancer's checks.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        now = time.time()
        block = blocklist.find(client_of(request, settings).address, now)
        if block is not None and request.path not in ("/healthz", "/readyz"):
            raise Forbidden(
                RefusalCode.ADDRESS_BLOCKED,
                "the operator of this server has blocked your network",
                block.until - now,
            )
        return await handler(request)

    return middleware


def _read_block(body: bytes) -> BlockRequest:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(RefusalCode.NOT_JSON, "the body is not JSON") from error
    return read_model(BlockRequest, value, RefusalCode.BAD_BLOCK)


def _read_network(text: str) -> IPNetwork:
    try:
        return parse_network(text)
    except ValueError as error:
        raise Unprocessable(
            RefusalCode.BAD_BLOCK,
            f"{text[:60]!r} is neither an address nor a network such as 203.0.113.0/24",
        ) from error


def _describe(block: Block) -> dict[str, object]:
    return {"network": str(block.network), "until": block.until, "reason": block.reason}
