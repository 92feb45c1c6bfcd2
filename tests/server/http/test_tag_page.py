"""The page of a tag."""

from tests.fixtures.server import Server

HTML = {"Accept": "text/html"}
TAGS = {"Dance": "dance", "%ED%95%98%EB%8A%98": "하늘", "🌊": "🌊", "مرحبا": "مرحبا"}
NO_TAGS = ("a%20b", "%3Cscript%3E", "1", "a" * 100, "%00", "a%2Fb", "%23a")


async def test_tags_in_every_script_have_pages(server: Server) -> None:
    """No public item has the tag, so robots do not list the page."""
    for word, tag in TAGS.items():
        async with server.http.get(f"{server.url}/t/{word}", headers=HTML) as response:
            assert response.status == 200
            assert response.headers["X-Robots-Tag"] == "noindex"
            assert f'data-tag="{tag}"' in await response.text()


async def test_a_word_that_is_no_tag_has_no_page(server: Server) -> None:
    for word in NO_TAGS:
        assert await server.status("GET", f"/t/{word}", headers=HTML) == 404, word
