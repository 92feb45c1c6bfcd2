"""An X display without a screen, whose pixels this process reads."""

import asyncio
import mmap
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from struct import unpack

import numpy as np

from scripts.benchmarks.clapper import COLUMNS, HEIGHT, ROWS, SIDE, WIDTH
from scripts.benchmarks.clients.frame_pipe import KEPT, word_of
from scripts.benchmarks.clients.watching import ClientFailed
from scripts.benchmarks.process_end import end

LOOK_EVERY = 0.004
START_WITHIN = 20.0


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
    """Starts Xvfb with the size of the clapperboard. Raises ClientFailed."""
    if shutil.which("Xvfb") is None:
        raise ClientFailed("needs Xvfb; on Debian: sudo apt-get install xvfb")
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory(prefix="microlive-display-") as folder:
        process = await asyncio.create_subprocess_exec(
            *("Xvfb", "-displayfd", str(writer), "-nolisten", "tcp"),
            *("-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", folder),
            pass_fds=[writer],
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        os.close(writer)
        try:
            number = await _line(reader)
            if not number:
                raise ClientFailed("Xvfb has no display")
            shown = Display(f":{number}", Path(folder) / "Xvfb_screen0")
            try:
                yield shown
            finally:
                shown.close()
        finally:
            await end(process)


async def _line(pipe: int) -> str:
    """Reads a line from a pipe, and closes the pipe. Returns an empty line if that takes longer
    than START_WITHIN.
    """
    lines = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(pipe, "rb")
    )
    try:
        async with asyncio.timeout(START_WITHIN):
            return (await lines.readline()).decode().strip()
    except TimeoutError:
        return ""
    finally:
        transport.close()
