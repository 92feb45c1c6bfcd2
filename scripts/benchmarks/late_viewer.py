"""A viewer who joins a room that is live already, and leaves with the first picture."""

import asyncio
import math
import time
from urllib.parse import urlsplit

from scripts.loadgen.delivery import Delivery
from scripts.loadgen.walker import MARGIN, ProtocolViolation, Walker
from scripts.loadgen.websocket_viewer import ACCEPT, LEAVE, request

READ = 256 * 1024
WITHIN = 10.0


async def first_picture(url: str, room: str) -> float:
    """Joins a room at a server. Returns the time from the request, over a connection that is open
    already, until the last byte of the first IDR has arrived, ms. Returns infinity if no picture
    arrives within WITHIN seconds.
    """
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                began = time.monotonic()
                writer.write(request(parts.netloc, f"/ws/{room}?player=load"))
                await _read_first(reader)
                took = time.monotonic() - began
                writer.write(LEAVE)
            finally:
                writer.close()
    except (OSError, TimeoutError, EOFError, ProtocolViolation, asyncio.LimitOverrunError):
        return math.inf
    return took * 1_000


async def _read_first(reader: asyncio.StreamReader) -> None:
    """Reads until the first IDR has arrived. Raises EOFError."""
    if ACCEPT not in await reader.readuntil(b"\r\n\r\n"):
        raise EOFError
    listener = _Listener()
    walker = Walker(Delivery(), listener)
    buffer = bytearray(MARGIN + READ)
    while not listener.seen:
        data = await reader.read(READ)
        if not data:
            raise EOFError
        buffer[MARGIN : MARGIN + len(data)] = data
        walker.walk(buffer, len(data), 0)


class _Listener:
    """Waits for the first IDR only."""

    def __init__(self) -> None:
        self.seen = False

    def receive_first_frame(self) -> None:
        self.seen = True

    def receive_text(self, text: bytes) -> None:
        pass

    def receive_ping(self, payload: bytes) -> None:
        pass

    def receive_close(self, code: int) -> None:
        raise EOFError

    def receive_event(self, body: bytes) -> None:
        pass
