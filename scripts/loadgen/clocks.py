"""Clocks from which the load generator computes delays: the server's clock, and the media clock of
each room.
"""

import asyncio
import json
import time
from typing import Any

import aiohttp

from relay.errors import MessageError
from relay.message import Kind, unpack_records
from scripts.loadgen.media_clock import MediaClock

TIME_EXCHANGES = 5
AGAIN = 1.0
"""Seconds between the loss of a connection to a room and the next attempt to connect. The room's
media clock receives its records over this connection.
"""


class Clocks:
    """Converts times to the server's clock, and follows the media clocks of rooms. All times are in
    µs. `close()` closes the connections.
    """

    def __init__(self, same_clock: bool) -> None:
        """`same_clock`: whether the server runs on this machine and so has the same clock."""
        self._same = same_clock
        self._ahead, self._ahead_error = 0, float("inf")  # server's clock minus ours
        self._rooms: dict[str, MediaClock] = {}
        self._keepers: set[asyncio.Task[None]] = set()

    @property
    def unknown(self) -> bool:
        """Whether a time exchange is needed, because the server's clock is not known yet."""
        return not self._same and self._ahead_error == float("inf")

    def now(self) -> int:
        """Returns the current time on the server's clock."""
        return time.time_ns() // 1_000 + self._ahead

    def at(self, ours: int) -> int:
        """Converts a time from this machine's clock to the server's clock."""
        return ours + self._ahead

    def receive_time(self, sent: int, server: int) -> None:
        """Takes the result of a time exchange. `sent`: time of the request on this machine's clock.
        `server`: time in the server's answer. Ignores the result if an earlier exchange was faster,
        because the fastest exchange is the most precise.
        """
        received = time.time_ns() // 1_000
        if received - sent < self._ahead_error:
            self._ahead_error = received - sent
            self._ahead = server - (sent + received) // 2

    def of_room(self, room: str) -> MediaClock:
        """Returns the media clock of a room. The clock gives no times until its first record
        arrives. Records arrive only if `keep` was called for the room.
        """
        return self._rooms.setdefault(room, MediaClock())

    def keep(self, room: str, http: aiohttp.ClientSession, url: str) -> None:
        """Follows the media clock of a room from now on, over the WebSocket at `url`."""
        if room not in self._rooms:
            clock = self._rooms[room] = MediaClock()
            self._keepers.add(asyncio.create_task(self._keep(clock, http, url)))

    async def close(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        if self._keepers:
            await asyncio.wait(self._keepers)

    async def _keep(self, clock: MediaClock, http: aiohttp.ClientSession, url: str) -> None:
        while True:
            try:
                async with http.ws_connect(url) as socket:
                    await self._read(clock, socket)
            except (aiohttp.ClientError, OSError, MessageError):
                pass  # the room's viewers report the failure
            await asyncio.sleep(AGAIN)

    async def _read(self, clock: MediaClock, socket: aiohttp.ClientWebSocketResponse) -> None:
        exchanges, asked = 0, 0
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                notice: dict[str, Any] = json.loads(message.data)
                if notice.get("type") == "time":
                    self.receive_time(asked, int(notice["now"]))
            elif message.type is aiohttp.WSMsgType.BINARY:
                for record in unpack_records(message.data):
                    if record.kind is Kind.MEDIA:
                        clock.add(record)
                if not self._same and exchanges < TIME_EXCHANGES:
                    exchanges, asked = exchanges + 1, time.time_ns() // 1_000
                    await socket.send_str('{"type":"time","id":1}')
