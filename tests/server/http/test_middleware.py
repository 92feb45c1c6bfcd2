"""The steps of every answer: status, code and text of refusals, and CORS headers."""

import asyncio
import logging
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from server.http.connections import REFUSAL
from server.http.error_answers import refusals
from server.http.pages import Pages
from server.http.payloads import RefusalBody
from server.settings import Settings
from server.storage.errors import StorageError, StorageUnavailable
from tests.fixtures.deadline import eventually
from tests.fixtures.server import Server, running


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/rooms/none", 404, "room_not_found"),
        ("GET", "/hls/none/index.m3u8", 404, "room_not_found"),
        ("GET", "/ws/none", 404, "room_not_found"),
        ("GET", "/r/none", 404, "room_not_found"),
        ("POST", "/whip/none", 404, "room_not_found"),
        ("POST", "/whep/none", 404, "room_not_found"),
        ("DELETE", "/api/rooms/none", 404, "room_not_found"),
        ("PUT", "/api/rooms", 405, "method_not_allowed"),
    ],
)
async def test_each_has_a_code(
    server: Server, method: str, path: str, status: int, code: str
) -> None:
    """It is JSON that is never cached. 405 names the methods."""
    headers = {"Authorization": "Bearer x"}
    async with server.http.request(method, server.url + path, headers=headers) as response:
        refusal = RefusalBody.model_validate_json(await response.text())
        assert (response.status, refusal.code, refusal.retry_after) == (status, code, None)
        assert response.content_type == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        assert (response.headers.get("Allow") == "GET,HEAD,POST") == (status == 405)


async def test_a_missing_key_says_how_to_send_one(server: Server) -> None:
    room = await server.create()
    async with server.http.delete(f"{server.url}/api/rooms/{room.name}") as response:
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert (await response.json())["code"] == "missing_key"


async def test_retry_after_is_in_header_and_body(tmp_path: Path) -> None:
    async with running(tmp_path, max_rooms_per_address_hour=1) as server:
        await server.create()
        async with server.http.post(f"{server.url}/api/rooms") as response:
            refusal = RefusalBody.model_validate_json(await response.text())
            assert (response.status, refusal.code) == (429, "too_many_rooms")
            assert refusal.retry_after == int(response.headers["Retry-After"]) > 1


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (StorageError, 503, "storage_unavailable", "5"),
        (StorageUnavailable, 503, "storage_unavailable", "5"),
        (ZeroDivisionError, 500, "internal_error", None),
    ],
)
async def test_failures_of_the_server(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
    status: int,
    code: str,
    retry_after: str | None,
) -> None:
    """A failure of storage and a defect have a code too; the answer does not contain the cause."""

    async def fail(*_: object) -> None:
        raise error("disk full")

    monkeypatch.setattr(server.rooms._storage.rooms, "find", fail)
    async with server.http.get(f"{server.url}/readyz") as response:
        text = await response.text()
        assert (response.status, RefusalBody.model_validate_json(text).code) == (status, code)
        assert response.headers.get("Retry-After") == retry_after
        assert "disk full" not in text


async def test_a_defect_in_the_middle_of_an_answer_cuts_the_connection(tmp_path: Path) -> None:
    """Another answer behind the first one would be read as its body."""

    async def fail_late(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        raise ZeroDivisionError

    app = web.Application(middlewares=[refusals(cast(Pages, None), Settings(data=tmp_path))])
    app.router.add_get("/", fail_late)
    async with TestServer(app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
    assert answer.endswith(b"begun\r\n") and answer.count(b"HTTP/1.1") == 1


async def test_a_client_that_leaves_before_its_body_is_no_defect(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise, strangers could fill the log with tracebacks."""
    url = URL(server.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /api/rooms HTTP/1.1\r\nHost: {url.authority}\r\nContent-Length: 9\r\n"
    writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n{")
    connections = server.connections._open
    await eventually(lambda: any(connection._request for connection in connections.values()))
    writer.transport.abort()
    await eventually(lambda: not any(connection._request for connection in connections.values()))
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_ready_until_it_closes(server: Server) -> None:
    async with server.http.get(f"{server.url}/readyz") as response:
        assert (response.status, await response.text()) == (200, "ok")
    await server.rooms.close()
    async with server.http.get(f"{server.url}/readyz") as response:
        assert (response.status, (await response.json())["code"]) == (503, "server_closing")
    assert await server.status("GET", "/healthz") == 200


async def test_a_connection_too_many_is_answered_like_any_request(tmp_path: Path) -> None:
    """It is answered with a code, before aiohttp reads it."""
    async with running(tmp_path, max_sockets_per_address=1) as server:
        port = int(server.url.rsplit(":", 1)[1])
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        async with asyncio.timeout(5):
            answer = await opened[-1][0].read()
        for _, writer in opened:
            writer.close()
    assert answer == REFUSAL
    head, _, body = answer.partition(b"\r\n\r\n")
    refusal = RefusalBody.model_validate_json(body)
    assert head.startswith(b"HTTP/1.1 429 ") and refusal.code == "too_many_connections"
    assert f"Retry-After: {refusal.retry_after}".encode() in head


async def test_cross_origin(tmp_path: Path) -> None:
    """A page of an allowed origin may request and read what it needs. Another origin gets no such
    headers, and pages have none.
    """
    async with running(tmp_path, cors_origins=("https://a.example",)) as server:
        asks = {
            "Origin": "https://a.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        for path in ("/api/rooms", "/whip/any", "/whip/any/session"):
            async with server.http.options(server.url + path, headers=asks) as response:
                assert response.status == 204
                assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
                assert {"POST", "PATCH", "DELETE"} <= set(
                    response.headers["Access-Control-Allow-Methods"].split(", ")
                )
                assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
        async with server.http.post(
            f"{server.url}/whip/none", headers={"Origin": "https://a.example"}
        ) as response:
            assert response.status == 404
            assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
            assert {"Location", "Link"} <= set(
                response.headers["Access-Control-Expose-Headers"].split(", ")
            )
            assert "Origin" in response.headers["Vary"]
        room = await server.create()
        async with server.http.get(
            f"{server.url}/api/rooms/{room.name}/events", headers={"Origin": "https://a.example"}
        ) as response:
            assert response.status == 200
            assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        for path, origin in (("/api/rooms", "https://b.example"), ("/", "https://a.example")):
            async with server.http.get(server.url + path, headers={"Origin": origin}) as response:
                assert "Access-Control-Allow-Origin" not in response.headers
                assert (response.status == 403) == (path != "/")
