"""The common parts of WHIP and WHEP, over a small application without rooms."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.callbacks import ignore
from relay.errors import Refusal
from relay.rtc.receive.sdp import parse_offer
from relay.rtc.receive.session import ReceiveSession
from relay.rtc.udp import UdpPort
from server.http import request as requests
from server.http.signalling import (
    SDP,
    SDP_FRAGMENT,
    changed,
    created,
    read_fragment,
    read_offer,
    signalling_routes,
)
from tests.fixtures.offers import offer

Client = TestClient[web.Request, web.Application]


OFFER = parse_offer(offer("chromium"))


class Endpoint:
    """An endpoint with one session that answers with the data that it read."""

    def __init__(self) -> None:
        self.session = ReceiveSession(UdpPort(), OFFER, bitrate_cap=1, on_closed=ignore)

    async def create(self, request: web.Request) -> web.Response:
        text = f"answer to {await read_offer(request)}"
        servers = [{"urls": ["stun:a", "stun:b"]}]
        return created(text, "/x/room/session", self.session, servers)

    async def change(self, request: web.Request) -> web.Response:
        return changed(request, await read_fragment(request), self.session, ["192.0.2.1"])

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
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    await endpoint.session.close()


@pytest_asyncio.fixture
async def client(endpoint: Endpoint) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[refused], client_max_size=requests.MAX_BODY)
    app.add_routes(signalling_routes("/x", endpoint))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_an_offer_is_answered(client: Client, endpoint: Endpoint) -> None:
    """201 with the answer, Location, ETag and a Link header for each ICE server; a slash at the end
    changes nothing.
    """
    for path in ("/x/room", "/x/room/"):
        response = await client.post(path, data="offer", headers={"Content-Type": SDP})
        assert (response.status, response.content_type) == (201, SDP)
        assert await response.text() == "answer to offer"
        assert response.headers["Location"] == "/x/room/session"
        assert response.headers["ETag"] == f'"{endpoint.session.ufrag}"'
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


CANDIDATES = (
    f"a=ice-ufrag:{OFFER.ufrag}\r\na=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n"
    "a=end-of-candidates\r\n"
)
NEW = "a=ice-ufrag:new1\r\na=ice-pwd:another-password-0123456789\r\n"
"""A fragment that restarts ICE."""


async def patch(client: Client, body: str, match: str | None) -> tuple[int, str, str | None]:
    """Status, text and ETag of the answer to a PATCH. `match`: If-Match, None without."""
    headers = {"Content-Type": SDP_FRAGMENT} | ({} if match is None else {"If-Match": match})
    response = await client.patch("/x/room/session", data=body, headers=headers)
    return response.status, await response.text(), response.headers.get("ETag")


@pytest.mark.parametrize(
    ("match", "status"),
    [("{tag}", 204), ("*", 204), ('"*"', 204), ('"x", {tag}', 204)]
    + [(None, 428), ('"x"', 412), ("W/{tag}", 412), ("", 412), ("nonsense", 412)],
)
@pytest.mark.parametrize("body", [CANDIDATES, NEW], ids=["candidates", "restart"])
async def test_a_patch_names_the_ice_session(
    client: Client, endpoint: Endpoint, body: str, match: str | None, status: int
) -> None:
    """RFC 9725 §4.3.1: 428 for a restart without If-Match, 412 if it does not match; the session
    continues unchanged.
    """
    if body is CANDIDATES and match is None:
        status = 204
    tag = f'"{endpoint.session.ufrag}"'
    code = {204: "", 412: "ice_session_changed", 428: "missing_if_match"}[status]
    answer = await patch(client, body, match and match.format(tag=tag))
    if body is NEW and status == 204:
        assert answer[0] == 200 and answer[2] != tag
    else:
        assert answer == (status, code, None)
        assert endpoint.session._ice.current.remote_ufrag == OFFER.ufrag


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("hello", 400, "not_sdp_fragment"),
        ("", 400, "not_sdp_fragment"),
        ("a=ice-ufrag:new1\r\n", 422, "bad_ice_restart"),
        (NEW + "a=setup:passive\r\n", 422, "bad_ice_restart"),
    ],
)
async def test_fragments_that_are_refused(
    client: Client, endpoint: Endpoint, body: str, status: int, text: str
) -> None:
    before = endpoint.session.ufrag
    assert await patch(client, body, "*") == (status, text, None)
    assert (endpoint.session.ufrag, endpoint.session._ice.current.remote_ufrag) == (
        before,
        OFFER.ufrag,
    )


async def test_a_restart_is_answered(client: Client, endpoint: Endpoint) -> None:
    """RFC 9725 §4.3.3: 200 with the server's new credentials, all its candidates and a new ETag.
    Requests of the former ICE session get 412.
    """
    session, first = endpoint.session, endpoint.session.ufrag
    status, text, tag = await patch(client, NEW, "*")
    assert (status, tag) == (200, f'"{session.ufrag}"') and session.ufrag != first
    assert (session._ice.current.remote_ufrag, session._ice.past) == ("new1", (OFFER.ufrag,))
    lines = text.split("\r\n")
    assert {
        "a=ice-lite",
        f"a=ice-ufrag:{session.ufrag}",
        f"a=ice-pwd:{session._ice.current.password}",
        "a=end-of-candidates",
    } <= set(lines)
    assert any(" 192.0.2.1 " in line for line in lines)
    for body, match in ((CANDIDATES, f'"{first}"'), (CANDIDATES, "*"), (NEW, f'"{first}"')):
        assert await patch(client, body, match) == (412, "ice_session_changed", None)
    assert await patch(client, NEW, tag) == (204, "", None)


async def test_options_name_methods_and_types(client: Client) -> None:
    methods = {
        "/x/room": "POST, OPTIONS, GET",
        "/x/room/session": "PATCH, DELETE, OPTIONS, GET",
    }
    for path, allowed in methods.items():
        response = await client.options(path)
        assert (response.status, response.headers["Allow"]) == (204, allowed)
        assert response.headers["Accept-Post"] == SDP
        assert response.headers["Accept-Patch"] == SDP_FRAGMENT
