"""The JSON API, as API.md describes it."""

import asyncio
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from server import __version__
from server.http import qr_codes
from tests.fixtures.deadline import eventually
from tests.fixtures.server import Server, running
from tests.fixtures.viewer import Viewer

TOKEN = "a-create-token-of-this-test"


async def answer(server: Server, method: str, path: str, **options: Any) -> tuple[int, Any]:
    async with server.http.request(method, server.url + path, **options) as response:
        assert response.content_type == "application/json"
        return response.status, await response.json()


async def test_a_new_room(server: Server) -> None:
    """201 with absolute URLs and the creator key; the room is idle and not in the list."""
    async with server.http.post(
        f"{server.url}/api/rooms", json={"title": "  A \n title\u0000 "}
    ) as response:
        assert response.status == 201
        room = await response.json()
        assert response.headers["Location"] == f"/api/rooms/{room['room']}"
    assert set(room) == {"room", "title", "state", "key", "whip", "watch", "ice_servers"}
    assert (room["title"], room["state"], room["ice_servers"]) == ("A title", "idle", [])
    assert (room["whip"], room["watch"]) == (
        f"{server.url}/whip/{room['room']}",
        f"{server.url}/r/{room['room']}",
    )
    status, shown = await answer(server, "GET", f"/api/rooms/{room['room']}")
    assert status == 200 and set(shown) == {
        "room",
        "title",
        "state",
        "viewers",
        "created_at",
        "live_since",
        "visibility",
        "mood",
    }
    assert (shown["viewers"], shown["live_since"]) == (0, None)
    assert await answer(server, "GET", "/api/rooms") == (200, {"rooms": []})


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b'{"title": ""}', b'{"other": 1}'])
async def test_a_title_is_not_needed(server: Server, body: bytes) -> None:
    """A request without a body, with an empty one, or without a title creates a room."""
    assert await server.status("POST", "/api/rooms", data=body) == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"\xff", 400),
        (b"[" * 60_000, 400),
        (b'{"title": 1}', 422),
        (b'{"title": null}', 422),
        (b'{"title": "' + b"x" * 81 + b'"}', 422),
        (b'{"title": "' + b"x" * 70_000 + b'"}', 413),
        (b'{"mood": "angry"}', 422),
        (b'{"mood": null}', 422),
    ],
    ids=[
        *("cut", "list", "string", "no UTF-8", "deep", "number", "null", "81 characters", "70 KB"),
        *("a mood", "no mood"),
    ],
)
async def test_bodies_that_are_refused(server: Server, body: bytes, status: int) -> None:
    """Each gets its status and a refusal in JSON; no room is created."""
    got, error = await answer(server, "POST", "/api/rooms", data=body)
    assert got == status
    assert set(error) == {"error", "code"} and len(error["error"]) > 10
    assert server.rooms._rooms == {}


async def test_a_room_has_the_mood_that_its_creator_chose(server: Server) -> None:
    room = await server.create(title="A live", mood="calm")
    _, shown = await answer(server, "GET", f"/api/rooms/{room.name}")
    assert shown["mood"] == "calm"
    stored = await server.storage.rooms.find(room.name)
    assert stored is not None and stored.mood == "calm"
    _, refusal = await answer(server, "POST", "/api/rooms", json={"mood": "angry"})
    assert refusal["code"] == "bad_mood"
    _, unset = await answer(server, "GET", f"/api/rooms/{(await server.create()).name}")
    assert unset["mood"] == ""


async def test_unknown_and_ended_rooms(server: Server) -> None:
    """An unknown room gets 404; an ended room is described, with its state."""
    for method, path in (
        ("GET", "/api/rooms/none"),
        ("GET", "/api/rooms/none/qr.svg"),
        ("GET", "/api/nothing"),
    ):
        status, error = await answer(server, method, path)
        assert status == 404 and "error" in error
    room = await server.create(title="Gone")
    assert await server.status("DELETE", "/api/rooms/none", headers=room.bearer) == 404
    assert await server.status("DELETE", f"/api/rooms/{room.name}") == 401
    assert (
        await server.status(
            "DELETE", f"/api/rooms/{room.name}", headers={"Authorization": "Bearer wrong"}
        )
        == 403
    )
    for _ in range(2):
        assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    status, shown = await answer(server, "GET", f"/api/rooms/{room.name}")
    assert (status, shown["state"], shown["title"]) == (200, "ended", "Gone")


async def test_the_rest(server: Server) -> None:
    """Tests health, configuration, the QR code, and a method that a path does not have."""
    async with server.http.get(f"{server.url}/healthz") as response:
        assert (response.status, await response.text()) == (200, "ok")
    assert await answer(server, "GET", "/api/config") == (
        200,
        {"create": "anyone", "version": __version__, "keep_replays": "day"},
    )
    room = await server.create()
    async with server.http.get(f"{server.url}/api/rooms/{room.name}/qr.svg") as response:
        assert response.content_type == "image/svg+xml" and b"<svg" in await response.read()
    assert await server.status("PUT", f"/api/rooms/{room.name}") == 405


PROXIES = (ip_network("127.0.0.0/8"),)
"""Proxies that are trusted; each request then names its client."""


async def test_a_watch_link_has_a_qr_code_of_its_own(server: Server) -> None:
    """Only caches of the browser may keep a code that contains a secret."""
    room = await server.create()
    path = f"{server.url}/api/rooms/{room.name}/qr.svg"
    codes = {}
    for query in ("", "?k=a.b-c_d", "?k=not%20a%20token"):
        async with server.http.get(path + query) as response:
            caching = response.headers["Cache-Control"]
            codes[query] = (await response.text(), caching.partition(",")[0])
    assert codes["?k=not%20a%20token"] == codes[""]
    assert codes["?k=a.b-c_d"][0] != codes[""][0]
    assert (codes[""][1], codes["?k=a.b-c_d"][1]) == ("public", "private")


async def test_new_qr_codes_of_an_address_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Host header of a client is part of the code. Kept codes have no limit, and browsers keep
    them too.
    """
    monkeypatch.setattr(qr_codes, "NEW_PER_MINUTE", 2)
    async with running(tmp_path, hosts=("*.a.example",), trusted_proxies=PROXIES) as server:
        room = await server.create()
        path = f"/api/rooms/{room.name}/qr.svg"
        for host, address, status in (
            *(("1", "192.0.2.1", 200), ("2", "192.0.2.1", 200), ("3", "192.0.2.1", 429)),
            *(("3", "192.0.2.2", 200), ("3", "192.0.2.1", 200), ("4", "192.0.2.1", 429)),
        ):
            headers = {"Host": f"{host}.a.example", "X-Forwarded-For": address}
            async with server.http.get(server.url + path, headers=headers) as response:
                assert response.status == status
                if status == 200:
                    assert b"<svg" in await response.read()
                    assert response.headers["Cache-Control"] == "public, max-age=3600"


async def test_new_qr_codes_of_all_addresses_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qr_codes, "NEW_PER_SECOND", 1)
    async with running(tmp_path, hosts=("*.a.example",), trusted_proxies=PROXIES) as server:
        room = await server.create()
        path = f"/api/rooms/{room.name}/qr.svg"
        statuses = await asyncio.gather(
            *(
                server.status(
                    "GET",
                    path,
                    headers={"Host": f"{n}.a.example", "X-Forwarded-For": f"192.0.2.{n}"},
                )
                for n in range(20)
            )
        )
    assert set(statuses) == {200, 429}


async def test_who_may_create(tmp_path: Path) -> None:
    """With `create = token`: 401 without one, 403 with a wrong one, 201 with it."""
    async with running(tmp_path, create="token", create_token=TOKEN) as server:
        assert await server.status("POST", "/api/rooms") == 401
        for token in ("wrong", TOKEN[:-1], f"{TOKEN}2", "é"):
            assert (
                await server.status(
                    "POST", "/api/rooms", headers={"Authorization": f"Bearer {token}"}
                )
                == 403
            )
        assert (
            await server.status("POST", "/api/rooms", headers={"Authorization": f"Bearer {TOKEN}"})
            == 201
        )
        assert (await answer(server, "GET", "/api/config"))[1]["create"] == "token"


async def test_a_limit_counts_the_client_behind_a_trusted_proxy(tmp_path: Path) -> None:
    """Two clients of a trusted proxy have a limit each; without trust they share one."""
    for trusted, second in ((("127.0.0.1",), 201), ((), 429)):
        async with running(
            tmp_path / str(second), max_rooms_per_address_hour=1, trusted_proxies=trusted
        ) as server:
            assert (
                await server.status("POST", "/api/rooms", headers={"X-Forwarded-For": "192.0.2.1"})
                == 201
            )
            assert (
                await server.status("POST", "/api/rooms", headers={"X-Forwarded-For": "192.0.2.2"})
                == second
            )


async def test_viewers_are_counted(server: Server) -> None:
    """Each connected viewer counts; an event has the new number, at most once a second."""
    room = await server.create()
    async with Viewer(server.http, server.url, room.name) as first:
        async with Viewer(server.http, server.url, room.name):
            await first.event(viewers=2)
            assert (await answer(server, "GET", f"/api/rooms/{room.name}"))[1]["viewers"] == 2
        await eventually(lambda: server.channel(room).viewers == 1)
        await first.until(lambda: first.events[-1]["viewers"] == 1)
    await eventually(lambda: server.channel(room).viewers == 0)


async def test_health_is_for_the_creator(server: Server) -> None:
    """It needs the key (401, 403) and a room that has not ended (404, 410). Without a publisher
    there is no ingest.
    """
    room = await server.create(title="Mine")
    path = f"/api/rooms/{room.name}/health"
    assert await server.status("GET", path) == 401
    assert await server.status("GET", path, headers={"Authorization": "Bearer wrong"}) == 403
    assert await server.status("GET", "/api/rooms/none/health", headers=room.bearer) == 404
    status, health = await answer(server, "GET", path, headers=room.bearer)
    assert status == 200
    assert set(health) == {"room", "ingest", "audience", "highlight"}
    assert (health["room"]["title"], health["ingest"], health["audience"]["watching"]) == (
        "Mine",
        None,
        0,
    )
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    assert await server.status("GET", path, headers=room.bearer) == 410
