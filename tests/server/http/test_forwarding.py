"""Requests that clients share on their way to another node."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import BaseTestServer, TestServer
from aiohttp.typedefs import Handler, Middleware

from relay.errors import RefusalCode
from server.cluster.http_messages import ForwardedAnswer, ForwardedRequest
from server.errors import Misdirected
from server.http.access import PASS_KEY, Pass
from server.http.forwarding import Forwarder
from server.people.person import ANONYMOUS
from server.rooms.commands.access import Admission
from server.settings import Settings
from server.social.author import Requester
from tests.fixtures.deadline import eventually


class SlowNode:
    """Another node that answers once `released` is set."""

    id = "one-1"

    def __init__(self) -> None:
        self.asked = 0
        self.released = asyncio.Event()

    def node_of(self, server: str) -> str | None:
        return f"{server}-2"

    def runs(self, node: str) -> bool:
        return True

    async def forward(self, node: str, request: ForwardedRequest) -> ForwardedAnswer:
        self.asked += 1
        await self.released.wait()
        return ForwardedAnswer(200, (), b"part")


async def elsewhere(_: web.Request) -> web.Response:
    raise Misdirected(RefusalCode.ROOM_ELSEWHERE, "another server runs this room", "two")


class Node:
    """A node that does not run the room. `forwarder` forwards to `other`."""

    def __init__(self, folder: Path, *, private: bool) -> None:
        self.other = SlowNode()
        self.forwarder = Forwarder(self.other, Settings(data=folder))
        self.requests = 0
        self._private = private
        self.app = web.Application(middlewares=(self._admit(), self.forwarder.middleware))
        self.app.router.add_get("/hls/{room}/{file}", elsewhere)

    def _admit(self) -> Middleware:
        @web.middleware
        async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.requests += 1
            request[PASS_KEY] = Pass(Requester(ANONYMOUS), "", Admission(self._private), "")
            return await handler(request)

        return admit


async def get(http: ClientSession, server: BaseTestServer) -> bytes:
    async with http.get(server.make_url("/hls/room/part.mp4")) as response:
        return await response.read()


@pytest.mark.parametrize(("private", "asked"), [(False, 1), (True, 3)])
async def test_requests_for_a_public_file_are_one(
    private: bool, asked: int, tmp_path: Path
) -> None:
    node = Node(tmp_path, private=private)
    async with TestServer(node.app) as server, ClientSession() as http:
        answers = [asyncio.ensure_future(get(http, server)) for _ in range(3)]
        await eventually(lambda: node.requests == 3)
        node.other.released.set()
        assert await asyncio.gather(*answers) == [b"part"] * 3
    assert node.other.asked == asked


async def test_nothing_goes_on_after_the_end(nothing_left: None, tmp_path: Path) -> None:
    """Although the other node does not answer. The client has left."""
    node = Node(tmp_path, private=False)
    async with TestServer(node.app) as server, ClientSession() as http:
        request = asyncio.ensure_future(get(http, server))
        await eventually(lambda: node.other.asked)
        request.cancel()
    await node.forwarder.close()
