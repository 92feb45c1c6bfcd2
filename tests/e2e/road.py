"""A road between a viewer and the server that can be cut: plain TCP, byte by byte."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

CHUNK = 65_536


class Road:
    """`async with Road(server_url) as road:` leads from `road.url` to the server.

    Cut "silent" it swallows everything, as a phone without a network sees it; what was on the way is lost for good. Cut "refused" it closes
    what is open and accepts nothing, as a server that is gone.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._ways: set[asyncio.Task[None]] = set()
        self._own_port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._own_port}"

    async def __aenter__(self) -> "Road":
        await self._listen()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.cut("refused")

    async def cut(self, how: Literal["silent", "refused"]) -> None:
        self._open.clear()
        if how == "refused":
            if self._server is not None:
                self._server.close()
                self._server = None
            for way in list(self._ways):
                way.cancel()
            await asyncio.gather(*self._ways, return_exceptions=True)

    async def mend(self) -> None:
        """New connections get through; those that a silence swallowed stay dead."""
        self._open.set()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)
        self._own_port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._ways.add(task)
        try:
            if self._open.is_set():
                await self._drive(reader, writer)
            else:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
        finally:
            self._ways.discard(task)
            writer.close()

    async def _drive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._lane(reader, far_writer))
                lanes.create_task(self._lane(far_reader, writer))
        finally:
            far_writer.close()

    async def _lane(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        swallowed = False
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                swallowed = swallowed or not self._open.is_set()
                if not swallowed:
                    writer.write(data)
                    await writer.drain()
        if swallowed:
            await asyncio.Event().wait()
        writer.close()
