"""A TCP proxy on loopback that can pause. During a pause, the proxy delays all data but loses none,
as a radio link does.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

CHUNK = 65_536


class PausableProxy:
    """A TCP proxy that runs inside `async with PausableProxy(server_url) as proxy:`. It forwards
    data between `proxy.url` and the server.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._free = asyncio.Event()
        self._free.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> "PausableProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def hold(self, seconds: float) -> None:
        """Holds back all data in both directions for `seconds`, then forwards the data."""
        self._free.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._free.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
            try:
                async with asyncio.TaskGroup() as directions:
                    directions.create_task(self._forward(reader, far_writer))
                    directions.create_task(self._forward(far_reader, writer))
            finally:
                far_writer.close()
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                await self._free.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
