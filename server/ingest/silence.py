"""Fills gaps in the audio, first with concealment, then with silence, so that players never wait
for audio.

Chromium's MSE stops permanently at an audio gap of 100 ms. Players follow the clock of the audio,
and drift without audio. Pure: takes media ticks, returns packets.
"""

from dataclasses import dataclass

from relay.media.opus import SILENCE, SILENCE_TICKS, concealment, packet_ticks

PATIENCE = 4_800
"""Time after which missing audio is replaced, ticks (100 ms)."""
ABSENT_PATIENCE = 1_920
"""Time after which missing audio is replaced, ticks (40 ms). Applies once audio has been absent for
ABSENT ticks.
"""
ABSENT = 48_000
CONCEALED = 4_800
"""Duration of concealment after the last real packet, ticks (100 ms). The concealed audio has faded
out at the end of this time, and silence follows.
"""
MAX_FILL = 50 * 10
"""Maximum number of silent packets generated at once (10 s). A longer absence remains a gap in
media time.
"""


@dataclass(slots=True)  # a frozen dataclass takes twice as long to make
class Sound:
    """One audio packet of the continuous track: media time, duration (both in ticks) and data."""

    ticks: int
    duration: int
    data: bytes


class ContinuousSound:
    """Makes the audio continuous: places packets end to end and fills the gaps."""

    __slots__ = ("_last_data", "_last_real", "_next", "expected", "filled", "late")

    def __init__(self, expected: bool) -> None:
        self.expected = expected
        """Whether the publisher has offered audio."""
        self.filled = 0
        """Number of packets generated for missing audio."""
        self.late = 0
        """Number of real packets that arrived after generated packets had replaced them."""
        self._next: int | None = None
        self._last_real: int | None = None
        self._last_data = b""

    def receive(self, ticks: int, duration: int, data: bytes) -> list[Sound]:
        """Takes a real packet. Returns generated packets that fill the gap before the real packet,
        then the real packet. Returns an empty list if generated packets have already replaced the
        real packet.
        """
        following = self._next
        if following is None or ticks == following:
            sounds: list[Sound] = []
        elif ticks < following:
            self.late += 1
            return []
        else:
            sounds = self._fill_to(ticks)
        sounds.append(Sound(ticks, duration, data))
        self._next = self._last_real = ticks + duration
        self._last_data = data
        return sounds

    def advance(self, media_now: int) -> list[Sound]:
        """Returns packets to replace the audio that is still missing at media time `media_now`
        (ticks).
        """
        if self._next is None:
            # A microphone that the publisher has offered gets time to start before silence replaces
            # its audio.
            self._next = media_now + (ABSENT_PATIENCE if self.expected else 0)
            return []
        return self._fill_to(media_now - self._patience(self._next))

    @property
    def due(self) -> int:
        """Media time before which `advance` returns nothing, ticks; 0 before the first call."""
        return 0 if self._next is None else self._next + self._patience(self._next)

    def _patience(self, expected: int) -> int:
        """Returns how long to wait for the packet that is expected at this media time, ticks."""
        absent = self._last_real is None or expected - self._last_real > ABSENT
        return 0 if not self.expected else ABSENT_PATIENCE if absent else PATIENCE

    def _fill_to(self, ticks: int) -> list[Sound]:
        assert self._next is not None
        if ticks <= self._next:
            return []
        missing = (ticks - self._next) // SILENCE_TICKS
        if missing > MAX_FILL:
            self._next = ticks
            return []
        sounds = self._conceal_to(ticks)
        while self._next + SILENCE_TICKS <= ticks:
            sounds.append(Sound(self._next, SILENCE_TICKS, SILENCE))
            self._next += SILENCE_TICKS
        self.filled += len(sounds)
        return sounds

    def _conceal_to(self, ticks: int) -> list[Sound]:
        assert self._next is not None
        sounds: list[Sound] = []
        if self._last_real is None:
            return sounds
        concealed = concealment(self._last_data)
        duration = packet_ticks(concealed)
        while self._next + duration <= min(ticks, self._last_real + CONCEALED):
            sounds.append(Sound(self._next, duration, concealed))
            self._next += duration
        return sounds
