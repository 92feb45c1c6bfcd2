"""The media that a joining viewer gets first from one slot: every message since the last
IDR. Pure.
"""

from relay.channel.message import Message

BURST_MAX = 24 * 1024 * 1024
"""Maximum memory of a burst, bytes. A larger burst is dropped, and viewers join at the next IDR."""
OVERHEAD = 500
"""Memory that a message uses in addition to its WebSocket frame, bytes."""


class Burst:
    """The messages of one slot since the last IDR, oldest first."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._bytes = 0

    @property
    def size(self) -> int:
        """Memory used by the messages, including their overhead, bytes."""
        return self._bytes

    def add(self, message: Message) -> None:
        if message.key:
            self.clear()
        elif not self.messages:
            return
        self.messages.append(message)
        self._bytes += OVERHEAD + len(message.frame)
        if self._bytes > BURST_MAX:
            self.clear()

    def clear(self) -> None:
        """Empties the burst. It stays empty until the next IDR, because decoding cannot start
        earlier.
        """
        self.messages = []
        self._bytes = 0
