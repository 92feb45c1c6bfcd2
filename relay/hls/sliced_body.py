"""The body of a large answer, sent in slices."""

from collections.abc import Sequence

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

SLICE = 65_536
"""Number of bytes that are given to the transport at a time."""


class SlicedBody(Payload):
    """A body that consists of the bytes of all `parts`, one after the other. A slice is written
    when the transport has accepted the previous slice. The parts are not copied, so many answers
    with the same parts need little memory.
    """

    _autoclose = True  # aiohttp: there is no file to close

    def __init__(self, parts: Sequence[bytes | memoryview]) -> None:
        super().__init__(parts)
        self._parts = parts
        self._size = sum(map(len, parts))

    def between(self, start: int, end: int) -> "SlicedBody":
        """Returns a body with the bytes from `start` on and before `end`."""
        parts: list[memoryview] = []
        for part in self._parts:
            if start < len(part) and end > 0:
                parts.append(memoryview(part)[max(0, start) : end])
            start, end = start - len(part), end - len(part)
        return SlicedBody(parts)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return b"".join(self._parts).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        for part in self._parts:
            view = memoryview(part)
            for start in range(0, len(part), SLICE):
                await writer.write(view[start : start + SLICE])
                await writer.drain()


def body_size(response: web.Response) -> int:
    """Returns the number of bytes in the body of an answer."""
    body = response.body
    if isinstance(body, Payload):
        return body.size or 0
    return len(body) if body else 0
