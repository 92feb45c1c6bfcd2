"""A microlive server in a separate process, on loopback."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from scripts.benchmarks.checkout import HERE, Checkout

START_WITHIN = 30.0
STOP_WITHIN = 10.0
RECORD = re.compile(r"\d{4}-\d\d-\d\d .*?(DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
"""Beginning of a record of the log. A traceback follows it in lines of its own."""


class ServerFailed(Exception):
    """Raised if the server ended, or did not listen in time."""


class LocalServer:
    """A server that runs inside `async with LocalServer(data) as server:` and listens at
    `server.url`. The caller can stop the server and restart it with the same port and data.
    """

    def __init__(
        self,
        data: Path,
        *arguments: str,
        on: Sequence[str] = (),
        checkout: Checkout = HERE,
        module: Sequence[str] = ("server",),
        start_within: float = START_WITHIN,
    ) -> None:
        """`on`: words to put before the command, for example to run the server in a network
        namespace. `module`: the module to run instead of `server`, followed by its first arguments.
        `start_within`: seconds that the server has to listen.
        """
        self._data = data
        self._checkout = checkout
        self._on = on
        self._arguments = arguments
        self._module = module
        self._start_within = start_within
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.url = ""
        self.log: list[str] = []
        """Lines of the server's standard error: warnings and errors."""

    async def __aenter__(self) -> "LocalServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def errors(self) -> list[str]:
        """The lines of the log that report errors, with their tracebacks."""
        found: list[str] = []
        failed = False
        for line in self.log:
            if record := RECORD.match(line):
                failed = record[1] in ("ERROR", "CRITICAL")
            failed = failed or line.startswith("Traceback")
            if failed:
                found.append(line)
        return found

    async def start(self) -> None:
        """Starts the server. Returns once the server listens. Raises ServerFailed."""
        serve = [
            str(self._checkout.python),
            "-m",
            *self._module,
            "serve",
            f"--port={self._port}",
            f"--data={self._data}",
            "--udp-hosts=127.0.0.1",
        ]
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("MICROLIVE_")
        }
        # Turn off the load limit, so that a benchmark can measure how much a core carries. An
        # argument --max-load takes precedence. Older revisions ignore the variable.
        environ["MICROLIVE_MAX_LOAD"] = "1"
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            *self._on,
            *serve,
            *self._arguments,
            cwd=self._checkout.root,
            env=environ,
            stdout=pipe,
            stderr=pipe,
        )
        assert process.stdout is not None and process.stderr is not None
        self._reader = asyncio.create_task(self._read_log(process.stderr))
        line = b""
        with suppress(TimeoutError):
            line = await asyncio.wait_for(process.stdout.readline(), self._start_within)
        if not line.startswith(b"listening on "):
            await self.stop()
            raise ServerFailed("\n".join(["the server does not listen", *self.log[-5:]]))
        # Replace the name by an address, so that no benchmark has to resolve the name, and every
        # revision is measured at the same address.
        url = line.decode().removeprefix("listening on ").strip()
        self.url = url.replace("//localhost:", "//127.0.0.1:")
        self._port = int(self.url.rpartition(":")[2])

    async def stop(self) -> int:
        """Ends the server with SIGTERM. Kills the server if it has not ended after a timeout.
        Returns the exit code.
        """
        process, reader = self._process, self._reader
        if process is None:
            return 0
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            code = await asyncio.wait_for(process.wait(), STOP_WITHIN)
        except TimeoutError:
            process.kill()
            code = await process.wait()
        if reader is not None:
            await reader
        self._process = self._reader = None
        return code

    async def kill(self) -> None:
        """Ends the server with SIGKILL, as a crash does. `start()` starts it again."""
        process, reader = self._process, self._reader
        assert process is not None and reader is not None
        process.kill()
        await process.wait()
        await reader
        self._process = self._reader = None

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.log.append(line.decode(errors="replace").rstrip())


@asynccontextmanager
async def pinned_server(
    data: Path,
    core: int,
    *arguments: str,
    checkout: Checkout = HERE,
    module: Sequence[str] = ("server",),
) -> AsyncIterator[LocalServer]:
    """Creates the folder `data` and starts a server on one core."""
    os.makedirs(data)
    async with LocalServer(data, *arguments, checkout=checkout, module=module) as server:
        os.sched_setaffinity(server.pid, {core})
        yield server
