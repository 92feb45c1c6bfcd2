"""The media that a joining viewer gets first from one slot: every message since the last
IDR. Pure.
"""

from collections import deque

from relay.channel.draft import Draft
from relay.channel.message import Message

BURST_MAX = 24 * 1024 * 1024
"""Maximum memory of a burst, bytes. A larger burst is dropped, and viewers join at the next IDR."""
OVERHEAD = 500
"""Memory that a message uses in addition to its WebSocket frame, bytes."""
MAX_DRAFTS = 500
"""Maximum number of drafts. When a viewer joins, the bytes of all drafts are written. Writing this
number of drafts takes some milliseconds, in which no viewer gets media.
"""


class Burst:
    """The messages of one slot since the last IDR, oldest first. While a channel has no viewers,
    the messages are kept as drafts.
    """

    __slots__ = ("_bytes", "_drafts", "_messages")

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._drafts: deque[Draft] = deque()
        """The newest messages, whose bytes are not written yet. These messages are newer than the
        messages in `_messages`.
        """
        self._bytes = 0

    @property
    def messages(self) -> list[Message]:
        """All messages. The getter of this property writes the drafts first."""
        self._write_drafts()
        return self._messages

    @property
    def keyframe(self) -> Message | None:
        """The first message, which contains the IDR; None if there are no messages. Does not write
        the other drafts.
        """
        if not self._messages and self._drafts:
            self._write(self._drafts.popleft())
        return self._messages[0] if self._messages else None

    @property
    def empty(self) -> bool:
        return not self._messages and not self._drafts

    @property
    def size(self) -> int:
        """Memory used by the messages, including their overhead, bytes."""
        return self._bytes

    def add(self, message: Message) -> None:
        if message.key:
            self.clear()
        elif self.empty:
            return
        self._write_drafts()
        self._messages.append(message)
        self._grow(len(message.frame))

    def keep(self, draft: Draft) -> None:
        """Adds a message as a draft, because no viewer needs the bytes of this message yet."""
        if draft.key:
            self.clear()
        elif self.empty:
            return
        self._drafts.append(draft)
        self._grow(draft.size)
        if len(self._drafts) > MAX_DRAFTS:
            self._write(self._drafts.popleft())

    def clear(self) -> None:
        """Empties the burst. It stays empty until the next IDR, because decoding cannot start
        earlier.
        """
        self._messages = []
        self._drafts.clear()
        self._bytes = 0

    def _write_drafts(self) -> None:
        while self._drafts:
            self._write(self._drafts.popleft())

    def _write(self, draft: Draft) -> None:
        message = draft.write()
        self._messages.append(message)
        self._bytes += len(message.frame) - draft.size

    def _grow(self, size: int) -> None:
        self._bytes += OVERHEAD + size
        if self._bytes > BURST_MAX:
            self.clear()
