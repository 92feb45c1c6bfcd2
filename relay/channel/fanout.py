"""Sends one message to many viewers, with one system call per viewer.

If a viewer's connection accepts every message completely, the fan-out writes the bytes directly to
the viewer's socket. The loop that writes to these sockets calls neither the viewer object nor
aiohttp nor the event loop's transport.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

from relay.channel.message import Message
from relay.errors import RefusalCode
from relay.sample import TrackInfo

logger = logging.getLogger(__name__)


class Viewer(Protocol):
    """One viewer of a channel. The channel calls the methods synchronously, so a method must
    neither block nor raise an exception.
    """

    def send(self, message: Message) -> None: ...

    def receive_track(self, info: TrackInfo) -> None:
        """Takes the parameters of a track, which apply from the next message on."""

    def close(self, code: RefusalCode, text: str) -> None:
        """Closes the viewer's connection, and tells the viewer the reason (`code` and `text`). The
        channel does not call the viewer afterwards.
        """


class DirectSocket:
    """The socket of a viewer's plain TCP connection. The fan-out writes to this socket itself, and
    not through the event loop's transport. The direct socket has its own file descriptor, because
    the event loop may close the transport's descriptor and reuse the number for another connection.

    The viewer gives the socket to the fan-out when the transport's buffer is empty. The viewer
    takes the socket back before it writes to the transport again.
    """

    __slots__ = ("_socket", "overflow", "send")

    def __init__(self, fd: int, overflow: Callable[[Message, int], None]) -> None:
        """Duplicates the file descriptor `fd`. When the connection accepts only part of a message,
        the fan-out stops using the socket, and calls `overflow` with the message and the number of
        accepted bytes.

        Raises OSError if no file descriptor is free.
        """
        # Use send(2), because write(2) takes about 3 % longer for the same bytes.
        self._socket = socket.socket(fileno=os.dup(fd))
        self._socket.setblocking(False)
        self.send = self._socket.send
        self.overflow = overflow

    def write(self, frame: bytes) -> int:
        """Writes a WebSocket frame. Returns the number of bytes that the connection accepted. If
        the socket is full, this is less than the size of the frame. Returns 0 if the connection is
        broken. The transport detects the broken connection itself.
        """
        try:
            return self.send(frame)
        except OSError:
            return 0

    def close(self) -> None:
        """Closes the duplicate file descriptor. The connection ends only when the transport is
        closed too.
        """
        self._socket.close()


class Fanout:
    """Sends messages to the viewers of a channel. A viewer with a direct socket gets every message
    whole. For any other viewer, the fan-out calls `send`, and the viewer chooses how much of the
    message to write.
    """

    def __init__(self) -> None:
        self._viewers: dict[Viewer, DirectSocket | None] = {}
        self._by_send: dict[Callable[[bytes], int], Viewer] = {}
        self._asked: dict[Viewer, None] = {}
        self.octets = 0
        """Number of bytes that were written to direct sockets, including the headers of WebSocket
        frames.
        """

    def __len__(self) -> int:
        return len(self._viewers)

    def __contains__(self, viewer: Viewer) -> bool:
        return viewer in self._viewers

    def __iter__(self) -> Iterator[Viewer]:
        return iter(list(self._viewers))

    def add(self, viewer: Viewer) -> None:
        self._viewers[viewer] = None
        self._asked[viewer] = None

    def remove(self, viewer: Viewer) -> bool:
        """Removes a viewer. Returns whether the viewer was present."""
        if viewer not in self._viewers:
            return False
        self.close_direct(viewer)
        del self._viewers[viewer], self._asked[viewer]
        return True

    def open_direct(self, viewer: Viewer, direct: DirectSocket) -> None:
        """Writes messages for this viewer directly to its socket from now on. After the socket has
        accepted only part of a message, the fan-out calls the viewer's `send` instead.
        """
        if viewer in self._asked:
            del self._asked[viewer]
            self._viewers[viewer] = direct
            self._by_send[direct.send] = viewer

    def close_direct(self, viewer: Viewer) -> DirectSocket | None:
        """Calls the viewer's `send` for each message from now on. Returns the direct socket used
        until now; None if the viewer had no direct socket.
        """
        direct = self._viewers.get(viewer)
        if direct:
            del self._by_send[direct.send]
            self._viewers[viewer] = None
            self._asked[viewer] = None
        return direct

    def deliver(self, message: Message) -> list[Viewer]:
        """Sends a message to all viewers. Returns the viewers that raised an exception; the caller
        must remove these viewers.
        """
        frame, size = message.frame, len(message.frame)
        refused: list[tuple[Callable[[bytes], int], int]] = []
        for send in self._by_send:
            try:
                sent = send(frame)
            except OSError:  # the socket is full or broken
                sent = 0
            if sent != size:
                refused.append((send, sent))
        self.octets += size * len(self._by_send) - sum(size - sent for _, sent in refused)
        asked = list(self._asked)
        # Find the viewer of each full socket before the calls below, because these calls may open
        # or close direct sockets.
        late = [(self._by_send[send], sent) for send, sent in refused]
        failed: list[Viewer] = []
        for viewer, sent in late:
            if direct := self.close_direct(viewer):  # an earlier call may have removed the viewer
                _call(viewer, direct.overflow, (message, sent), failed)
        for viewer in asked:
            if viewer in self._asked:
                _call(viewer, viewer.send, (message,), failed)
        return failed


def _call(
    viewer: Viewer, call: Callable[..., None], arguments: tuple[object, ...], failed: list[Viewer]
) -> None:
    try:
        call(*arguments)
    except Exception:  # an error of one viewer must not affect the others
        logger.exception("a viewer was dropped")
        failed.append(viewer)
