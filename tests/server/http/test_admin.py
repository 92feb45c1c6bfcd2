"""The admin API with the token and over the socket, and the effects of a block."""

import stat
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, UnixConnector

from server.settings import ADMIN_SOCKET_NAME
from server.storage.blocks import BlockStore
from server.storage.errors import StorageError
from tests.fixtures.server import Server, running

TOKEN = "an-admin-token-of-some-length"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PROXIED = {"trusted_proxies": ("127.0.0.1",), "admin_token": TOKEN}


def of(address: str) -> dict[str, str]:
    """The header with which a trusted proxy names its client."""
    return {"X-Forwarded-For": address}


async def ask(server: Server, method: str, path: str, **options: Any) -> tuple[int, Any]:
    async with server.http.request(method, f"{server.url}/api/admin/{path}", **options) as response:
        return response.status, await response.json() if response.status != 204 else None


async def create(server: Server, address: str) -> str:
    async with server.http.post(f"{server.url}/api/rooms", headers=of(address)) as response:
        assert response.status == 201
        name: str = (await response.json())["room"]
        return name


@pytest.mark.parametrize("configured", [True, False])
async def test_only_the_admin_token_admits(tmp_path: Path, configured: bool) -> None:
    settings = {"admin_token": TOKEN} if configured else {}
    async with running(tmp_path, **settings) as server:
        room = await server.create()
        for method, path in (
            ("GET", "rooms"),
            ("DELETE", f"rooms/{room.name}"),
            ("GET", "blocks"),
            ("POST", "blocks"),
            ("DELETE", "blocks/203.0.113.7"),
            ("GET", "people"),
            ("POST", "cookie-keys"),
        ):
            status, refusal = await ask(server, method, path)
            assert (status, refusal["code"]) == (401, "missing_key")
            for wrong in (room.key, TOKEN + "x", "\u00e9"):
                headers = {"Authorization": f"Bearer {wrong}"}
                status, refusal = await ask(server, method, path, headers=headers)
                assert (status, refusal["code"]) == (403, "wrong_token")
        assert (await ask(server, "GET", "rooms", headers=BEARER))[0] == (
            200 if configured else 403
        )


async def test_attempts_are_limited(tmp_path: Path) -> None:
    async with running(tmp_path, admin_token=TOKEN, max_admin_per_address_minute=2) as server:
        seen = [(await ask(server, "GET", "rooms"))[0] for _ in range(3)]
        assert seen == [401, 401, 429]


async def test_rooms_with_the_addresses_of_their_creators(tmp_path: Path) -> None:
    """The addresses are kept across a restart. A room can be ended without its key."""
    async with running(tmp_path, **PROXIED) as server:
        first, second = await create(server, "203.0.113.7"), await create(server, "2001:db8::9")
    async with running(tmp_path, **PROXIED) as server:
        status, answer = await ask(server, "GET", "rooms", headers=BEARER)
        assert status == 200
        assert {room["room"]["room"]: room["creator"] for room in answer["rooms"]} == {
            first: "203.0.113.7",
            second: "2001:db8::9",
        }
        assert (await ask(server, "DELETE", f"rooms/{first}", headers=BEARER))[0] == 204
        assert (await ask(server, "DELETE", f"rooms/{first}", headers=BEARER))[0] == 204
        status, refusal = await ask(server, "DELETE", "rooms/unknown", headers=BEARER)
        assert (status, refusal["code"]) == (404, "room_not_found")
        _, answer = await ask(server, "GET", "rooms", headers=BEARER)
        assert [room["room"]["room"] for room in answer["rooms"]] == [second]
        assert await server.status("GET", f"/whip/{first}") == 410
        assert (
            "203.0.113.7"
            not in await (await server.http.get(f"{server.url}/api/rooms/{second}")).text()
        )


async def test_a_block_refuses_a_network_and_ends_its_rooms(tmp_path: Path) -> None:
    """The block outlives a restart and can be removed. Other networks notice nothing."""
    async with running(tmp_path, **PROXIED) as server:
        theirs, other = await create(server, "203.0.113.7"), await create(server, "198.51.100.1")
        body = {"network": "203.0.113.0/24", "seconds": 60, "reason": "spam"}
        status, answer = await ask(server, "POST", "blocks", headers=BEARER, json=body)
        assert (status, answer["ended"]) == (201, [theirs])
        assert answer["block"]["network"] == "203.0.113.0/24"
    async with running(tmp_path, **PROXIED) as server:
        for path in ("/", "/live", "/api/rooms", f"/ws/{other}", f"/hls/{other}/index.m3u8"):
            async with server.http.get(server.url + path, headers=of("203.0.113.200")) as response:
                assert response.status == 403 and int(response.headers["Retry-After"]) <= 60
        assert await server.status("GET", "/healthz", headers=of("203.0.113.200")) == 200
        for path in ("/", f"/api/rooms/{other}"):
            assert await server.status("GET", path, headers=of("198.51.100.1")) == 200
        _, answer = await ask(server, "GET", "blocks", headers=BEARER)
        assert [block["reason"] for block in answer["blocks"]] == ["spam"]
        assert (await ask(server, "DELETE", "blocks/203.0.113.0/24", headers=BEARER))[0] == 204
        assert (await ask(server, "DELETE", "blocks/203.0.113.0/24", headers=BEARER))[0] == 404
        assert await server.status("GET", "/", headers=of("203.0.113.200")) == 200


async def test_a_block_that_storage_keeps_can_be_removed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the block would come back with the next start."""

    async def fail(*_: object) -> None:
        raise StorageError("the disk is full")

    async with running(tmp_path, admin_token=TOKEN) as server:
        body = {"network": "203.0.113.7"}
        assert (await ask(server, "POST", "blocks", headers=BEARER, json=body))[0] == 201
        with monkeypatch.context() as broken:
            broken.setattr(BlockStore, "remove", fail)
            assert (await ask(server, "DELETE", "blocks/203.0.113.7", headers=BEARER))[0] == 503
        assert (await ask(server, "DELETE", "blocks/203.0.113.7", headers=BEARER))[0] == 204


async def test_rooms_are_kept_if_the_operator_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, **PROXIED) as server:
        await create(server, "203.0.113.7")
        body = {"network": "203.0.113.7", "end_rooms": False}
        _, answer = await ask(server, "POST", "blocks", headers=BEARER, json=body)
        assert answer["ended"] == []
        _, answer = await ask(server, "GET", "rooms", headers=BEARER)
        assert len(answer["rooms"]) == 1


async def test_open_connections_of_a_blocked_network_are_closed(tmp_path: Path) -> None:
    """A viewer that connected before the block loses its WebSocket."""
    async with running(tmp_path, admin_token=TOKEN) as server:
        room = await server.create()
        async with server.http.ws_connect(f"{server.url}/ws/{room.name}?media=0") as socket:
            await socket.receive(timeout=5)
            connector = UnixConnector(str(tmp_path / ADMIN_SOCKET_NAME))
            async with (
                ClientSession(connector=connector) as http,
                http.post("http://x/api/admin/blocks", json={"network": "127.0.0.1"}) as response,
            ):
                assert response.status == 201
            while not socket.closed:
                await socket.receive(timeout=5)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "not_json"),
        (b"[]", 422, "bad_block"),
        (b"{}", 422, "bad_block"),
        (b'{"network": "here"}', 422, "bad_block"),
        (b'{"network": "203.0.113.7/33"}', 422, "bad_block"),
        (b'{"network": "203.0.113.7", "seconds": 0}', 422, "bad_block"),
        (b'{"network": "203.0.113.7", "seconds": 1e300}', 422, "bad_block"),
        (b'{"network": "203.0.113.7", "until": 5}', 422, "bad_block"),
    ],
)
async def test_blocks_that_are_refused(tmp_path: Path, body: bytes, status: int, code: str) -> None:
    async with running(tmp_path, admin_token=TOKEN) as server:
        got, refusal = await ask(server, "POST", "blocks", headers=BEARER, data=body)
        assert (got, refusal["code"]) == (status, code)
        _, answer = await ask(server, "GET", "blocks", headers=BEARER)
        assert answer["blocks"] == []


async def test_the_socket_needs_no_token_and_admits_only_its_user(tmp_path: Path) -> None:
    path = tmp_path / ADMIN_SOCKET_NAME
    path.touch()  # left behind by a server that was killed
    async with running(tmp_path) as server:
        room = await server.create()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with ClientSession(connector=UnixConnector(str(path))) as http:
            async with http.get("http://localhost/api/admin/rooms") as response:
                answer = await response.json()
                assert [found["room"]["room"] for found in answer["rooms"]] == [room.name]
            async with http.get("http://localhost/api/admin/nothing") as response:
                assert (response.status, (await response.json())["code"]) == (404, "not_found")
    assert not path.exists()


async def test_a_data_directory_with_a_long_path_has_no_socket(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / ("x" * 100)
    async with running(data) as server:
        assert await server.status("GET", "/healthz") == 200
    assert "use --admin-token instead" in caplog.text
