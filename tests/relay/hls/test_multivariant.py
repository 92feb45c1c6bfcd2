"""The multivariant playlist, for cameras of any frame rate."""

from itertools import accumulate

import pytest

from relay.hls.multivariant import LEAST_FRAMES, frame_rate, multivariant
from relay.media.aac import TRACK
from tests.fixtures.media import video_track


def times(between: list[int]) -> list[int]:
    """Media times of frames, µs. `between`: intervals of the frames, ms."""
    return list(accumulate([1_000 * interval for interval in between], initial=5_000_000))


@pytest.mark.parametrize(
    ("between", "rate"),
    [
        ([67] * 30, 30),
        ([33] * 60, 30),
        ([28, 38] * 30, 30),
        ([16, 50] * 30, 30),
        ([1, 65] * 30, 30),
        ([26] * 40, 30),
        ([33] * 20 + [2_000] + [33] * 20, 30),
        ([21] * 90, 60),
        ([16, 17] * 60, 60),
        ([8] * 120, 120),
        ([4] * 240, 120),
    ],
)
def test_the_frame_rate_is_that_of_the_camera(between: list[int], rate: int) -> None:
    """Frames that come irregularly or in pairs do not make 60 of 30."""
    assert frame_rate(times(between)) == rate
    text = multivariant("live.m3u8", video_track(), TRACK, 1_000_000, rate)
    assert f",FRAME-RATE={rate}.000," in text


def test_few_frames_have_no_rate() -> None:
    assert frame_rate(times([16] * (LEAST_FRAMES - 2))) is None
    assert frame_rate([]) is None
    assert frame_rate([7] * LEAST_FRAMES) == 120
    assert "FRAME-RATE" not in multivariant("live.m3u8", video_track(), TRACK, 1_000_000, None)


def test_it_names_the_highest_level_and_that_there_are_no_captions() -> None:
    text = multivariant("live.m3u8", video_track(), TRACK, 1_000_000, 30)
    assert 'CODECS="avc1.42C02A,mp4a.40.2"' in text and "RESOLUTION=64x48" in text
    assert text.endswith(",CLOSED-CAPTIONS=NONE\nlive.m3u8\n")
