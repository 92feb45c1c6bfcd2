"""What a joining viewer gets first: everything since the last IDR."""

from relay.channel.outbox import Message

BURST_MAX = 24 * 1024 * 1024
"""Bytes that a joining viewer is ever sent; past them one joins at the next IDR instead."""
STALE = 1_000_000
"""µs: an IDR older than this is not what a viewer should begin with."""


class Burst:
    """The messages since the last IDR, oldest first."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._bytes = 0
        self._whole = False
        self._key_publish = 0

    def add(self, message: Message) -> None:
        if message.key:
            self.forget()
            self._whole = True
            self._key_publish = message.publish
        if not self._whole:
            return
        self.messages.append(message)
        self._bytes += len(message.frame)
        if self._bytes > BURST_MAX:
            self.forget()

    def forget(self) -> None:
        """Nothing can be begun with until the next IDR."""
        self.messages = []
        self._bytes = 0
        self._whole = False

    def is_stale(self, now: int) -> bool:
        """Whether a viewer who joins now, in µs since the Unix epoch, would wait for a picture, or
        begin with an old one.
        """
        return not self._whole or now - self._key_publish > STALE
