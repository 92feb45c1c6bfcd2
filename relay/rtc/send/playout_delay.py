"""The header extension `playout-delay`: limits for the delay that a player adds to the video
(http://www.webrtc.org/experiments/rtp-hdrext/playout-delay). Pure.

With a minimum and a maximum of 0, Chromium shows each frame when it is decoded. Without the
extension, Chromium smooths the frames, which costs about a screen refresh, also on a steady path.
"""

from typing import Final

URI: Final = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
NUMBER_MAX: Final = 14
"""Largest number of an extension in a one-byte header (RFC 8285 §4.2)."""
TREMBLING, STEADY = 0.005, 0.003
"""Jitter above which a path counts as trembling, and jitter below which it counts as steady again,
seconds. The transit times of frames then differ by up to 15 ms, about a screen refresh.
"""
NO_DELAY: Final = 0
ANY_DELAY: Final = 1_000
"""Maximum delays, in units of 10 ms. ANY_DELAY is 10 s, the maximum of a player without limits."""


class PlayoutDelay:
    """Chooses the limits for one viewer, from the jitter that the viewer reports."""

    def __init__(self, number: int) -> None:
        """`number`: number of the extension in the SDP, from 1 to 14; 0 if it is not used."""
        self._number = number
        self._trembling = False

    def report(self, jitter: float) -> None:
        """Takes the jitter of a receiver report, seconds."""
        self._trembling = jitter > (STEADY if self._trembling else TREMBLING)

    @property
    def extension(self) -> bytes:
        """The header extension of each packet (RFC 8285 §4.2); empty if it is not used."""
        if not self._number:
            return b""
        most = ANY_DELAY if self._trembling else NO_DELAY
        return bytes((0xBE, 0xDE, 0, 1, self._number << 4 | 2)) + most.to_bytes(3, "big")
