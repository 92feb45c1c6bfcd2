"""The WHIP endpoint against RFC 9725. Tests with a connected publisher are in tests/integration."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from relay.rtc import ended_sessions, peer_session
from tests.fixtures.deadline import eventually
from tests.fixtures.offers import NAMES, offer
from tests.fixtures.server import SDP, NewRoom, Server, running


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    servers = (
        "stun:stun.example.org",
        {"urls": ["turn:turn.example.org"], "username": "u", "credential": "c"},
    )
    async with running(
        tmp_path, ice_servers=servers, turn_urls=("turn:own.example.org",), turn_secret="north"
    ) as server:
        yield server


def headers(room: NewRoom) -> dict[str, str]:
    return {"Content-Type": SDP, **room.bearer}


@pytest.mark.parametrize("name", NAMES)
async def test_a_session_is_set_up(server: Server, name: str) -> None:
    """§4.2: 201 with the answer, the session's URL, its ICE session as ETag and a Link header for
    each ICE server. DELETE ends the session.
    """
    room = await server.create()
    async with server.http.post(room.whip, data=offer(name), headers=headers(room)) as response:
        assert (response.status, response.content_type) == (201, SDP)
        assert (await response.text()).startswith("v=0\r\n")
        location = response.headers["Location"]
        assert response.headers["ETag"] == f'"{server.room(room).sessions[0].rtc.ufrag}"'
        assert location.startswith(f"{server.url}/whip/{room.name}/")
        links = response.headers.getall("Link")
        assert links[0] == '<stun:stun.example.org>; rel="ice-server"'
        assert '<turn:turn.example.org>; rel="ice-server"; username="u"; credential="c"' in links[1]
        assert re.match(
            (
                r'<turn:own.example.org>; rel="ice-server"; username="\d{10}:creator-\w{16}"; '
                r'credential="[\w+/]+=";'
            ),
            links[2],
        )
    path = location.removeprefix(server.url)
    assert await server.status("DELETE", path) == 401
    assert await server.status("DELETE", path, headers=room.bearer) == 200
    assert await server.status("DELETE", path, headers=room.bearer) == 200
    await eventually(lambda: not server.udp.peers)  # the self-check at start is a peer, too


async def test_an_ended_session_may_be_ended_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 for a minute, also after the room's end; but only for the session's creator and room."""
    room, other = await server.create(), await server.create()
    async with server.http.post(room.whip, data=offer("chromium"), headers=headers(room)) as answer:
        path = answer.headers["Location"].removeprefix(server.url)
    server.room(room).sessions[0].rtc._end("the publisher left")
    assert server.room(room).sessions == []
    assert await server.status("DELETE", path, headers=room.bearer) == 200
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    assert await server.status("DELETE", path, headers=room.bearer) == 200
    assert await server.status("DELETE", path, headers=other.bearer) == 403
    elsewhere = path.replace(room.name, other.name)
    assert await server.status("DELETE", elsewhere, headers=other.bearer) == 404
    monkeypatch.setattr(ended_sessions, "KEPT_FOR", -1.0)
    assert await server.status("DELETE", path, headers=room.bearer) == 409


async def test_options_and_get(server: Server) -> None:
    """§4.1: OPTIONS names the types to POST and PATCH; GET is reserved and has no content."""
    room = await server.create()
    async with server.http.options(room.whip) as response:
        assert (response.status, response.headers["Accept-Post"]) == (204, SDP)
    async with server.http.options(room.whip + "/x") as response:
        assert (response.status, response.headers["Accept-Patch"]) == (
            204,
            "application/trickle-ice-sdpfrag",
        )
    assert await server.status("GET", f"/whip/{room.name}") == 204
    assert await server.status("GET", "/whip/none") == 404
    assert await server.status("PUT", f"/whip/{room.name}") == 405
    assert await server.status("POST", f"/whip/{room.name}/x") == 405


async def test_a_newer_offer_replaces_one_that_waits(server: Server) -> None:
    """Only the last of several unconnected offers is kept: a client that retries leaves nothing."""
    room = await server.create()
    for _ in range(5):
        assert (
            await server.status(
                "POST", f"/whip/{room.name}", data=offer("chromium"), headers=headers(room)
            )
            == 201
        )
    await eventually(lambda: len(server.udp.peers) == 1)
    assert len(server.room(room).sessions) == 1


async def test_an_offer_without_a_connection(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session ends at the connect timeout and leaves the UDP port."""
    monkeypatch.setattr(peer_session, "CONNECT_TIMEOUT", 0.05)
    room = await server.create()
    assert (
        await server.status(
            "POST", f"/whip/{room.name}", data=offer("chromium"), headers=headers(room)
        )
        == 201
    )
    await eventually(lambda: not server.udp.peers and not server.room(room).sessions)
    assert await server.state(room) == "idle"


async def test_attempts_are_limited(tmp_path: Path) -> None:
    """Past the limit of an address: 429 with Retry-After, with any key. An ended room: 409."""
    async with running(tmp_path, max_whip_per_address_minute=3) as server:
        room = await server.create()
        assert (
            await server.status("POST", f"/whip/{room.name}", data="x", headers=headers(room))
            == 400
        )
        assert (
            await server.status(
                "POST",
                f"/whip/{room.name}",
                data="x",
                headers={"Content-Type": SDP, "Authorization": "Bearer guess"},
            )
            == 403
        )
        assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
        assert (
            await server.status(
                "POST", f"/whip/{room.name}", data=offer("chromium"), headers=headers(room)
            )
            == 409
        )
        async with server.http.post(
            room.whip, data=offer("chromium"), headers=headers(room)
        ) as response:
            assert response.status == 429 and 1 <= int(response.headers["Retry-After"]) <= 60


async def test_the_announced_addresses_are_in_the_answer(tmp_path: Path) -> None:
    """A server behind 1:1 NAT answers with the announced addresses."""
    async with running(tmp_path, announce=("192.0.2.50",)) as server:
        room = await server.create()
        async with server.http.post(
            room.whip, data=offer("chromium"), headers=headers(room)
        ) as response:
            answer = await response.text()
        assert f" 192.0.2.50 {server.udp.port} typ host" in answer and "127.0.0.1" not in answer
