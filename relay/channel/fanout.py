"""One message to many viewers, at the price of one system call each.

A viewer whose connection takes all it is given needs no decision and no queue. Its bytes go
straight into its socket, from one loop over sockets, past its object, aiohttp and the event loop's
transport.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

from relay.channel.outbox import Message

logger = logging.getLogger(__name__)


class Viewer(Protocol):
    """Whoever watches: called synchronously, must neither block nor raise."""

    def send(self, message: Message) -> None: ...

    def end(self) -> None:
        """The stream is over; nothing follows."""


class Line:
    """A plain TCP connection, by a descriptor of its own: one that an event loop closes may be
    another connection's a moment later.

    Whoever opens a line on a stream has given all earlier bytes to the kernel, and takes the line
    off before it writes past it.
    """

    __slots__ = ("_socket", "overflow", "send")

    def __init__(self, fd: int, overflow: Callable[[Message, int], None]) -> None:
        """Duplicates `fd`. `overflow` is called when the connection took only that many bytes of a
        message's frame; the line is off then.

        Raises OSError where there is no descriptor left.
        """
        # send(2), since write(2) of the same bytes takes some 3 % longer.
        self._socket = socket.socket(fileno=os.dup(fd))
        self._socket.setblocking(False)
        self.send = self._socket.send
        self.overflow = overflow

    def write(self, frame: bytes) -> int:
        """Bytes taken: fewer than all where the connection is full, none where it is broken, which
        its transport finds out by itself.
        """
        try:
            return self.send(frame)
        except OSError:
            return 0

    def close(self) -> None:
        """The connection ends for its peer only when this is closed as well."""
        self._socket.close()


class Fanout:
    """The viewers of a stream: those on a line, and those who are asked for each message what of it
    they take.
    """

    def __init__(self) -> None:
        self._lines: dict[Viewer, Line | None] = {}
        self._by_send: dict[Callable[[bytes], int], Viewer] = {}
        self._asked: dict[Viewer, None] = {}
        self.octets = 0
        """Bytes that went over lines, frame headers and all."""

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, viewer: Viewer) -> bool:
        return viewer in self._lines

    def __iter__(self) -> Iterator[Viewer]:
        return iter(list(self._lines))

    def add(self, viewer: Viewer) -> None:
        self._lines[viewer] = None
        self._asked[viewer] = None

    def remove(self, viewer: Viewer) -> bool:
        """Whether it was there."""
        if viewer not in self._lines:
            return False
        self.close_line(viewer)
        del self._lines[viewer], self._asked[viewer]
        return True

    def open_line(self, viewer: Viewer, line: Line) -> None:
        """From now on a viewer's messages go straight over its line, until that takes less than all
        of one; then `send` is called again.
        """
        if viewer in self._asked:
            del self._asked[viewer]
            self._lines[viewer] = line
            self._by_send[line.send] = viewer

    def close_line(self, viewer: Viewer) -> Line | None:
        """From now on the viewer is asked again. Returns the line it was on, if it was."""
        line = self._lines.get(viewer)
        if line:
            del self._by_send[line.send]
            self._lines[viewer] = None
            self._asked[viewer] = None
        return line

    def deliver(self, message: Message) -> list[Viewer]:
        """Sends a message to all. Returns who failed; they are still in."""
        frame, size = message.frame, len(message.frame)
        refused: list[tuple[Callable[[bytes], int], int]] = []
        for send in self._by_send:
            try:
                sent = send(frame)
            except OSError:  # full; or broken, which the transport finds out by itself
                sent = 0
            if sent != size:
                refused.append((send, sent))
        self.octets += size * len(self._by_send) - sum(size - sent for _, sent in refused)
        asked = list(self._asked)
        # By name now: what follows may close lines and open others.
        late = [(self._by_send[send], sent) for send, sent in refused]
        failed: list[Viewer] = []
        for viewer, sent in late:
            if line := self.close_line(viewer):  # it may have left while others were told
                _call(viewer, line.overflow, (message, sent), failed)
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
