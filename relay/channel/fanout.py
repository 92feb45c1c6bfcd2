"""Sends one message to many viewers, with one system call per viewer.

A viewer whose connection accepts everything needs no decision and no queue. Its bytes are written
directly to its socket, in one loop over sockets that calls neither the viewer object nor aiohttp
nor the event loop's transport.
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
    """One viewer of a channel. Its methods are called synchronously, and must neither block nor
    raise.
    """

    def send(self, message: Message) -> None: ...

    def receive_track(self, info: TrackInfo) -> None:
        """Announces the parameters of a track. They are valid from the next message on."""

    def close(self, code: RefusalCode, text: str) -> None:
        """Ends the viewer's connection with this reason. After this, the channel does not call the
        viewer.
        """


class DirectSocket:
    """A viewer's plain TCP connection, written directly instead of through its transport. It has
    its own file descriptor, because the event loop may close the transport's descriptor and reuse
    its number for another connection.

    The viewer gives the socket to the fan-out when the transport's buffer is empty, and takes it
    back before it writes to the transport again.
    """

    __slots__ = ("_socket", "overflow", "send")

    def __init__(self, fd: int, overflow: Callable[[Message, int], None]) -> None:
        """Duplicates the file descriptor `fd`. `overflow` is called when the connection accepts
        only part of a message; its arguments are the message and the number of bytes accepted. By
        then the fan-out has stopped using the socket.

        Raises OSError if no descriptor is free.
        """
        # The socket uses send(2): write(2) of the same bytes takes about 3 % longer.
        self._socket = socket.socket(fileno=os.dup(fd))
        self._socket.setblocking(False)
        self.send = self._socket.send
        self.overflow = overflow

    def write(self, frame: bytes) -> int:
        """Writes a frame. Returns the number of bytes that the connection accepted: fewer than all
        if the socket is full, 0 if the connection is broken. The transport detects a broken
        connection itself.
        """
        try:
            return self.send(frame)
        except OSError:
            return 0

    def close(self) -> None:
        """Closes the duplicate descriptor. The peer sees the end of the connection only when the
        transport is closed too.
        """
        self._socket.close()


class Fanout:
    """The viewers of a channel, in two groups: those with a direct socket, and those that choose
    for each message how much of it they get.
    """

    def __init__(self) -> None:
        self._viewers: dict[Viewer, DirectSocket | None] = {}
        self._by_send: dict[Callable[[bytes], int], Viewer] = {}
        self._asked: dict[Viewer, None] = {}
        self.octets = 0
        """Bytes written to direct sockets, WebSocket frame headers included."""

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
        """Removes a viewer. Returns whether it was present."""
        if viewer not in self._viewers:
            return False
        self.close_direct(viewer)
        del self._viewers[viewer], self._asked[viewer]
        return True

    def open_direct(self, viewer: Viewer, direct: DirectSocket) -> None:
        """Writes the viewer's messages to its socket from now on. When the socket does not accept a
        whole message, the fan-out returns to calling the viewer's `send`.
        """
        if viewer in self._asked:
            del self._asked[viewer]
            self._viewers[viewer] = direct
            self._by_send[direct.send] = viewer

    def close_direct(self, viewer: Viewer) -> DirectSocket | None:
        """Calls the viewer's `send` for each message from now on. Returns the direct socket that
        was in use; None if there was none.
        """
        direct = self._viewers.get(viewer)
        if direct:
            del self._by_send[direct.send]
            self._viewers[viewer] = None
            self._asked[viewer] = None
        return direct

    def deliver(self, message: Message) -> list[Viewer]:
        """Sends a message to all viewers. Returns the viewers that raised an exception, without
        removing them.
        """
        frame, size = message.frame, len(message.frame)
        refused: list[tuple[Callable[[bytes], int], int]] = []
        for send in self._by_send:
            try:
                sent = send(frame)
            except OSError:  # the socket is full, or broken: the transport notices that
                sent = 0
            if sent != size:
                refused.append((send, sent))
        self.octets += size * len(self._by_send) - sum(size - sent for _, sent in refused)
        asked = list(self._asked)
        # First find the viewers of all full sockets: the calls below may close sockets and open
        # others.
        late = [(self._by_send[send], sent) for send, sent in refused]
        failed: list[Viewer] = []
        for viewer, sent in late:
            if direct := self.close_direct(viewer):  # the viewer may have left in these calls
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
    except Exception:  # a viewer must not cost the others a frame
        logger.exception("a viewer was dropped")
        failed.append(viewer)
