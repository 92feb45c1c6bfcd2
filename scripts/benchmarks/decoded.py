"""Media that a benchmark has received and decoded. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded media. Media times are in seconds."""

    frames: list[tuple[float, int]]
    """Each frame's media time, and its time code in ms. The time code wraps."""
    sound: Array
    """Mono audio samples at 48 kHz. The first sample has the media time `sound_start`. Zeros
    replace missing audio.
    """
    sound_start: float
    errors: list[str]
