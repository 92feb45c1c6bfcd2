"""The common parts of WHIP and WHEP, over a small application without rooms."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.errors import Refusal
from server.http import request as requests
from server.http.signalling import (
    SDP,
    SDP_FRAGMENT,
    created,
    read_offer,
    read_trickle,
    signalling_routes,
)

Client = TestClient[web.Request, web.Application]


class Endpoint:
    """An endpoint that answers with the data that it read."""

    async def create(self, request: web.Request) -> web.Response:
        offer = await read_offer(request)
        return created(f"answer to {offer}", "/x/room/session", [{"urls": ["stun:a", "stun:b"]}])

    async def trickle(self, request: web.Request) -> web.Response:
        await read_trickle(request, "ours")
        return web.Response(status=204)

    async def end(self, request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["session"])

    async def discover(self, request: web.Request) -> web.Response:
        return web.Response(status=204)


@web.middleware
async def refused(request: web.Request, handler: object) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)  # type: ignore[operator]
    except Refusal as refusal:
        return web.Response(status=refusal.status, text=refusal.code)
    return answer


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application(middlewares=[refused], client_max_size=requests.MAX_BODY)
    app.add_routes(signalling_routes("/x", Endpoint()))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_an_offer_is_answered(client: Client) -> None:
    """201 with the answer, Location and a Link header for each ICE server; a slash at the end
    changes nothing.
    """
    for path in ("/x/room", "/x/room/"):
        response = await client.post(path, data="offer", headers={"Content-Type": SDP})
        assert (response.status, response.content_type) == (201, SDP)
        assert await response.text() == "answer to offer"
        assert response.headers["Location"] == "/x/room/session"
        links = ['<stun:a>; rel="ice-server"', '<stun:b>; rel="ice-server"']
        assert response.headers.getall("Link") == links


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("text/plain", b"offer", 415, "wrong_content_type"),
        (SDP_FRAGMENT, b"offer", 415, "wrong_content_type"),
        (SDP, b"\xff", 400, "body_not_utf8"),
        (SDP, b"x" * 65_537, 413, "body_too_large"),
    ],
)
async def test_bodies_that_are_refused(
    client: Client, content_type: str, body: bytes, status: int, code: str
) -> None:
    response = await client.post("/x/room", data=body, headers={"Content-Type": content_type})
    assert (response.status, await response.text()) == (status, code)


async def test_a_chunked_body_is_measured_too(client: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield bytes(1_000)

    response = await client.post("/x/room", data=chunks(), headers={"Content-Type": SDP})
    assert (response.status, await response.text()) == (413, "body_too_large")


async def test_a_body_that_stops_half_way(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the server gives up and closes the connection."""
    monkeypatch.setattr(requests, "BODY_WITHIN", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(
        b"POST /x/room HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\n"
        b"Content-Length: 100\r\n\r\nabc"
    )
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(len("body_too_slow"))
    writer.close()
    assert (int(head.split()[1]), body) == (408, b"body_too_slow")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("a=ice-ufrag:ours\r\na=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n", 204, ""),
        ("a=end-of-candidates\r\n", 204, ""),
        ("a=ice-ufrag:other\r\n", 422, "no_ice_restart"),
        ("hello", 400, "not_sdp_fragment"),
        ("", 400, "not_sdp_fragment"),
    ],
)
async def test_candidates(client: Client, body: str, status: int, text: str) -> None:
    headers = {"Content-Type": SDP_FRAGMENT}
    response = await client.patch("/x/room/session", data=body, headers=headers)
    assert (response.status, await response.text()) == (status, text)


async def test_options_name_methods_and_types(client: Client) -> None:
    response = await client.options("/x/room")
    assert (response.status, response.headers["Accept-Post"]) == (204, SDP)
    assert response.headers["Allow"] == "POST, OPTIONS, GET"
    response = await client.options("/x/room/session")
    assert (response.status, response.headers["Accept-Patch"]) == (204, SDP_FRAGMENT)
    assert response.headers["Allow"] == "PATCH, DELETE, OPTIONS, GET"
