"""The first frame in the page of a room (server/site/first_frame.py)."""

from base64 import b64decode

from server.site.first_frame import LARGEST, first_frame
from tests.fixtures.media import video_sample, video_track


def test_the_page_contains_an_idr() -> None:
    made = first_frame((video_track(), video_sample(0, key=True, data=b"frame")))
    assert made and (made.codec, b64decode(made.description), b64decode(made.data)) == (
        video_track().codec,
        video_track().config,
        b"frame",
    )


def test_without_an_idr_or_with_a_large_one_there_is_none() -> None:
    assert first_frame(None) is None
    large = video_sample(0, key=True, data=bytes(LARGEST + 1))
    assert first_frame((video_track(), large)) is None
