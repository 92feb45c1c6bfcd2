"""A clapperboard that can be sent for hours: a pre-encoded loop that flashes and beeps at the same
moment every three seconds.

The time code of each frame gives its position in the loop. The creator keeps the loop in step with
this machine's monotonic clock (`Publisher`). So a single frame is enough to compute the age of this
frame and the start of the latest flash, even if the viewer missed the first frame of the flash.
Pure.
"""

import math
from collections.abc import Iterator

import numpy as np

from scripts.benchmarks import timecode
from scripts.loadgen.clip import SOUND_RATE, Array, Clip, of_loop

WIDTH, HEIGHT, FPS, KBPS = 640, 360, 30, 700
LOOP = 24.0
"""Duration of the loop in seconds. The age of a frame is measured modulo this value; players of HLS
may be more than 12 s behind.
"""
EVERY = 3.0
"""Seconds between flashes. A beep is matched to the correct flash if the beep and the flash are
less than half of this interval apart.
"""
LASTS = 0.1
"""Duration of each flash and each beep, seconds."""
PITCH = 1_000
"""Frequency of the beep, Hz."""
COLUMNS, ROWS, SIDE = 16, 2, 40
"""Number of columns and rows of the time code, and side length of its squares in pixels.
pages/timecode.js uses the same values.
"""
OPUS_DELAY = 312
"""Delay of libopus's output, caused by its look-ahead, in samples (6.5 ms)."""


def encode(skew: float = 0.0) -> Clip:
    """Encodes the loop. `skew`: seconds by which the beeps are later than the flashes. A known skew
    shows whether a measurement is correct. Raises PyAV's errors.
    """
    return of_loop(_frames(), _sound(skew), FPS, KBPS)


def _frames() -> Iterator[Array]:
    across = np.arange(WIDTH)
    for number in range(round(LOOP * FPS)):
        moment = number / FPS
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        # The picture moves, so that the decoder has work to do.
        planes[:HEIGHT] = (
            235 if moment % EVERY < LASTS - 0.5 / FPS else 60 + (across + 8 * number) % WIDTH // 8
        )
        planes[: ROWS * SIDE] = np.kron(
            _squares(round(moment * 1_000)), np.ones((SIDE, SIDE), np.uint8)
        )
        yield planes


def _squares(ms: int) -> Array:
    word = timecode.encode(ms)
    bits: Array = np.array(
        [word >> 31 - place & 1 for place in range(COLUMNS * ROWS)], np.uint8
    ).reshape(ROWS, COLUMNS)
    return 16 + bits * 219


def _sound(skew: float) -> Array:
    times = np.arange(round(LOOP * SOUND_RATE)) / SOUND_RATE
    since = (times - skew) % EVERY
    tone: Array = np.where(since < LASTS, 12_000 * np.sin(2 * np.pi * PITCH * since), 0).astype(
        np.int16
    )
    return np.roll(tone, -OPUS_DELAY)


def age(ms: int, now: float) -> float:
    """Returns the age of the frame with the time code `ms`: the time since the frame was due to be
    sent, in ms. `now`: monotonic clock, seconds.
    """
    return (now * 1_000 - ms) % (LOOP * 1_000)


def flash(ms: int) -> int:
    """Returns the index of the latest flash at or before a frame. The flashes of the loop are
    counted from 0. `ms`: the time code of the frame.
    """
    return math.floor(ms / (EVERY * 1_000))
