"""How well a creator's media arrives: what its health light is made from at our end. Pure; `now` in
seconds.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

SPAN = 5
"""Seconds that gaps and losses are told of."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a session has counted so far."""

    payload_bytes: int = 0
    repaired: int = 0
    """Packets that were lost and came again in time."""
    lost: int = 0
    """Packets that did not."""


@dataclass(frozen=True, slots=True)
class _Second:
    bitrate: float
    fps: float
    gap: float
    repaired: int
    lost: int


class Reception:
    """Feed it with `picture` for each one that was published and with `measure` many times a
    second; read it with `describe`.
    """

    def __init__(self, now: float) -> None:
        self._seconds: deque[_Second] = deque(maxlen=SPAN)
        self._since = now
        self._totals = Totals()
        self._pictures = 0
        self._picture_at: float | None = None
        self._key_at: float | None = None
        self._gap = 0.0

    def picture(self, now: float, *, key: bool) -> None:
        if self._picture_at is not None:
            self._gap = max(self._gap, now - self._picture_at)
        self._picture_at = now
        if key:
            self._key_at = now
        self._pictures += 1

    def measure(self, now: float, totals: Totals) -> None:
        elapsed = now - self._since
        if elapsed < 1:
            return
        before = self._totals
        self._seconds.append(
            _Second(
                bitrate=max(0, totals.payload_bytes - before.payload_bytes) * 8 / elapsed,
                fps=self._pictures / elapsed,
                gap=self._gap_now(now),
                # A sender that starts afresh has its losses counted anew.
                repaired=max(0, totals.repaired - before.repaired),
                lost=max(0, totals.lost - before.lost),
            )
        )
        self._since, self._totals, self._pictures, self._gap = now, totals, 0, 0.0

    def describe(self, now: float) -> dict[str, Any]:
        """As API.md tells it: bit/s, packets, and times in ms, null before there are any."""
        last = self._seconds[-1] if self._seconds else None
        return {
            "bitrate": round(last.bitrate) if last else None,
            "fps": round(last.fps, 1) if last else None,
            "gap": round(
                1_000 * max(self._gap_now(now), *(second.gap for second in self._seconds), 0.0)
            ),
            "repaired": sum(second.repaired for second in self._seconds),
            "lost": sum(second.lost for second in self._seconds),
            "keyframe_age": None if self._key_at is None else round(1_000 * (now - self._key_at)),
        }

    def _gap_now(self, now: float) -> float:
        """The longest time without a picture, that which goes on included."""
        return max(self._gap, now - self._picture_at) if self._picture_at is not None else self._gap
