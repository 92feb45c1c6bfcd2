"""Starts and stops the worker processes of the load generator, and reads their figures."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scripts.loadgen.errors import BadInput
from scripts.loadgen.figures import Figures

ROOT = Path(__file__).parents[2]
LINE_MAX = 4 * 1024 * 1024
READY_WITHIN, END_WITHIN = 30.0, 15.0


class Worker:
    """One worker process. First call `start()`, `ready()` and `begin()`. Then call `take()`
    regularly, and finally `stop()`.
    """

    def __init__(self, name: str, role: str, plan: Mapping[str, object]) -> None:
        self.name = name
        self.role = role
        self._task = {"role": role, "plan": plan}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._fresh = Figures()
        self._complaint: asyncio.Task[bytes] | None = None

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts.loadgen.worker"),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=LINE_MAX,
            # Ctrl-C in the terminal must reach only the main process, which ends its workers
            # itself.
            start_new_session=True,
        )
        assert process.stdin and process.stdout and process.stderr
        self._complaint = asyncio.create_task(process.stderr.read())
        process.stdin.write(json.dumps(self._task).encode() + b"\n")
        self._reader = asyncio.create_task(self._read(process.stdout))

    async def ready(self) -> None:
        """Waits until the worker can begin. Raises BadInput if the worker ends, or if it is not
        ready within READY_WITHIN seconds.
        """
        assert self._reader
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            [ready, self._reader], timeout=READY_WITHIN, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        await self.require_running()
        if not self._ready.is_set():
            raise BadInput(f"the process of {self.name} was not ready within {READY_WITHIN:.0f} s")

    def begin(self, first_at: float) -> None:
        """Tells the worker when its first viewer or creator must arrive. `first_at`: seconds since
        the Unix epoch.
        """
        assert self._process and self._process.stdin
        self._process.stdin.write(f"{first_at}\n".encode())

    def take(self) -> Figures:
        """Returns the worker's counts since the last call, and the current levels, such as the
        number of viewers.
        """
        fresh, self._fresh = self._fresh, Figures(levels=dict(self._fresh.levels))
        return fresh

    async def require_running(self) -> None:
        """Raises BadInput if the worker has ended by itself. The text of the error is the worker's
        last output.
        """
        if self._process and self._reader and self._reader.done() and self._complaint:
            await self._process.wait()
            words = (await self._complaint).decode(errors="replace").strip().splitlines()
            raise BadInput(
                f"the process of {self.name} ended: "
                f"{words[-1] if words else f'exit code {self._process.returncode}'}"
            )

    async def stop(self) -> None:
        """Stops the worker process. Call `take()` afterwards for the last figures."""
        process = self._process
        if process is None or self._reader is None or self._complaint is None:
            return
        assert process.stdin
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), END_WITHIN)
        except TimeoutError:
            process.kill()
        await process.wait()
        await asyncio.wait([self._reader, self._complaint])

    async def _read(self, stream: asyncio.StreamReader) -> None:
        if await stream.readline():
            self._ready.set()
        async for line in stream:
            with suppress(ValueError):  # the last line may be incomplete
                figures = Figures.from_line(line)
                self._fresh.levels.clear()
                self._fresh.merge(figures)
