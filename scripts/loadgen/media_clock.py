"""Computes the publish times of media that a viewer gets over WebRTC or HLS. Neither carries them,
so they are derived from the clock records of a WebSocket. Pure.

Once a second, a record without media contains the media time, capture time and publish time of a
frame (relay/PROTOCOL.md, `media=0`). RTP timestamps carry media times, playlist dates carry capture
times. Of the last records, the record with the smallest delay counts. A frame that reached the
server late then seems to be published on time, so no reported delay is too small.
"""

from collections import deque

from relay.message import Record

TICK = 100 / 9
"""µs per tick of a 90 kHz RTP clock."""
KEPT = 10
"""Number of records kept; one arrives per second."""


class MediaClock:
    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)

    def add(self, record: Record) -> None:
        if self._records and record.epoch != self._records[-1].epoch:
            self._records.clear()
        self._records.append(record)

    def published_at_rtp(self, timestamp: int) -> float | None:
        """Returns the publish time of the frame with this RTP timestamp (32 bits), µs on the
        server's clock; None before the first record.
        """
        if not self._records:
            return None
        anchor = min(self._records, key=lambda record: record.publish - record.media_time)
        # RTP timestamps wrap at 2³²: use the shorter distance.
        ticks = (timestamp - round(anchor.media_time / TICK) + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        return anchor.publish + ticks * TICK

    def published_when_captured(self, captured: float) -> float | None:
        """Returns the publish time of the frame that was captured at `captured`; None before the
        first record. Both times are µs on the server's clock.
        """
        if not self._records:
            return None
        return captured + min(record.publish - record.capture for record in self._records)
