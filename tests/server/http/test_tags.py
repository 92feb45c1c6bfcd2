"""Tags, trends and challenges, as API.md describes them."""

from collections.abc import AsyncIterator

import pytest_asyncio

from server.http.tags import PAGE
from server.storage.tags import MAX_CHALLENGES
from tests.fixtures.clips import refusal
from tests.fixtures.people import Browser
from tests.fixtures.server import Server
from tests.server.storage.discovered import add_clip


@pytest_asyncio.fixture
async def creator(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        yield browser


async def add_clips(server: Server, creator: Browser, number: int, title: str) -> None:
    person = await creator.person()
    for index in range(number):
        id = f"{title.strip('#')}{index}"
        await add_clip(server.storage, id, title, creator=person["id"], at=float(index))


async def test_the_page_of_a_tag(server: Server, creator: Browser) -> None:
    """Every spelling of the tag finds it. The pages have each item once, the latest first."""
    await add_clips(server, creator, PAGE + 1, "#Cook")
    status, page = await creator.ask("GET", "/api/tags/COOK")
    assert (status, page["tag"], page["name"], page["uses"]) == (200, "cook", "Cook", PAGE + 1)
    assert [item["id"] for item in page["items"]] == [f"Cook{n}" for n in range(PAGE, 0, -1)]
    first = page["items"][0]
    assert first["tags"] == [{"tag": "cook", "name": "Cook"}]
    assert first["creator"]["handle"] == "다크걸"
    assert (first["url"], first["live_since"]) == (f"/c/Cook{PAGE}", None)
    _, rest = await creator.ask("GET", f"/api/tags/cook?cursor={page['cursor']}")
    assert [item["id"] for item in rest["items"]] == ["Cook0"]
    assert rest["cursor"] is None


async def test_forged_cursors(server: Server, creator: Browser) -> None:
    """Also the cursor of another tag."""
    await add_clips(server, creator, 1, "#one")
    await add_clips(server, creator, PAGE + 1, "#two")
    _, page = await creator.ask("GET", "/api/tags/two")
    for cursor in ("forged", "%00", "a" * 5_000, "%F0%9F%8E%B8", "AAAA", page["cursor"]):
        path = f"/api/tags/one?cursor={cursor}"
        assert await refusal(creator, "GET", path) == (400, "bad_cursor"), cursor


async def test_unknown_tags(creator: Browser) -> None:
    for tag in ("none", "1", "a%20b", "%00", "%E2%80%AE", "a" * 41, "%ED%A0%80", "a" * 2_000):
        assert await refusal(creator, "GET", f"/api/tags/{tag}") == (404, "tag_not_found"), tag


async def test_tags_in_every_script(server: Server, creator: Browser) -> None:
    """Emoji and text from right to left."""
    for tag in ("🎸", "مرحبا", "שלום", "먹방"):
        await add_clips(server, creator, 1, f"#{tag}")
        _, page = await creator.ask("GET", f"/api/tags/{tag}")
        assert (page["tag"], len(page["items"])) == (tag, 1)


async def test_trending_tags(server: Server, creator: Browser) -> None:
    """The tag that more creators use is first; the clips of one creator count once."""
    for number in range(5):
        await add_clip(server.storage, f"mine{number}", "#mine", creator="one")
    for number in range(2):
        await add_clip(server.storage, f"ours{number}", "#Ours", creator=f"creator {number}")
    status, found = await creator.ask("GET", "/api/tags/trending")
    assert status == 200
    assert [(tag["tag"], tag["uses"]) for tag in found["tags"]] == [("ours", 2), ("mine", 1)]
    assert found["tags"][0]["name"] == "Ours"
    assert found["tags"][0]["velocity"] > found["tags"][1]["velocity"]


async def test_a_challenge(server: Server, creator: Browser) -> None:
    """Its page shows the pinned clip."""
    await add_clips(server, creator, 2, "#cook")
    path = "/api/tags/Cook/challenge"
    assert await creator.status("PUT", path, {"clip": "cook0"}) == 204
    _, page = await creator.ask("GET", "/api/tags/cook")
    assert page["challenge"]["id"] == "cook0"
    async with Browser(server.url) as other:
        await other.ask("PUT", "/api/me/handle", {"handle": "other"})
        person = await other.person()
        await add_clip(server.storage, "theirs", "#cook", creator=person["id"])
        assert await refusal(other, "PUT", path, {"clip": "theirs"}) == (409, "challenge_taken")
        assert await refusal(other, "DELETE", path) == (404, "tag_not_found")
    assert await creator.status("DELETE", path) == 204
    _, page = await creator.ask("GET", "/api/tags/cook")
    assert page["challenge"] is None


async def test_challenges_that_are_refused(server: Server, creator: Browser) -> None:
    await add_clips(server, creator, 1, "#cook")
    await add_clip(server.storage, "private", "#cook", visibility="private")
    await add_clip(server.storage, "stranger", "#cook", creator="stranger")
    path = "/api/tags/cook/challenge"
    for clip, expected in (
        ("none", (404, "clip_not_found")),
        ("private", (404, "clip_not_found")),
        ("stranger", (403, "creator_only")),
        ("a/b", (422, "bad_challenge")),
        (5, (422, "bad_challenge")),
    ):
        assert await refusal(creator, "PUT", path, {"clip": clip}) == expected
    other = "/api/tags/other/challenge"
    assert await refusal(creator, "PUT", other, {"clip": "cook0"}) == (422, "bad_challenge")
    async with Browser(server.url) as guest:
        await guest.ask("GET", "/api/me")
        assert await refusal(guest, "PUT", path, {"clip": "cook0"}) == (409, "no_handle")


async def test_a_person_has_few_challenges(server: Server, creator: Browser) -> None:
    for number in range(MAX_CHALLENGES + 1):
        await add_clips(server, creator, 1, f"#a{number}b")
        path = f"/api/tags/a{number}b/challenge"
        status = await creator.status("PUT", path, {"clip": f"a{number}b0"})
        assert status == (409 if number == MAX_CHALLENGES else 204)


async def test_hidden_creators_are_left_out(server: Server, creator: Browser) -> None:
    await add_clips(server, creator, 1, "#cook")
    person = await creator.person()
    async with Browser(server.url) as viewer:
        await viewer.ask("PUT", "/api/me/handle", {"handle": "viewer"})
        await viewer.ask("PUT", f"/api/me/hidden/{person['id']}")
        _, page = await viewer.ask("GET", "/api/tags/cook")
        assert page["items"] == []
        _, found = await viewer.ask("GET", "/api/search?q=다크")
        assert found["people"] == []
    _, page = await creator.ask("GET", "/api/tags/cook")
    assert len(page["items"]) == 1
