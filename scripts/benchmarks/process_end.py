"""The end of a process."""

import asyncio
import os
import signal
from contextlib import suppress

KILL_AFTER = 10.0
"""Time that a process gets to end, seconds."""


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends a process with SIGTERM, or with SIGKILL if it has not ended after KILL_AFTER."""
    if process.returncode is None:
        # process.terminate() could reap a process that has just ended, before asyncio does.
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), KILL_AFTER)
    except TimeoutError:
        process.kill()
        await process.wait()
