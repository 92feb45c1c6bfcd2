"""The SSRCs of one peer. Pure; `now` in seconds.

libsrtp keeps 540 bytes for each SSRC of which a packet was decrypted, and searches the list of
these SSRCs for each further packet. Therefore this module limits the number of SSRCs.
"""

from typing import Final

from relay.rtc.bucket import TokenBucket

PER_SECOND, BURST = 0.2, 32
"""Maximum number of new SSRCs: per second in the long run, and in one burst. A browser uses three
SSRCs. An encoder that restarts may use other SSRCs.
"""
MAX_SOURCES: Final = 1_024


class Sources:
    """Limits the number of SSRCs. Each SSRC is passed as the 4 bytes that the packet contains."""

    __slots__ = ("_fresh", "known")

    def __init__(self) -> None:
        self.known: set[bytes] = set()
        """The SSRCs of all authentic packets so far."""
        self._fresh = TokenBucket(PER_SECOND, BURST)

    def admit(self, source: bytes, now: float) -> bool:
        """Whether to decrypt a packet of this source. If the packet is authentic, the caller must
        call `add`.
        """
        return source in self.known or (len(self.known) < MAX_SOURCES and self._fresh.holds(now))

    def add(self, source: bytes, now: float) -> None:
        """Records the SSRC of an authentic packet. Forged packets do not count toward the limit."""
        if source not in self.known:
            self._fresh.take(now)
            self.known.add(source)
