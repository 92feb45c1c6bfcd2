"""robots.txt and the sitemap of a running server."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from server.site.robots import SITEMAP, PublicPage, sitemap
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running
from tests.server.http.test_atom_feed import creator_with_items


async def locations(server: Server) -> list[str]:
    """Returns the paths in the sitemap."""
    async with server.http.get(f"{server.url}/sitemap.xml") as response:
        assert (response.status, response.content_type) == (200, "application/xml")
        root = fromstring(await response.read())
    found = [url.findtext(f"{{{SITEMAP}}}loc") or "" for url in root]
    assert all(url.startswith(server.url) for url in found)
    return [url.removeprefix(server.url) for url in found]


async def test_the_sitemap_has_public_pages_only(server: Server, browser: Browser) -> None:
    await creator_with_items(server, browser)
    listed = await locations(server)
    assert listed[:3] == ["/", "/explore", "/@%ED%95%98%EB%8A%98%EB%B3%84"]
    assert set(listed[3:]) == {"/c/public-clip", "/c/foreign-clip", "/v/public-replay"}


async def test_the_sitemap_is_written_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def write(origin: str, pages: Sequence[PublicPage]) -> bytes:
        written.append(origin)
        return sitemap(origin, pages)

    monkeypatch.setattr("server.http.crawlers.sitemap", write)
    assert await locations(server) == await locations(server) == ["/", "/explore"]
    assert written == [server.url]


async def test_a_banned_person_is_in_no_sitemap(server: Server, browser: Browser) -> None:
    person = await creator_with_items(server, browser)
    await server.storage.bans.add_by_operator(person, "ban", 0.0, None, "spam")
    assert await locations(server) == ["/", "/explore", "/c/foreign-clip"]


async def test_robots_txt_names_the_sitemap(server: Server) -> None:
    async with server.http.get(f"{server.url}/robots.txt") as response:
        assert (response.status, response.content_type) == (200, "text/plain")
        text = await response.text()
    assert "Disallow: /api/\n" in text and "Disallow: /\n" not in text
    assert text.endswith(f"Sitemap: {server.url}/sitemap.xml\n")


async def test_an_operator_keeps_robots_out(tmp_path: Path) -> None:
    async with running(tmp_path, robots="deny") as server:
        async with server.http.get(f"{server.url}/robots.txt") as response:
            assert await response.text() == "User-agent: *\nDisallow: /\n"
        assert await server.status("GET", "/sitemap.xml") == 404
