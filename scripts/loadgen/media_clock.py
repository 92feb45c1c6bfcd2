"""Computes the publish times of frames that a viewer gets over WebRTC or HLS. Media over WebRTC or
HLS has no publish times, so this module derives them from the records of a WebSocket. Pure.

Once a second, a record without media gives the media time, capture time and publish time of one
frame (relay/PROTOCOL.md, `media=0`). RTP timestamps are media times, and the dates in playlists are
capture times. Only one of the last ten records (`KEPT`) is used: the record whose frame was
published with the smallest delay. The publish times of all other frames are computed as if they
had this delay. If a frame reaches the server late, its delay at the viewer includes this lateness.
"""

from collections import deque

from relay.message import Record

TICK = 100 / 9
"""µs per tick of a 90 kHz RTP clock."""
KEPT = 10
"""Number of the latest records that are kept. One record arrives per second."""


class MediaClock:
    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)

    def add(self, record: Record) -> None:
        if self._records and record.epoch != self._records[-1].epoch:
            self._records.clear()
        self._records.append(record)

    def published_at_rtp(self, timestamp: int) -> float | None:
        """Returns the publish time of the frame with this 32-bit RTP timestamp, µs on the server's
        clock. Returns None before the first record.
        """
        if not self._records:
            return None
        anchor = min(self._records, key=lambda record: record.publish - record.media_time)
        # RTP timestamps wrap at 2³², so use the shorter distance.
        ticks = (timestamp - round(anchor.media_time / TICK) + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        return anchor.publish + ticks * TICK

    def published_when_captured(self, captured: float) -> float | None:
        """Returns the publish time of the frame whose capture time is `captured`. Returns None
        before the first record. Both times are in µs on the server's clock.
        """
        if not self._records:
            return None
        return captured + min(record.publish - record.capture for record in self._records)
