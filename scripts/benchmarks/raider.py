"""The guests of a raid. Each guest writes into one room at a fixed rate, over its own connection.

The requests are written as bytes, so that thousands of requests a second need little CPU time.
"""

import asyncio
import json
from collections import Counter
from itertools import count
from typing import cast
from urllib.parse import urlsplit

EVERY = 0.1
"""Seconds between two messages of one guest."""
LATE = 2
"""Maximum number of requests of one guest that wait for an answer."""


class Raider(asyncio.Protocol):
    """One guest. Call `start` once the connection is open, `stop` at the end."""

    _numbers = count(1)

    def __init__(self, url: str, room: str, cookie: str, answers: Counter[int]) -> None:
        """`answers`: the counter of answers by HTTP status, to which this guest adds."""
        self._head = (
            f"POST /api/rooms/{room}/messages HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
            f"Origin: {url}\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n"
        )
        self._answers = answers
        self._transport: asyncio.WriteTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unread = b""
        self._waiting = 0

    def start(self, after: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(after, self._write)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head = self._unread[:end].lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self._unread) < end + 4 + size:
                return
            self._answers[int(head[9:12])] += 1
            self._waiting -= 1
            self._unread = self._unread[end + 4 + size :]

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None

    def _write(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._write)
        if self._transport is None or self._waiting >= LATE:
            return
        self._waiting += 1
        number = next(self._numbers)
        body = json.dumps({"id": f"raid-{number}", "text": f"raid {number}"}).encode()
        self._transport.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
