"""Reads raw pictures and sound that a program writes into named pipes when they are due."""

import asyncio
import fcntl
import os
import time
from pathlib import Path

import numpy as np

from scripts.benchmarks.clapper import COLUMNS, HEIGHT, ROWS, SIDE, WIDTH
from scripts.benchmarks.decoded import Array

PIPE = 1 << 20
"""Bytes that the system keeps for each pipe: at least one picture."""
KEPT = 10_000
"""Time codes that are kept at most until they are taken."""
LOUD = 1_000
"""Amplitude of 16-bit samples from which on they are sound."""
_PLACES = np.array(
    [
        (place // COLUMNS * SIDE + SIDE // 2) * WIDTH + place % COLUMNS * SIDE + SIDE // 2
        for place in range(COLUMNS * ROWS)
    ]
)
"""The middle of each square of the time code, as a place in the luma plane."""
_BITS = 1 << np.arange(COLUMNS * ROWS - 1, -1, -1, dtype=np.uint64)


def word_of(luma: Array) -> int:
    """Returns the word that 32 squares show, from their brightness."""
    return int(_BITS[luma > 127].sum())


class Pipe:
    """A named pipe, from which everything is read as soon as it is there. Opened for writing too,
    since programs close it and open it again.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        path.chmod(0o666)  # VLC runs as another user
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, PIPE)
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)

    def _read(self) -> None:
        raise NotImplementedError


class Pictures(Pipe):
    """Raw pictures of the clapperboard whose luma plane comes first."""

    def __init__(self, path: Path, planes: float, *, lines: bool = False) -> None:
        """`planes`: bytes for each pixel; 1 for grey, 1.5 for I420. `lines`: whether a line of text
        precedes the first picture, and another one each picture (YUV4MPEG2).
        """
        self._lines = lines
        self._lines_left = 2 if lines else 0
        self._frame = bytearray(round(WIDTH * HEIGHT * planes))
        self._filled = 0
        self._shown: list[tuple[float, int]] = []
        super().__init__(path)

    def take(self) -> list[tuple[float, int]]:
        taken, self._shown = self._shown, []
        return taken

    def _read(self) -> None:
        if self._lines_left:
            self._lines_left -= os.read(self._fd, 1) == b"\n"
            return
        self._filled += os.readv(self._fd, [memoryview(self._frame)[self._filled :]])
        if self._filled == len(self._frame):
            self._filled, self._lines_left = 0, int(self._lines)
            luma = np.frombuffer(self._frame, np.uint8)[_PLACES]
            if len(self._shown) < KEPT:
                self._shown.append((time.monotonic(), word_of(luma)))


class Sound(Pipe):
    """Samples of 16 bits. The clapperboard beeps."""

    def __init__(self, path: Path) -> None:
        self.heard = False
        super().__init__(path)

    def _read(self) -> None:
        data = os.read(self._fd, PIPE)
        samples = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
        self.heard |= bool((np.abs(samples.astype(np.int32)) > LOUD).any())
