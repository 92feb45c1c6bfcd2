"""Keeps the sound going: concealment and then silence where none comes, so that players never wait
for it.

Chromium's MSE stops for good at a gap of 100 ms in the sound, and a player without sound to hold on
to drifts. Pure: media ticks in, packets to send out.
"""

from dataclasses import dataclass

from relay.media.opus import SILENCE, SILENCE_TICKS, concealment, packet_ticks

PATIENCE = 4_800
"""Ticks (100 ms) that the sound may be late before silence takes its place."""
ABSENT_PATIENCE = 1_920
"""Ticks (40 ms) kept once it has been away for ABSENT ticks."""
ABSENT = 48_000
CONCEALED = 4_800
"""Ticks (100 ms) behind a real packet that its decoder is let to conceal; by then it has faded
out.
"""
MAX_FILL = 50 * 10
"""Packets of silence made at one time (10 s); a longer absence is a gap in media time, in a new
epoch or not.
"""


@dataclass(frozen=True, slots=True)
class Sound:
    """One packet of the continuous track."""

    ticks: int
    duration: int
    data: bytes


class ContinuousSound:
    """Lays packets end to end and fills what is missing."""

    def __init__(self, expected: bool) -> None:
        self.filled = 0
        """Packets made in the place of sound."""
        self.late = 0
        """Packets that came after silence had taken their place."""
        self._next: int | None = None
        self._last_real: int | None = None
        self._last_data = b""
        self._expected = expected

    def receive(self, ticks: int, duration: int, data: bytes) -> list[Sound]:
        """A real packet. Returns what to send: silence for a hole before it, and the packet;
        nothing if its place is taken.
        """
        if self._next is None:
            self._next = ticks
        if ticks < self._next:
            self.late += 1
            return []
        sounds = self._fill_to(ticks)
        sounds.append(Sound(ticks, duration, data))
        self._next = self._last_real = ticks + duration
        self._last_data = data
        return sounds

    def advance(self, media_now: int) -> list[Sound]:
        """Time has come to `media_now` (ticks). Returns the silence that must stand in for sound
        that did not come.
        """
        if self._next is None:
            # Give a microphone that is on its way the time to begin; one that was not offered never
            # comes.
            self._next = media_now + (ABSENT_PATIENCE if self._expected else 0)
            return []
        absent = self._last_real is None or self._next - self._last_real > ABSENT
        patience = 0 if not self._expected else ABSENT_PATIENCE if absent else PATIENCE
        return self._fill_to(media_now - patience)

    def _fill_to(self, ticks: int) -> list[Sound]:
        assert self._next is not None
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
        stand_in = concealment(self._last_data)
        duration = packet_ticks(stand_in)
        while self._next + duration <= min(ticks, self._last_real + CONCEALED):
            sounds.append(Sound(self._next, duration, stand_in))
            self._next += duration
        return sounds
