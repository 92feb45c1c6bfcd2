"""Media that a benchmark has received and decoded. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded media. Media times are in seconds."""

    frames: list[tuple[float, int]]
    """Media time and time code (ms, modulo its period) of each frame."""
    sound: Array
    """Audio samples, mono, 48 kHz, from media time `sound_start` on. Missing audio is filled with
    zeros.
    """
    sound_start: float
    errors: list[str]
