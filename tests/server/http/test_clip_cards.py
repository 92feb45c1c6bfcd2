"""What other sites and messengers show for a clip: its card, oEmbed and the page in a frame."""

from io import BytesIO
from typing import Any

from PIL import Image

from tests.fixtures.clips import S, go_live, publish_clip
from tests.fixtures.people import Browser
from tests.fixtures.server import Server
from tests.server.http.test_posters import card_of

CRAWLER = {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0)"}


async def described(server: Server, url: str) -> tuple[int, dict[str, Any]]:
    """Returns the status and the body of the oEmbed answer for a page."""
    request = server.http.get(f"{server.url}/api/oembed", params={"url": url}, headers=CRAWLER)
    async with request as response:
        return response.status, await response.json()


async def framed(server: Server, clip: str) -> tuple[int, str, dict[str, str]]:
    """Returns the status, the text and the headers of the page in a frame."""
    async with server.http.get(f"{server.url}/embed/c/{clip}", headers=CRAWLER) as response:
        return response.status, await response.text(), dict(response.headers)


async def test_a_clip_is_shown_elsewhere_while_everyone_may_see_it(server: Server) -> None:
    """A messenger gets the picture and the video, and another site the frame. If the clip is
    private or deleted, messengers and other sites get nothing.
    """
    async with Browser(server.url) as creator:
        await creator.person()
        room = await creator.create_room(title="A live")
        go_live(server, room)
        clip = await publish_clip(creator, room, end=36 * S, title='The "best" <1>')
        page = f"{server.url}/c/{clip['id']}"
        status, answer = await described(server, page)
        assert (status, answer["type"], answer["title"]) == (200, "video", 'The "best" <1>')
        assert f'src="{server.url}/embed/c/{clip["id"]}"' in answer["html"]
        assert (answer["width"], answer["height"]) == (clip["width"], clip["height"])
        async with server.http.get(answer["thumbnail_url"], headers=CRAWLER) as response:
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            picture = Image.open(BytesIO(await response.read()))
        assert picture.size == (answer["thumbnail_width"], answer["thumbnail_height"])
        card = await card_of(server, f"/c/{clip['id']}")
        assert card["og:video"] == server.url + clip["video"]
        assert (card["og:video:type"], card["twitter:card"]) == ("video/mp4", "player")
        assert card["twitter:player"] == f"{server.url}/embed/c/{clip['id']}"
        assert card["og:image"] == answer["thumbnail_url"]
        size = str(clip["width"]), str(clip["height"])
        assert (card["og:video:width"], card["og:video:height"]) == size
        status, text, headers = await framed(server, clip["id"])
        assert status == 200 and clip["video"] in text and clip["poster"] in text
        assert "<script" not in text and "<1>" not in text
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'none'; connect-src 'none'")
        assert "frame-ancestors *" in policy and "<track" not in text
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"

        path = f"/api/clips/{clip['id']}"
        words = {"visibility": "unlisted", "caption": "Words"}
        assert (await creator.ask("PATCH", path, words))[0] == 200
        assert await card_of(server, f"/c/{clip['id']}") == {}
        assert (await described(server, page))[0] == 404
        status, text, _ = await framed(server, clip["id"])
        assert status == 200 and f'src="/clips/{clip["id"]}/captions.vtt"' in text
        assert (await creator.ask("PATCH", path, {"visibility": "private"}))[0] == 200
        assert (await framed(server, clip["id"]))[0] == 404
        assert (await creator.ask("PATCH", path, {"visibility": "public"}))[0] == 200
        assert (await described(server, page))[0] == 200
        assert (await creator.ask("DELETE", path))[0] == 204
        assert (await described(server, page))[0] == 404
        assert (await framed(server, clip["id"]))[0] == 404


async def test_a_clip_that_does_not_exist(server: Server) -> None:
    for name in ("A" * 16, "..", "a%00", "x" * 33, "a/b"):
        assert (await described(server, f"{server.url}/c/{name}"))[0] == 404
    assert (await framed(server, "A" * 16))[0] == 404
