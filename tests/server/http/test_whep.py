"""`/whep/{room}`: the refusals of WHEP, and how many sessions an address may have."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from relay.media import opus
from server.http.signalling import SDP, SDP_FRAGMENT
from tests.fixtures.deadline import eventually
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.offers import offer
from tests.fixtures.server import NewRoom, Server, running

PLAYER = offer("chromium").replace("a=sendonly", "a=recvonly")


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path, max_sockets_per_address=1) as server:
        yield server


async def live_room(server: Server) -> NewRoom:
    """A room whose stream has both tracks and a keyframe."""
    room = await server.create()
    stream = server.stream(room)
    stream.set_track(video_track(), 0)
    stream.set_track(opus.track_info(), 0)
    stream.publish(video_sample(0, key=True))
    return room


async def ask(
    server: Server,
    method: str,
    path: str,
    body: str = "",
    kind: str = SDP,
    more: dict[str, str] | None = None,
) -> tuple[int, str, Any]:
    """Status, the refusal's code, and the headers. `more`: more headers of the request."""
    headers = ({"Content-Type": kind} if body else {}) | (more or {})
    url = path if path.startswith("http") else server.url + path
    async with server.http.request(method, url, data=body or None, headers=headers) as response:
        refused = response.content_type == "application/json"
        code = (await response.json())["code"] if refused else ""
        return response.status, code, response.headers


async def test_a_block_ends_the_sessions_of_its_network(tmp_path: Path) -> None:
    async with running(tmp_path, trusted_proxies=("127.0.0.1",), admin_token="t" * 32) as server:
        room = await live_room(server)
        for address in ("203.0.113.7", "203.0.113.8", "198.51.100.1"):
            async with server.http.post(
                f"{server.url}/whep/{room.name}",
                data=PLAYER,
                headers={"Content-Type": SDP, "X-Forwarded-For": address},
            ) as answer:
                assert answer.status == 201
        async with server.http.post(
            f"{server.url}/api/admin/blocks",
            json={"network": "203.0.113.0/24", "end_rooms": False},
            headers={"Authorization": f"Bearer {'t' * 32}"},
        ) as answer:
            assert answer.status == 201
        await eventually(lambda: len(server.whep.sessions) == 1)
        (left,) = server.whep._sessions.values()
        assert left.address == "198.51.100.1"


async def test_a_session_from_offer_to_end(server: Server) -> None:
    room = await live_room(server)
    status, _, headers = await ask(server, "POST", f"/whep/{room.name}", PLAYER)
    assert status == 201 and headers["Location"].startswith(f"{server.url}/whep/{room.name}/")
    assert len(server.whep.sessions) == 1
    session = headers["Location"]
    ours = next(line for line in PLAYER.splitlines() if line.startswith("a=ice-ufrag"))
    fragment = f"{ours}\r\na=end-of-candidates\r\n"
    for match in ({"If-Match": headers["ETag"]}, {}):
        assert (await ask(server, "PATCH", session, fragment, SDP_FRAGMENT, match))[0] == 204
    new = "a=ice-ufrag:new1\r\na=ice-pwd:another-password-0123456789\r\n"
    assert (await ask(server, "PATCH", session, new, SDP_FRAGMENT))[:2] == (428, "missing_if_match")
    status, _, restarted = await ask(server, "PATCH", session, new, SDP_FRAGMENT, {"If-Match": "*"})
    assert (status, restarted["Content-Type"]) == (200, SDP_FRAGMENT)
    assert restarted["ETag"] == f'"{server.whep.sessions[0].ufrag}"' != headers["ETag"]
    assert (await ask(server, "PATCH", session, "v=0"))[:2] == (422, "no_counter_offer")
    assert (await ask(server, "DELETE", session))[0] == 200
    assert len(server.whep.sessions) == 0
    assert (await ask(server, "DELETE", session))[0] == 200
    assert (await ask(server, "DELETE", session[:-1]))[:2] == (404, "session_not_found")
    assert (await ask(server, "PATCH", session, new, SDP_FRAGMENT))[:2] == (
        404,
        "session_not_found",
    )


async def test_offers_with_many_sections(server: Server) -> None:
    """whip-whep's offer with a data channel is taken; 200 sections are not, and count as no
    session.
    """
    room = await live_room(server)
    channel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    whole = offer("medooze_whep")
    refused = await ask(server, "POST", f"/whep/{room.name}", whole + channel * 198)
    assert refused[:2] == (422, "unusable_offer")
    status, _, headers = await ask(server, "POST", f"/whep/{room.name}", whole + channel)
    assert status == 201 and len(server.whep.sessions) == 1
    assert (await ask(server, "DELETE", headers["Location"]))[0] == 200


async def test_an_address_has_a_number_of_sessions(server: Server) -> None:
    """A refused offer does not count; a session counts until it ends."""
    room = await live_room(server)
    assert (await ask(server, "POST", f"/whep/{room.name}", "v=0\r\n"))[0] in (400, 422)
    _, _, headers = await ask(server, "POST", f"/whep/{room.name}", PLAYER)
    status, code, refused = await ask(server, "POST", f"/whep/{room.name}", PLAYER)
    assert (status, code, refused["Retry-After"]) == (429, "too_many_sessions", "5")
    await ask(server, "DELETE", headers["Location"])
    assert (await ask(server, "POST", f"/whep/{room.name}", PLAYER))[0] == 201


async def test_sessions_of_an_address_that_connect_are_limited(tmp_path: Path) -> None:
    """429 for one address, 503 for all together, both with Retry-After; an end frees its place."""
    limits = {"max_connecting_whep_per_address": 2, "max_connecting_whep": 3}
    async with running(tmp_path, trusted_proxies=["127.0.0.1"], **limits) as server:
        room = await live_room(server)

        async def post(address: str) -> tuple[int, str, Any]:
            headers = {"Content-Type": SDP, "X-Forwarded-For": address}
            url = f"{server.url}/whep/{room.name}"
            async with server.http.post(url, data=PLAYER, headers=headers) as response:
                refused = response.content_type == "application/json"
                code = (await response.json())["code"] if refused else ""
                return response.status, code, response.headers

        assert [(await post("192.0.2.1"))[0] for _ in range(2)] == [201, 201]
        status, code, headers = await post("192.0.2.1")
        assert (status, code, headers["Retry-After"]) == (429, "too_many_sessions", "1")
        _, _, last = await post("192.0.2.2")
        status, code, headers = await post("192.0.2.3")
        assert (status, code, headers["Retry-After"]) == (503, "server_full", "1")
        assert server.whep.counters.refused == 2
        await server.status("DELETE", last["Location"].removeprefix(server.url))
        assert (await post("192.0.2.3"))[0] == 201


async def test_a_room_that_is_not_live(server: Server) -> None:
    """409 with Retry-After before the first live, 410 after the end."""
    room = await server.create()
    status, code, headers = await ask(server, "POST", f"/whep/{room.name}", PLAYER)
    assert (status, code, headers["Retry-After"]) == (409, "room_not_live", "5")
    assert (await ask(server, "GET", f"/whep/{room.name}"))[0] in (200, 204)
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    assert (await ask(server, "POST", f"/whep/{room.name}", PLAYER))[:2] == (410, "room_ended")
    assert (await ask(server, "GET", f"/whep/{room.name}"))[0] == 410


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_session_of_another_room_is_not_found(server: Server, method: str) -> None:
    room, other = await live_room(server), await live_room(server)
    _, _, headers = await ask(server, "POST", f"/whep/{room.name}", PLAYER)
    session = headers["Location"].replace(room.name, other.name)
    fragment = "a=end-of-candidates\r\n"
    assert (await ask(server, method, session, fragment, SDP_FRAGMENT))[0] == 404
    assert len(server.whep.sessions) == 1
