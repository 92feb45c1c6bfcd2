"""Reads the notices of one viewer without a task.

aiohttp puts each message into a queue and wakes the task that waits for the message. These two
steps take several times longer than handling a notice, and thousands of viewers may send notices at
the same time while they tap. NoticeProtocol gets the data before aiohttp's protocol. NoticeProtocol
handles each whole text frame immediately, and passes everything else to aiohttp's protocol: pings,
the close frame, frames in pieces, invalid data.
"""

import asyncio
from time import perf_counter_ns
from typing import Any, Protocol

from relay.channel.notice import MAX_BYTES
from relay.meter import Account

FIN_TEXT = 0x81
"""First byte of a text frame that is a whole message (RFC 6455 §5.2)."""
HEADER, LONG_HEADER = 6, 8
"""Size of the header of a masked frame, bytes: HEADER if the length field has one byte, LONG_HEADER
if it has three.
"""


class Listener(Protocol):
    def hear(self) -> bool: ...

    def receive_text(self, text: str) -> None: ...


class NoticeProtocol(asyncio.Protocol):
    """A protocol that gets the data of a transport before the transport's previous protocol, the
    inner protocol. Passes the data that it does not handle to the inner protocol. Call `remove` at
    the end.
    """

    def __init__(
        self, transport: asyncio.Transport, viewer: Listener, account: Account | None = None
    ) -> None:
        """`account`: is charged for the time that handling notices takes. While the account is
        slowed, all data goes to the inner protocol.
        """
        self._transport = transport
        self._inner: Any = transport.get_protocol()
        self._viewer = viewer
        self._account = account
        self._whole = True
        """Whether the next byte from the transport certainly begins a frame. As soon as this is
        uncertain, the inner protocol gets all further data.
        """
        transport.set_protocol(self)

    def remove(self) -> None:
        """Gives the transport back to the inner protocol."""
        if not self._transport.is_closing():
            self._transport.set_protocol(self._inner)

    def data_received(self, data: bytes) -> None:
        account = self._account
        if not self._whole:
            self._inner.data_received(data)
        elif account is None:
            self._pass_on(self._read(data, True))
        else:
            started = perf_counter_ns()
            rest = self._read(data, not account.slowed)
            account.spent_ns += perf_counter_ns() - started
            if account.spent_ns > account.limit_ns:
                account.overrun()
            self._pass_on(rest)

    def _pass_on(self, data: bytes) -> None:
        if data:
            self._inner.data_received(data)

    def _read(self, data: bytes, handle: bool) -> bytes:
        """If `handle` is true, handles the whole text frames in `data`. Returns the bytes that were
        not handled.
        """
        at, size, rest = 0, len(data), b""
        while at < size:
            header = HEADER
            if size - at < LONG_HEADER:  # a frame of at most one byte
                break
            first, length = data[at], data[at + 1] - 0x80
            if length == 126:
                length = data[at + 2] << 8 | data[at + 3]
                header = LONG_HEADER
            end = at + header + length
            if length < 0 or length > MAX_BYTES or end > size or first & 0x8F < 0x81:
                break
            if first != FIN_TEXT or not handle or not self._receive(data, at + header, end):
                rest += data[at:end]
            at = end
        else:
            return rest
        self._whole = False
        return rest + data[at:]

    def _receive(self, data: bytes, start: int, end: int) -> bool:
        """Handles the masked text in `data[start:end]`. The mask is in the four bytes before
        `start`. Returns False if the text is not UTF-8.
        """
        length = end - start
        mask = data[start - 4 : start] * (length // 4 + 1)
        plain = int.from_bytes(data[start:end], "big") ^ int.from_bytes(mask[:length], "big")
        try:
            text = plain.to_bytes(length, "big").decode()
        except UnicodeDecodeError:
            return False
        if self._viewer.hear():
            self._viewer.receive_text(text)
        return True

    # Calls that go straight to the inner protocol

    def eof_received(self) -> bool | None:
        answer: bool | None = self._inner.eof_received()
        return answer

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
