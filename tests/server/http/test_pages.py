"""The pages and their files."""

import re
import time
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from yarl import URL

from server import WEB
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


async def test_every_page_and_every_file_that_it_names(server: Server) -> None:
    """Feed, studio and room answer with HTML under a policy that names each inline script, and each
    asset in them exists and may be kept for ever.
    """
    room = await server.create(title="<script>alert(1)</script>")
    async with Browser(server.url) as creator:
        await creator.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        await creator.ask("PATCH", "/api/me", {"name": "<script>alert(2)</script>"})
    names: set[str] = set()
    for path in ("/", "/explore", "/live", "/me", "/@다크걸", f"/r/{room.name}"):
        async with server.http.get(server.url + path, headers=BROWSER) as response:
            text = await response.text()
            assert (response.status, response.content_type) == (200, "text/html")
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy and "unsafe-inline" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script>alert" not in text
        for inline in re.findall(
            r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", text, re.DOTALL
        ):
            assert f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'" in policy
        for style in re.findall(r"<style>(.*?)</style>", text, re.DOTALL):
            assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
        names |= set(re.findall(r'(?:src|href)="(/assets/[^"#?]+)', text))
    assert len(names) > 5
    for name in names:
        async with server.http.get(server.url + name) as response:
            assert response.status == 200, name
            assert "immutable" in response.headers["Cache-Control"]
            assert response.content_type in (
                "text/javascript",
                "text/css",
                "image/svg+xml",
                "image/png",
            )


async def test_no_style_sheet_delays_the_first_picture(server: Server) -> None:
    """In a room's page, browsers with JavaScript ignore the links to the style sheets."""
    room = await server.create()
    async with server.http.get(f"{server.url}/r/{room.name}", headers=BROWSER) as response:
        text = await response.text()
    assert re.findall(r"<style>(.*?)</style>", text, re.DOTALL) == [
        (WEB / "first_picture.css").read_text()
    ]
    shown, without_script = re.subn(r"<noscript>.*?</noscript>", "", text, flags=re.DOTALL)
    assert 'rel="stylesheet"' in text and 'rel="stylesheet"' not in shown and without_script


async def test_unknown_and_ended_rooms_have_pages(server: Server) -> None:
    """404 and 410 are HTML for browsers and JSON for other clients."""
    room = await server.create()
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    for path, status in (
        ("/@none", 404),
        ("/r/none", 404),
        (f"/r/{room.name}", 410),
        ("/nothing", 404),
    ):
        async with server.http.get(server.url + path, headers=BROWSER) as response:
            assert (response.status, response.content_type) == (status, "text/html")
        async with server.http.get(server.url + path, headers={"Accept": "*/*"}) as response:
            assert (response.status, response.content_type) == (status, "application/json")


async def test_pages_speak_the_readers_language(server: Server) -> None:
    """The cookie decides, otherwise the browser. A cache must not give a page to another reader."""
    room = await server.create()
    korean = {**BROWSER, "Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"}
    chosen = {**korean, "Cookie": "microlive-language=en"}
    for path in ("/", "/explore", "/live", f"/r/{room.name}", "/nothing"):
        for headers, language, word in ((korean, "ko", "라이브"), (chosen, "en", "live")):
            async with server.http.get(server.url + path, headers=headers) as response:
                text = await response.text()
                assert f'<html lang="{language}"' in text and word in text
                assert {"Accept-Language", "Cookie"} <= set(
                    response.headers["Vary"].replace(" ", "").split(",")
                )


@pytest.mark.parametrize(
    "name",
    [
        "../server/app.py",
        "..%2fserver%2fapp.py",
        "%2e%2e/pyproject.toml",
        "index.html",
        "js",
        "",
        "tsconfig.json",
        "js/%00",
    ],
)
async def test_no_other_file_is_served(server: Server, name: str) -> None:
    """Paths outside the folder, templates, folders and other files get 404."""
    async with server.http.get(URL(f"{server.url}/assets/x/{name}", encoded=True)) as response:
        assert response.status == 404


async def test_an_old_name_gets_the_new_file_for_a_moment(server: Server) -> None:
    """A page from before an update finds its files, but does not keep them."""
    async with server.http.get(f"{server.url}/assets/000000000000/bundles/me.js") as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
    async with server.http.get(f"{server.url}/favicon.ico") as response:
        assert (response.status, response.content_type) == (200, "image/svg+xml")


async def test_dev_serves_the_sources(tmp_path: Path) -> None:
    """Every script of a page is a module of web/js, which a browser must ask for again."""
    async with running(tmp_path, dev=True) as server:
        room = await server.create()
        for path, main in (
            ("/", "feed"),
            ("/explore", "explore"),
            ("/live", "studio"),
            (f"/r/{room.name}", "room"),
        ):
            async with server.http.get(server.url + path, headers=BROWSER) as response:
                assert f'src="/assets/dev/js/{main}.js"' in await response.text()
            async with server.http.get(f"{server.url}/assets/dev/js/{main}.js") as response:
                assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
                assert "import {" in await response.text()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Most watching", "Hearts over time")), ("ko", ("최고 동시 시청", "시간별 하트"))],
)
async def test_the_page_of_an_ended_live(
    server: Server, language: str, words: tuple[str, str]
) -> None:
    """It has the public data of the live and nothing else. A live without hearts has no plot."""
    headers = {**BROWSER, "Accept-Language": language}
    for hearts in (True, False):
        room = await server.create(title="<i>비 오는 날</i>")
        await server.storage.rooms.set_live(room.name, time.time() - 65)
        if hearts:
            counts = [(second, "any", second + 1, 1, 1) for second in range(3)]
            await server.storage.reactions.put(room.name, counts)
        path = f"/api/rooms/{room.name}"
        assert await server.status("DELETE", path, headers=room.bearer) == 204
        async with server.http.get(f"{server.url}/r/{room.name}", headers=headers) as response:
            text = await response.text()
            assert (response.status, response.content_type) == (410, "text/html")
        assert "&lt;i&gt;비 오는 날" in text and "1:05" in text and words[0] in text
        assert (f">{words[1]}<" in text, "<path" in text) == (hearts, hearts)
