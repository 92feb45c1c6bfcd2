"""Runs scripts/load from a benchmark, pinned to one CPU core."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from scripts.loadgen.errors import BadInput

LOAD = Path(__file__).parents[1] / "load"
SPARE_SECONDS = 90.0


class LoadFailed(Exception):
    """Raised if scripts/load could not measure. The text is the message of scripts/load."""


async def run_load(
    folder: Path, core: int, url: str, *arguments: str, within: float
) -> dict[str, Any]:
    """Runs `scripts/load` with these arguments on one core. Returns the contents of summary.json,
    even if the outcome is INVALID; the caller must check the outcome. Raises LoadFailed.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(LOAD), arguments[0], url, *arguments[1:], "--report", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), within + SPARE_SECONDS)
    except BaseException:
        if process.returncode is None:
            process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 20)
        raise
    summary = folder / "summary.json"
    if not summary.exists() or process.returncode == 2:
        raise LoadFailed(
            out.decode(errors="replace").strip()[-600:]
            or f"scripts/load ended with exit code {process.returncode}"
        )
    report: dict[str, Any] = json.loads(summary.read_text())
    return report


@asynccontextmanager
async def load_beside(
    folder: Path, core: int, url: str, *arguments: str, within: float
) -> AsyncIterator[asyncio.Task[dict[str, Any]]]:
    """Runs `run_load` in a task, which the context may await. Ends it if the context ends first."""
    load = asyncio.create_task(run_load(folder, core, url, *arguments, within=within))
    try:
        yield load
    except (BadInput, LoadFailed):
        if load.done():
            load.result()  # its failure is the cause
        raise
    finally:
        load.cancel()
        await asyncio.wait([load])
