"""The multivariant playlist of a rendition (RFC 8216bis §4.4.6). Pure."""

from collections.abc import Sequence
from itertools import pairwise

from relay.sample import TrackInfo

FRAME_RATES = (30, 60, 120)
"""Frame rates that the studio requests from cameras, in frames per second. A measured rate is
rounded up to one of these rates, because a phone delivers fewer frames in the dark.
"""
TOLERANCE = 4 / 3
"""Ratio by which a measured rate may exceed the rate to which it is rounded: the frames of a camera
come at irregular intervals.
"""
LEAST_FRAMES = 10
"""Number of frames without which no frame rate is announced."""
LEVEL = 0x2A
"""Minimum H.264 level in CODECS: 4.2, the highest level observed from browsers. This level is
announced from the start, because CODECS cannot change when the level of the stream rises later.
"""


def multivariant(
    media: str, video: TrackInfo, audio: TrackInfo, bandwidth: int, rate: int | None
) -> str:
    """Returns the multivariant playlist: one variant with video and audio.

    `media`: address of the media playlist; `bandwidth`: peak bit rate, bit/s; `rate`: frame rate,
    in frames per second, None if it is unknown.
    """
    profile, level = video.codec[:-2], int(video.codec[-2:], 16)
    attributes = [
        f"BANDWIDTH={bandwidth}",
        f'CODECS="{profile}{max(level, LEVEL):02X},{audio.codec}"',
        f"RESOLUTION={video.width}x{video.height}",
        *([f"FRAME-RATE={rate:.3f}"] if rate else []),
        # Without this attribute, Shaka Player searches the first segments for captions. It cannot
        # open a live that has only the parts of one segment.
        "CLOSED-CAPTIONS=NONE",
    ]
    return f"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-STREAM-INF:{','.join(attributes)}\n{media}\n"


def frame_rate(times: Sequence[int]) -> int | None:
    """Returns the frame rate to announce, in frames per second; None if there are too few frames.
    `times`: media times of consecutive frames, µs.
    """
    if len(times) < LEAST_FRAMES:
        return None
    between = sorted(after - before for before, after in pairwise(times))
    # The larger of median and mean: neither an interruption nor frames that come in pairs make the
    # rate too high.
    typical = max(between[len(between) // 2], (times[-1] - times[0]) / len(between), 1)
    measured = 1_000_000 / typical
    return next((rate for rate in FRAME_RATES if measured <= TOLERANCE * rate), FRAME_RATES[-1])
