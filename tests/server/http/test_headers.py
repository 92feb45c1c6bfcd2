"""The headers of answers: framing, CORS, CORP, COOP, HSTS, no version."""

import asyncio
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web
from aiohttp.test_utils import make_mocked_request

from relay.errors import RefusalCode
from server.http.headers import FRAMING, Framing, ancestors_of
from server.http.pages import Pages
from server.settings import Settings
from tests.fixtures.server import Server, running

ELSEWHERE = "https://else.example"
LIVE = "https://live.example"
BROWSER = {"Accept": "text/html"}
ENDPOINTS = ("/api/rooms", "/hls/{room}/live.m3u8", "/whip/{room}", "/whep/{room}", "/ws/{room}")


async def headers(server: Server, path: str, **sent: str) -> dict[str, str]:
    async with server.http.get(server.url + path, headers=sent) as response:
        await response.read()
        return dict(response.headers)


async def refusal(server: Server, path: str, **sent: str) -> tuple[int, str]:
    async with server.http.get(server.url + path, headers=sent) as response:
        return response.status, (await response.json())["code"]


async def test_every_answer_has_its_headers(server: Server) -> None:
    """Pages, files, the API, errors, the event stream and the WebSocket."""
    room = await server.create()
    paths = ("/", "/live", f"/r/{room.name}", "/favicon.ico", "/nothing", "/healthz", "/metrics")
    api = (f"/api/rooms/{room.name}/qr.svg", f"/hls/{room.name}/live.m3u8", "/api/nothing")
    for path in (*paths, *api):
        got = await headers(server, path)
        assert (got["Server"], got["X-Content-Type-Options"]) == ("microlive", "nosniff"), path
        assert got["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in got
    async with (
        server.http.get(f"{server.url}/api/rooms/{room.name}/events") as stream,
        server.http.ws_connect(f"{server.url}/ws/{room.name}") as socket,
    ):
        for answer in (stream.headers, socket._response.headers):
            assert (answer["Server"], answer["X-Content-Type-Options"]) == ("microlive", "nosniff")


async def test_malformed_http_is_refused_without_a_version(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer has a code, and nothing is logged: otherwise strangers could fill the log."""
    for request in (
        b"no HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: " + b"a" * 9_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2]))
        writer.write(request)
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 400 ") or answer.startswith(b"HTTP/1.0 400 ")
        assert b"Server: microlive\r\n" in answer and b'"code":"bad_request"' in answer
        assert b"aiohttp" not in answer and b"Python" not in answer
    assert not caplog.records


@pytest.mark.parametrize(
    "host", ["", "x; script-src * 'unsafe-inline'", "a b", "a" * 256, "a" * 4_000, "a:99999"]
)
@pytest.mark.parametrize("any_host", [False, True])
async def test_a_malformed_host_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, host: str, any_host: bool
) -> None:
    """Also by a server that answers for every host. No part of the host gets into the policy."""
    where = {"host": "0.0.0.0"} if any_host else {}
    async with running(tmp_path, **where) as server:
        caplog.clear()
        async with server.http.get(server.url, headers={"Host": host, **BROWSER}) as response:
            assert response.status == 400
            policy = response.headers.get("Content-Security-Policy", "")
            assert "unsafe-inline" not in policy and "ws:" not in policy
        assert await refusal(server, "/api/config", Host=host) == (400, "bad_request")
        assert await server.status("GET", "/healthz", headers={"Host": host}) == 200
    assert not caplog.records


async def test_a_request_without_a_host_is_refused(server: Server) -> None:
    """Only HTTP/1.0 allows it."""
    answers = []
    for version in (b"1.1", b"1.0"):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2]))
        writer.write(b"GET /api/config HTTP/" + version + b"\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(5):
            answers.append((await reader.read())[9:12])
        writer.close()
    assert answers == [b"400", b"200"]


@pytest.mark.parametrize("path", ["/", "/live", "/r/x", "/assets/x/y.js", "/nothing", *ENDPOINTS])
async def test_an_unknown_host_is_refused_everywhere(server: Server, path: str) -> None:
    where = path.format(room="x")
    for host in ("evil.example", "localhost.evil.example", "0.0.0.0", "192.0.2.1:8080"):
        assert await refusal(server, where, Host=host) == (421, RefusalCode.UNKNOWN_HOST)
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080"):
        assert await server.status("GET", where, headers={"Host": host}) != 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_monitoring_may_use_every_host(server: Server, path: str) -> None:
    assert await server.status("GET", path, headers={"Host": "evil.example"}) == 200


async def test_a_browser_gets_words_for_an_unknown_host(server: Server) -> None:
    """Plain text: the style sheets of a page would be refused too."""
    got = {"Host": "box.example", **BROWSER}
    async with server.http.get(f"{server.url}/live", headers=got) as response:
        text = await response.text()
        assert (response.status, response.content_type) == (421, "text/plain")
        assert "box.example" in text and "--hosts" in text and "--public-url" in text


async def test_names_make_a_host_known(tmp_path: Path) -> None:
    values: dict[str, Any] = {"public_url": LIVE, "hosts": ("*.b.example",)}
    async with running(tmp_path, **values) as server:
        for host, status in (
            ("live.example", 200),
            ("a.b.example:8080", 200),
            ("b.example", 421),
            ("evil.example", 421),
        ):
            got = await server.status("GET", "/api/config", headers={"Host": host})
            assert got == status, host


async def test_a_server_without_a_name_answers_and_warns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line, which says what to set."""
    async with running(tmp_path, host="0.0.0.0") as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        async with server.http.get(url, headers={"Host": "any.example"}) as response:
            assert response.status == 200
    [line] = [record.getMessage() for record in caplog.records if "host name" in record.message]
    assert "--public-url" in line and "--hosts" in line


async def test_the_host_of_a_trusted_proxy_counts(tmp_path: Path) -> None:
    """The last X-Forwarded-Host counts, since the proxy has written it. A stranger's is ignored."""
    proxies = (ip_network("127.0.0.0/8"),)
    forged = {"X-Forwarded-Host": "live.example, evil.example"}
    written = {"X-Forwarded-Host": "evil.example, live.example"}
    async with running(tmp_path, public_url=LIVE, trusted_proxies=proxies) as server:
        assert await refusal(server, "/api/config", **forged) == (421, "unknown_host")
        assert await server.status("GET", "/api/config", headers=written) == 200
    async with running(tmp_path, public_url=LIVE) as server:
        for sent in (forged, written):
            assert await server.status("GET", "/api/config", headers=sent) == 200
            sent = {**sent, "Host": "evil.example"}
            assert await server.status("GET", "/api/config", headers=sent) == 421


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_a_foreign_origin_is_refused(server: Server, path: str) -> None:
    """On loopback, each endpoint refuses it without CORS headers. Own pages and other programs
    pass.
    """
    room = await server.create()
    where = path.format(room=room.name)
    for origin in (ELSEWHERE, "null", "http://127.0.0.1:1"):
        async with server.http.get(server.url + where, headers={"Origin": origin}) as response:
            assert (response.status, (await response.json())["code"]) == (403, "foreign_origin")
            assert "Access-Control-Allow-Origin" not in response.headers
            assert response.headers["Vary"] == "Origin"
    assert await server.status("GET", where, headers={"Origin": server.url}) != 403
    assert await server.status("GET", where) != 403
    ask = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
    assert await server.status("OPTIONS", where, headers=ask) == 403


async def test_a_foreign_page_creates_no_room(server: Server) -> None:
    """A POST of plain text needs no preflight."""
    sent = {"Origin": ELSEWHERE, "Content-Type": "text/plain"}
    assert await server.status("POST", "/api/rooms", headers=sent, data="{}") == 403
    assert server.rooms._rooms == {}


async def test_a_foreign_page_opens_no_websocket(server: Server) -> None:
    room = await server.create()
    url = f"{server.url}/ws/{room.name}"
    with pytest.raises(WSServerHandshakeError) as caught:
        await server.http.ws_connect(url, origin=ELSEWHERE)
    assert caught.value.status == 403
    for origin in (server.url, None):
        async with server.http.ws_connect(url, origin=origin) as socket:
            await socket.receive()


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_an_allowed_origin(tmp_path: Path, path: str) -> None:
    """A listed origin is allowed by its name. `*` allows all, so that caches may keep one answer
    for all pages. Credentials are never allowed.
    """
    for allowed, answer, vary in ((ELSEWHERE, ELSEWHERE, True), ("*", "*", False)):
        async with running(tmp_path, cors_origins=(allowed,)) as server:
            room = await server.create()
            where = path.format(room=room.name)
            got = await headers(server, where, Origin=ELSEWHERE)
            assert got["Access-Control-Allow-Origin"] == answer
            assert "Access-Control-Allow-Credentials" not in got
            assert got["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert ("Origin" in got.get("Vary", "")) is vary
            plain = await headers(server, where)
            assert plain.get("Access-Control-Allow-Origin") == (None if vary else "*")
            other = await server.status("GET", where, headers={"Origin": "https://b.example"})
            assert (other == 403) is vary


async def test_pages_are_not_readable_for_other_origins(tmp_path: Path) -> None:
    async with running(tmp_path, cors_origins=("*",)) as server:
        for path in ("/", "/live", "/metrics", "/healthz"):
            got = await headers(server, path, Origin=ELSEWHERE)
            assert "Access-Control-Allow-Origin" not in got
            assert got["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_who_may_show_a_page_in_a_frame(server: Server) -> None:
    room = await server.create()
    for path, ancestors in (
        ("/", "'none'"),
        ("/live", "'none'"),
        (f"/r/{room.name}", "'self'"),
        ("/nothing", "'none'"),
    ):
        policy = (await headers(server, path, **BROWSER))["Content-Security-Policy"]
        assert policy.endswith(f"frame-ancestors {ancestors}"), path


async def test_every_page_has_a_framing(server: Server) -> None:
    pages = [
        route.resource.canonical
        for route in server.app.router.routes()
        if route.resource and isinstance(getattr(route.handler, "__self__", None), Pages)
    ]
    files = {"/assets/{version}/{name}", "/favicon.ico"}
    assert set(pages) - files <= set(FRAMING) and len(pages) > 4


@pytest.mark.parametrize(
    ("embed_origins", "ancestors"), [((), "*"), ((ELSEWHERE,), ELSEWHERE), (("*",), "*")]
)
async def test_the_framing_of_embedded_players(
    tmp_path: Path, embed_origins: tuple[str, ...], ancestors: str
) -> None:
    """The table has the rule before the route exists."""
    assert FRAMING["/embed/{room}"] is Framing.EMBEDDING
    settings = Settings(data=tmp_path, embed_origins=embed_origins)

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=ancestors_of(request, settings))

    app = web.Application()
    app.router.add_get("/embed/{room}", page)
    request = make_mocked_request("GET", "/embed/x", app=app)
    match = await app.router.resolve(request)
    match.add_app(app)
    request._match_info = match
    assert (await page(request)).text == ancestors


async def test_pages_are_separate_from_those_that_open_them(tmp_path: Path) -> None:
    """The header is sent only where browsers accept it, since they complain about it over plain
    HTTP.
    """
    name, secure = "Cross-Origin-Opener-Policy", "same-origin"
    proxy = {"trusted_proxies": (ip_network("127.0.0.0/8"),), "hosts": ("box.example",)}
    async with running(tmp_path, **proxy) as server:
        assert (await headers(server, "/"))[name] == secure
        assert name not in await headers(server, "/", Host="box.example")
        https = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "box.example"}
        assert (await headers(server, "/", **https))[name] == secure
        assert name not in await headers(server, "/api/config")


async def test_https_only_for_a_public_https_url(tmp_path: Path) -> None:
    """The header is sent only for that host, and not if a trusted proxy says that the client used
    plain HTTP.
    """
    name = "Strict-Transport-Security"
    async with running(tmp_path, public_url=LIVE) as server:
        for path in ("/", "/api/config", "/nothing"):
            assert "max-age=31536000" in (await headers(server, path, Host="live.example"))[name]
        assert name not in await headers(server, "/")
    async with running(tmp_path, public_url="http://live.example") as server:
        assert name not in await headers(server, "/", Host="live.example")
    proxies = (ip_network("127.0.0.0/8"),)
    async with running(tmp_path, public_url=LIVE, trusted_proxies=proxies) as server:
        sent = {"X-Forwarded-Host": "live.example", "X-Forwarded-Proto": "http"}
        assert name not in await headers(server, "/", **sent)
        assert name in await headers(server, "/", **{**sent, "X-Forwarded-Proto": "https"})
