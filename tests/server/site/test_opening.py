"""server/site/opening.py."""

from base64 import b64decode

from server.site.opening import LARGEST, opening
from tests.fixtures.media import video_sample, video_track


def test_an_idr_comes_with_the_page() -> None:
    made = opening((video_track(), video_sample(0, key=True, data=b"picture")))
    assert made and (made.codec, b64decode(made.description), b64decode(made.picture)) == (
        video_track().codec,
        video_track().config,
        b"picture",
    )


def test_nothing_comes_where_there_is_none_or_too_much() -> None:
    assert opening(None) is None
    assert opening((video_track(), video_sample(0, key=True, data=bytes(LARGEST + 1)))) is None
