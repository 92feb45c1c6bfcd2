"""The body of an answer that comes from the object store, sent in pieces."""

import asyncio

from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_writer import StreamWriter
from aiohttp.payload import Payload

from server.objects.errors import ObjectsError
from server.objects.objects import Objects

PIECE = 262_144
"""Number of bytes that are read at a time."""
AT_ONCE = 32
"""Maximum number of reads at the same time."""


class PieceReader:
    """Reads pieces of objects for many answers. Limits the number of simultaneous reads, so that a
    clip with many viewers does not use all calls of the store.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, key: str, start: int, end: int) -> bytes:
        """Returns a piece of an object. Raises ObjectsError."""
        async with self._turns:
            return await self._objects.read(key, start, min(start + PIECE, end))


class ObjectBody(Payload):
    """The bytes from `start` to `end` (not included) of an object. `open()` creates this body. A
    piece is read when the client has taken the previous piece.
    """

    _autoclose = True  # aiohttp: there is no file to close

    def __init__(self, reader: PieceReader, key: str, start: int, end: int, first: bytes) -> None:
        super().__init__(first)
        self._reader = reader
        self._key = key
        self._start = start
        self._end = end
        self._first = first
        self._size = end - start

    @classmethod
    async def open(cls, reader: PieceReader, key: str, start: int, end: int) -> "ObjectBody":
        """Reads the first piece, so that an error of the store can still be answered. Raises
        ObjectsError.
        """
        return cls(reader, key, start, end, await reader.read(key, start, end))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._first.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Sends the pieces. Ends the connection if the store fails, because the rest of the answer
        cannot be sent.
        """
        piece, at = self._first, self._start
        while piece:
            await writer.write(piece)
            await writer.drain()
            at += len(piece)
            if at >= self._end:
                return
            try:
                piece = await self._reader.read(self._key, at, self._end)
            except ObjectsError as error:
                _abort(writer)
                raise ConnectionAbortedError(str(error)) from error
        _abort(writer)
        raise ConnectionAbortedError(f"{self._key} is shorter than expected")


def _abort(writer: AbstractStreamWriter) -> None:
    if isinstance(writer, StreamWriter) and writer.transport is not None:
        writer.transport.abort()
