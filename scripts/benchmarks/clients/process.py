"""The end of a process."""

import asyncio
from contextlib import suppress

END_WITHIN = 5.0


async def ended(process: asyncio.subprocess.Process) -> None:
    """Ends a process with SIGTERM, or with SIGKILL if that takes too long."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()
