"""A clapperboard that can be sent for hours: a loop, encoded beforehand, that flashes and beeps at
the same moment every three seconds.

Each picture says in its time code which moment of the loop it is. The creator keeps the loop in
step with this machine's steady clock (`Publisher`), so that whoever reads a picture knows how old
it is; and which flash it belongs to, even if the flash's own picture was never seen. Pure.
"""

import math
from collections.abc import Iterator

import numpy as np

from scripts.benchmarks import timecode
from scripts.loadgen.clip import SOUND_RATE, Array, Clip, of_loop

WIDTH, HEIGHT, FPS, KBPS = 640, 360, 30, 700
LOOP = 12.0
"""Seconds; a picture that is older than that seems young again."""
EVERY = 3.0
"""Seconds from flash to flash. Sound and picture that are apart by less than half of it cannot be
confused.
"""
LASTS = 0.1
"""Seconds, of flash and beep."""
PITCH = 1_000
"""Hz of the beep."""
COLUMNS, ROWS, SIDE = 16, 2, 40
"""Of the time code, as pages/timecode.js reads it."""
OPUS_DELAY = 312
"""Samples by which libopus's output lags behind its input (its look-ahead, 6.5 ms)."""


def encode(skew: float = 0.0) -> Clip:
    """`skew`: seconds by which the beeps come after the flashes, to see whether a measurement
    notices. Raises what PyAV raises.
    """
    return of_loop(_pictures(), _sound(skew), FPS, KBPS)


def _pictures() -> Iterator[Array]:
    across = np.arange(WIDTH)
    for number in range(round(LOOP * FPS)):
        moment = number / FPS
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        # Something that moves, so that the decoder has work to do.
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
    """ms since the picture that says `ms` was due to be sent, given the steady clock (s)."""
    return (now * 1_000 - ms) % (LOOP * 1_000)


def flash(ms: int) -> int:
    """Which flash of the loop a picture that says `ms` follows, or is."""
    return math.floor(ms / (EVERY * 1_000))
