"""Media that a benchmark has received and decoded. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded media. Media times are in seconds."""

    frames: list[tuple[float, int]]
    """Media time, and the frame's time code (ms, modulo its period)."""
    sound: Array
    """Mono, 48 kHz, from `sound_start` on; zeros where no audio arrived."""
    sound_start: float
    errors: list[str]
