"""Decides when another video source (SSRC) of a publisher replaces the current one. Pure; `now` in
seconds.

An encoder that restarts may send from another source, and the old source is silent from then on. A
sender of simulcast layers sends from several sources at once: only the first is taken.
"""

from math import inf
from typing import Final

from relay.rtc.rtp import RtpPacket

SILENT_FOR: Final = 0.5
"""Time after which the current source counts as silent, seconds."""
FRAMES: Final = 3
"""Number of frames that another source must send while the current source is silent. A single frame
proves nothing: after an outage of the network, packets of all sources arrive in any order.
"""
MAX_CANDIDATES: Final = 8
"""Maximum number of other sources whose frames are counted."""
CONTESTED_FOR: Final = 5.0
"""Time after the last packet of another source during which the current source counts as contested,
seconds. A shared screen on which nothing moves has one frame a second.
"""


class Takeover:
    """Counts the frames of all other sources since the last packet of the current source. Make a
    new object when a source becomes the current one.
    """

    __slots__ = ("_candidates", "_heard_at", "_left", "_other_at")

    def __init__(self) -> None:
        self._heard_at = 0.0
        """Arrival time of the current source's last packet when counting began."""
        self._candidates: dict[int, set[int]] = {}
        """The latest RTP timestamps of the frames of each other source by SSRC, at most FRAMES."""
        self._left = False
        self._other_at = -inf
        """Arrival time of the last packet of another source."""

    def contested(self, now: float) -> bool:
        """Whether other sources have sent within the last CONTESTED_FOR seconds."""
        return now - self._other_at < CONTESTED_FOR

    def leave(self) -> None:
        """Records that the current source has ended: the next packet of another source replaces
        it.
        """
        self._left = True

    def receive(self, packet: RtpPacket, now: float, heard_at: float) -> bool:
        """Takes a packet of another source. `heard_at`: arrival time of the current source's last
        packet. Returns whether the other source replaces the current one.
        """
        self._other_at = now
        if self._left:
            return True
        if heard_at != self._heard_at:
            self._heard_at = heard_at
            self._candidates.clear()
        candidates, ssrc = self._candidates, packet.ssrc
        if ssrc not in candidates:
            if len(candidates) >= MAX_CANDIDATES:
                return False
            candidates[ssrc] = set()
        frames = candidates[ssrc]
        if len(frames) < FRAMES:
            frames.add(packet.timestamp)
        return len(frames) >= FRAMES and now - heard_at >= SILENT_FOR
