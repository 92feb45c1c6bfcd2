"""Posters and filmstrips show the keyframes, in the right size and order."""

import io
from random import Random

import av
import pytest
from av.video.frame import VideoFrame

from relay.errors import BitstreamError
from relay.media import h264
from server.clips.picture_messages import (
    ANSWER,
    MAX_FILE,
    MAX_PREVIEW,
    POSTER_SIDE,
    Pictures,
    answer,
    sizes,
)
from server.clips.pictures import TILE_HEIGHT, draw, preview_of
from tests.fixtures import media


def keyframes(width: int, height: int, count: int) -> tuple[bytes, list[bytes]]:
    """Returns the `avcC`, and keyframes with the grey values of `luma_of`."""
    units = [h264.access_unit(unit) for unit in media.access_units(width, height, count, gop=1)]
    return media.video_track(width, height).config, [unit.data for unit in units]


def opened(data: bytes) -> VideoFrame:
    with av.open(io.BytesIO(data), "r") as container:
        return next(container.decode(video=0))


def grey(frame: VideoFrame, left: float = 0.0, right: float = 1.0) -> float:
    """Returns the mean grey value, 8 bits, of the picture between two places from 0 to 1."""
    pixels = frame.to_ndarray(format="rgb24")
    across = pixels.shape[1]
    return float(pixels[:, int(left * across) : int(right * across)].mean())


def full_range(luma: int) -> float:
    """Returns the grey value that people see for a luma of video."""
    return (luma - 16) * 255 / 219


@pytest.mark.parametrize("size", [(180, 320), (320, 180), (66, 50)])
def test_poster_and_filmstrip(size: tuple[int, int]) -> None:
    """Shape and brightness equal those of the video. The tiles are in order."""
    config, frames = keyframes(*size, 5)
    pictures = draw(config, frames, 2, True)
    for poster in (pictures.poster_jpeg, pictures.poster_webp, pictures.preview):
        picture = opened(poster)
        assert (picture.width, picture.height) == size
        assert grey(picture) == pytest.approx(full_range(media.luma_of(2)), abs=4)
    assert pictures.poster_jpeg[:2] == b"\xff\xd8" and pictures.poster_webp[8:12] == b"WEBP"
    strip = opened(pictures.filmstrip)
    width, height = pictures.tile_width, pictures.tile_height
    assert (strip.width, strip.height) == (5 * width, height) and height == min(
        TILE_HEIGHT, size[1]
    )
    assert width / height == pytest.approx(size[0] / size[1], rel=0.03)
    for tile in range(5):
        middle = grey(strip, (tile + 0.2) / 5, (tile + 0.8) / 5)
        assert middle == pytest.approx(full_range(media.luma_of(tile)), abs=4)


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720)])
def test_a_preview_of_noise_has_few_bytes(size: tuple[int, int]) -> None:
    """No other picture needs as many bytes."""
    width, height = size
    noise = Random(1).randbytes(width * height * 3 // 2)
    frame = VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(noise[: plane.buffer_size].ljust(plane.buffer_size, b"\0"))
    preview = preview_of(frame)
    picture = opened(preview)
    assert 0 < len(preview) <= MAX_PREVIEW
    assert picture.width / picture.height == pytest.approx(width / height, rel=0.02)


def test_a_poster_alone() -> None:
    """The poster of a large picture is smaller. Only the keyframe of the poster is decoded."""
    config, frames = keyframes(1920, 1080, 1)
    pictures = draw(config, [b"broken", *frames], 1, False)
    picture = opened(pictures.poster_jpeg)
    assert (picture.width, picture.height) == (POSTER_SIDE, POSTER_SIDE * 9 // 16)
    assert not pictures.filmstrip and pictures.tile_width == 0


def test_keyframes_that_cannot_be_decoded() -> None:
    """A keyframe that cannot be decoded gets the picture of its neighbour. If no keyframe can be
    decoded, there are no pictures.
    """
    config, frames = keyframes(64, 48, 3)
    broken = b"\0\0\0\4\x65\xff\xff\xff"
    pictures = draw(config, [broken, frames[1], broken, frames[2]], 0, True)
    assert grey(opened(pictures.poster_jpeg)) == pytest.approx(full_range(media.luma_of(1)), abs=4)
    strip = opened(pictures.filmstrip)
    shown = [grey(strip, (n + 0.2) / 4, (n + 0.8) / 4) for n in range(4)]
    lumas = [full_range(media.luma_of(n)) for n in (1, 1, 1, 2)]
    assert shown == pytest.approx(lumas, abs=4)
    nothing = Pictures(b"", b"", b"", b"", 0, 0)
    assert draw(config, [broken, b""], 0, True) == nothing
    assert draw(b"no avcC", frames, 0, True) == nothing
    assert draw(config, [], 0, True) == nothing


def test_an_answer_with_too_many_bytes_is_refused() -> None:
    good = answer(Pictures(b"jpeg", b"webp", b"small", b"strip!", 90, 160))
    assert sizes(good[: ANSWER.size]) == (4, 4, 5, 6)
    with pytest.raises(BitstreamError):
        sizes(ANSWER.pack(1, MAX_FILE + 1, 1, 1, 1, 1))
