"""Cards, as other sites read them."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from server.site.card import Card, CardImage, CardVideo, oembed

IMAGE = CardImage("https://live.example.org/c/abc/poster.jpg", 720, 1280)
VIDEO = CardVideo("https://live.example.org/c/abc/video.mp4", 720, 1280, 12.4)
LINK = Card("https://live.example.org/c/abc", 'A "run" <1>', "Watch it")
CLIP = replace(LINK, image=IMAGE, video=VIDEO, player="https://live.example.org/embed/c/abc")


def test_the_kind_of_a_card() -> None:
    """With the kind for large pictures, Discord plays no video, so a clip never has this kind."""
    assert LINK.kind == "summary"
    assert replace(LINK, image=IMAGE).kind == "summary_large_image"
    assert CLIP.kind == "player"
    assert replace(CLIP, player="").kind == "summary"


def test_a_link_without_a_player() -> None:
    assert oembed(replace(LINK, image=IMAGE), None, None) == {
        "version": "1.0",
        "type": "link",
        "title": 'A "run" <1>',
        "provider_name": "microlive",
        "provider_url": "https://live.example.org",
        "cache_age": 60,
        "thumbnail_url": IMAGE.url,
        "thumbnail_width": 720,
        "thumbnail_height": 1280,
    }


@pytest.mark.parametrize(
    ("bounds", "size"),
    [
        ((None, None), (720, 1280)),
        ((360, None), (360, 640)),
        ((None, 640), (360, 640)),
        ((9_000, 320), (180, 320)),
        ((1, 1), (112, 200)),
    ],
)
def test_the_frame_fits(bounds: tuple[int | None, int | None], size: tuple[int, int]) -> None:
    answer = oembed(CLIP, *bounds)
    assert (answer["width"], answer["height"]) == size
    tags: list[dict[str, str | None]] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append({"tag": tag, **dict(attrs)})

    Parser().feed(str(answer["html"]))
    (frame,) = tags
    assert (frame["tag"], frame["src"], frame["title"]) == ("iframe", CLIP.player, CLIP.title)
    assert (frame["width"], frame["height"]) == tuple(map(str, size))
