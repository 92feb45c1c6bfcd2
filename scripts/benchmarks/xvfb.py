"""An X server without a screen."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scripts.benchmarks.process_end import end

START_WITHIN = 20.0
"""Seconds."""


class XvfbMissing(Exception):
    """Raised if Xvfb is not installed, or does not start."""


@asynccontextmanager
async def xvfb(width: int, height: int, *options: str) -> AsyncIterator[str]:
    """Starts Xvfb on a free display, with 24 bits for each pixel. `options`: its other options.
    Yields the name of the display. Raises XvfbMissing.
    """
    if shutil.which("Xvfb") is None:
        raise XvfbMissing("needs Xvfb; on Debian: sudo apt-get install xvfb")
    reader, writer = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *("Xvfb", "-displayfd", str(writer), "-nolisten", "tcp"),
        *("-screen", "0", f"{width}x{height}x24", *options),
        pass_fds=[writer],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        number = await _line(reader)
        if not number:
            raise XvfbMissing("Xvfb has no display")
        yield f":{number}"
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
