"""An X display without a screen, whose pixels this process reads."""

import asyncio
import mmap
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from struct import unpack

import numpy as np

from scripts.benchmarks.clapper import COLUMNS, HEIGHT, ROWS, SIDE, WIDTH
from scripts.benchmarks.clients.frame_pipe import KEPT, word_of
from scripts.benchmarks.xvfb import xvfb

LOOK_EVERY = 0.004


class Display:
    """Reads the time code from the display, again and again. Keeps each change."""

    def __init__(self, name: str, framebuffer: Path) -> None:
        self.name = name
        with open(framebuffer, "rb") as file:
            self._pixels = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        # XWDFileHeader: its own size is the first field, bytes a line the 13th, colours the 20th.
        header = unpack(">20I", self._pixels[:80])
        first, line = header[0] + header[19] * 12, header[12]
        self._places = np.array(
            [
                first
                + (place // COLUMNS * SIDE + SIDE // 2) * line
                + (place % COLUMNS * SIDE + SIDE // 2) * 4
                for place in range(COLUMNS * ROWS)
            ]
        )
        self._bytes = np.frombuffer(self._pixels, np.uint8)
        self._shown: list[tuple[float, int]] = []
        self._word: int | None = None
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)

    def take(self) -> list[tuple[float, int]]:
        taken, self._shown = self._shown, []
        return taken

    def close(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)
        word = word_of(self._bytes[self._places])
        if word != self._word and len(self._shown) < KEPT:
            self._word = word
            self._shown.append((time.monotonic(), word))


@asynccontextmanager
async def display() -> AsyncIterator[Display]:
    """Starts an X server with the size of the clapperboard. Raises XvfbMissing."""
    with tempfile.TemporaryDirectory(prefix="microlive-display-") as folder:
        async with xvfb(WIDTH, HEIGHT, "-fbdir", folder) as name:
            shown = Display(name, Path(folder) / "Xvfb_screen0")
            try:
                yield shown
            finally:
                shown.close()
