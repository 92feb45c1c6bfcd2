"""When the server published what a viewer gets by WebRTC or HLS, neither of which says so: from the
clock that goes over a WebSocket. Pure.

Once a second an empty record tells when the picture of a media time was captured and published
(relay/PROTOCOL.md, `media=0`). RTP timestamps and dates of playlists bear media and capture times.
Of the last records the one counts whose picture came soonest: a picture that came late to the
server seems to have been published when its turn was, so that delays are never told too small.
"""

from collections import deque

from relay.message import Record

TICK = 100 / 9
"""µs of an RTP clock of 90 kHz."""
KEPT = 10
"""Records; one comes a second."""


class MediaClock:
    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)

    def add(self, record: Record) -> None:
        if self._records and record.epoch != self._records[-1].epoch:
            self._records.clear()
        self._records.append(record)

    def published_at_rtp(self, timestamp: int) -> float | None:
        """When the picture of that RTP timestamp (32 bits) was published, µs on the server's clock;
        None before anything is known.
        """
        if not self._records:
            return None
        anchor = min(self._records, key=lambda record: record.publish - record.media_time)
        # The shorter way round the wrap at 2³².
        ticks = (timestamp - round(anchor.media_time / TICK) + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        return anchor.publish + ticks * TICK

    def published_when_captured(self, captured: float) -> float | None:
        """When the picture that was captured at that moment was published; both µs on the server's
        clock.
        """
        if not self._records:
            return None
        return captured + min(record.publish - record.capture for record in self._records)
