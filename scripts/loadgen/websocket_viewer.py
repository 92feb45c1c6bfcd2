"""A viewer over WebSocket. After a minimal handshake, the walker parses all received bytes."""

import asyncio
import json
import socket
import struct
import time
from typing import cast

from scripts.loadgen.taps import taps_notice
from scripts.loadgen.viewer import Viewer, ViewerContext
from scripts.loadgen.walker import MARGIN, ProtocolViolation, Walker

# KEY and ACCEPT are the example values of RFC 6455 §1.3. A mask of zeros leaves the payload
# unchanged, so frames can be built in advance. Only browsers need the random masks of §5.3, which
# protect proxies from scripts.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
NO_MASK = b"\0\0\0\0"
ANSWER_MAX = 8_192
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""Value of the socket option SO_LINGER. With this value, closing the socket resets the TCP
connection.
"""


def masked_frame(opcode: int, payload: bytes) -> bytes:
    """Returns a client's WebSocket frame, which is masked. `payload`: at most 125 bytes."""
    return bytes((opcode, 0x80 | len(payload))) + NO_MASK + payload


def request(host: str, path: str) -> bytes:
    """Returns the handshake request for `path`."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


LEAVE = masked_frame(0x88, (1001).to_bytes(2, "big"))


class WebSocketViewer(Viewer, asyncio.BufferedProtocol):
    """A viewer over WebSocket. All viewers of a process share one read buffer, so the data of each
    read is parsed before the next read.

    The crowd's poller reads the sockets of connected viewers. Exceptions are slow viewers, whose
    transport must be paused, and viewers over TLS.
    """

    query = "player=load"
    """Query string of the WebSocket's URL."""

    def __init__(
        self, crowd: ViewerContext, room: str, *, probe: bool, slow: bool, rude: bool
    ) -> None:
        super().__init__(crowd, room, probe=probe, slow=slow, rude=rude)
        self.walker = Walker(
            self._delivery, self, probe, reads_events=crowd.arrivals is not None and not slow
        )
        self._last_message = -1
        """Number (`n`) of the last chat message that the viewer has received; -1 if none."""
        self.transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._answer = b""
        self._polled = -1  # the socket's descriptor while the poller reads it
        self._code = 0
        self._budget = 0
        self._time_sent = 0

    async def connect(self) -> None:
        """Opens the connection. The crowd's `connected` is called later, when the server has
        answered the handshake.
        """
        await asyncio.get_running_loop().create_connection(
            lambda: self, *self._crowd.address, ssl=self._crowd.ssl
        )

    # Reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self.slow:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self.transport.write(
            request(self._crowd.host, f"{self._crowd.path}/ws/{self.room}?{self.query}")
        )

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._crowd.small_buffer if self.slow else self._crowd.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        crowd = self._crowd
        if not self.watching:
            self._receive_answer(bytes(crowd.buffer[MARGIN : MARGIN + nbytes]))
            return
        try:
            self.walker.walk(crowd.buffer, nbytes, crowd.clocks.now() if self.probe else 0)
        except ProtocolViolation as error:
            self._fail(str(error))
        if self.slow:
            self._budget -= nbytes
            if self._budget <= 0 and self.transport and not self.transport.is_closing():
                self.transport.pause_reading()

    def _receive_polled(self, size: int) -> None:
        if size:
            self.buffer_updated(size)
        else:
            self._abort()

    def allow(self, size: int) -> None:
        """Allows a slow viewer to read `size` more bytes."""
        self._budget = min(size, self._budget + size)
        if self._budget > 0 and self.transport and not self.transport.is_closing():
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_being_polled()
        self.transport = None
        self._lost.set()
        self._lose(str(self._code or 1006) if self.watching else "cut during the handshake")

    def _receive_answer(self, data: bytes) -> None:
        self._answer += data
        head, end, rest = self._answer.partition(b"\r\n\r\n")
        if not end:
            if len(self._answer) > ANSWER_MAX:
                self._fail("no WebSocket")
            return
        status = head.split(b"\r\n", 1)[0].split(b" ")
        if len(status) < 2 or status[1] != b"101" or ACCEPT not in head:
            code = status[1].decode("ascii", "replace") if len(status) > 1 else ""
            self._fail(f"HTTP {code}" if code.isdecimal() and code != "101" else "no WebSocket")
            return
        self.watching = True
        self._crowd.connected(self, self._age)
        if self.rude and self._crowd.never_reads() and self.transport:
            self.transport.pause_reading()
            return
        if rest:
            self._crowd.buffer[MARGIN : MARGIN + len(rest)] = rest
            self.buffer_updated(len(rest))
        if self.watching and not self.slow:
            self._be_polled()

    def _be_polled(self) -> None:
        transport = self.transport
        if (
            transport
            and not transport.is_closing()
            and transport.get_extra_info("ssl_object") is None
        ):
            transport.pause_reading()
            self._polled = transport.get_extra_info("socket").fileno()
            self._crowd.poller.add(self._polled, self._receive_polled)

    def _stop_being_polled(self) -> None:
        if self._polled >= 0:
            self._crowd.poller.remove(self._polled)
            self._polled = -1

    # Calls of the walker

    def receive_text(self, text: bytes) -> None:
        notice = json.loads(text)
        kind = notice.get("type")
        if kind == "hello":
            self.walker.live_after = notice["now"]
        elif kind == "pace":
            self._crowd.paced(self, str(notice["pace"]))
        elif kind == "time":
            self._crowd.clocks.receive_time(self._time_sent, int(notice["now"]))

    def receive_first_frame(self) -> None:
        self._crowd.joined(self, self._age)

    def receive_ping(self, payload: bytes) -> None:
        self._send(masked_frame(0x8A, payload[:125]))

    def receive_event(self, body: bytes) -> None:
        if self._crowd.arrivals:
            self._last_message = self._crowd.arrivals.receive(
                body, self._last_message, time.time_ns() // 1_000
            )

    def receive_close(self, code: int) -> None:
        self._code = code
        self._send(masked_frame(0x88, code.to_bytes(2, "big") if code != 1005 else b""))
        self._close()

    # Sending

    def report(self) -> None:
        """Sends a playback report that contains the latest media time."""
        if self.watching and self.walker.media_time >= 0:
            self._send(
                masked_frame(0x81, b'{"type":"report","media_time":%d}' % self.walker.media_time)
            )

    def tap(self, taps: int) -> None:
        if self.watching and self.walker.seen_idr:
            self._send(masked_frame(0x81, taps_notice(self.walker.media_time, taps)))

    def ask_time(self) -> None:
        if self.watching:
            self._time_sent = time.time_ns() // 1_000
            self._send(masked_frame(0x81, b'{"type":"time","id":1}'))

    def leave(self) -> None:
        """Closes the connection with a close frame, as a real player does."""
        self._left = True
        if self.watching:
            self._send(LEAVE)
        self._close()
        self._finish()

    def vanish(self) -> None:
        """Resets the connection without a close frame."""
        self._left = True
        if self.transport:
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
            )
        self._abort()
        self._finish()

    def _finish(self) -> None:
        """Lets the crowd wait until the connection has ended."""
        if self.transport:
            self._crowd.finish_leaving(self._lost.wait())

    def _send(self, data: bytes) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(data)

    def _close(self) -> None:
        self._stop_being_polled()
        if self.transport:
            self.transport.close()

    def _abort(self) -> None:
        self._stop_being_polled()
        if self.transport:
            self.transport.abort()

    def _fail(self, cause: str) -> None:
        self._lose(cause)
        self._abort()
