"""The page of a tag."""

import pytest

from tests.fixtures.server import Server

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "tag"),
    [
        *(("/t/Dance", "dance"), ("/t/%ED%95%98%EB%8A%98", "하늘"), ("/t/🌊", "🌊")),
        ("/t/مرحبا", "مرحبا"),
    ],
)
async def test_every_script_has_pages(server: Server, path: str, tag: str) -> None:
    async with server.http.get(server.url + path, headers=HTML) as response:
        text = await response.text()
        assert response.status == 200
        assert response.headers["X-Robots-Tag"] == "noindex"  # no public item has the tag
    assert f'data-tag="{tag}"' in text


@pytest.mark.parametrize("word", ["a%20b", "%3Cscript%3E", "1", "a" * 100, "%00", "a%2Fb", "%23a"])
async def test_a_word_that_is_no_tag_has_no_page(server: Server, word: str) -> None:
    assert await server.status("GET", f"/t/{word}", headers=HTML) == 404
