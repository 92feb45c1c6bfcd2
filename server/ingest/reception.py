"""Measures how well a publisher's media arrives. Pure; `now` in seconds."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from server.ingest.health import SPAN, IngestHealth
from server.ingest.missing import Missing


@dataclass(frozen=True, slots=True)
class Totals:
    """The current counters of a session."""

    payload_bytes: int = 0
    repaired: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class _Second:
    bitrate: float
    fps: float
    gap: float
    repaired: int
    lost: int


class Reception:
    """Measures the reception of one session. Call `frame` for each published frame and `measure`
    many times a second.
    """

    __slots__ = ("_frame_at", "_frames", "_gap", "_keyframe_at", "_seconds", "_since", "_totals")

    def __init__(self, now: float) -> None:
        self._seconds: deque[_Second] = deque(maxlen=SPAN)
        self._since = now
        self._totals = Totals()
        self._frames = 0
        self._frame_at: float | None = None
        self._keyframe_at: float | None = None
        self._gap = 0.0

    def frame(self, now: float, *, key: bool) -> None:
        if self._frame_at is not None:
            self._gap = max(self._gap, now - self._frame_at)
        self._frame_at = now
        if key:
            self._keyframe_at = now
        self._frames += 1

    @property
    def frame_at(self) -> float | None:
        """Time of the last frame, seconds; None before the first frame."""
        return self._frame_at

    def measure(self, now: float, read_totals: Callable[[], Totals]) -> bool:
        """Calls `read_totals` once a second and records the difference to the previous totals.
        Returns whether a second has passed.
        """
        elapsed = now - self._since
        if elapsed < 1:
            return False
        before, totals = self._totals, read_totals()
        self._seconds.append(
            _Second(
                bitrate=max(0, totals.payload_bytes - before.payload_bytes) * 8 / elapsed,
                fps=self._frames / elapsed,
                gap=self._gap_now(now),
                # A difference can be negative, because the counters restart at 0 with every new
                # media source (SSRC).
                repaired=max(0, totals.repaired - before.repaired),
                lost=max(0, totals.lost - before.lost),
            )
        )
        self._since, self._totals, self._frames, self._gap = now, totals, 0, 0.0
        return True

    def health(
        self, now: float, round_trip: float | None, missing: list[Missing] | None = None
    ) -> IngestHealth:
        """Returns the health figures. `round_trip`: round-trip time in seconds; None before its
        first measurement. `missing`: what viewers miss; None for nothing.
        """
        last = self._seconds[-1] if self._seconds else None
        gap = max(self._gap_now(now), *(second.gap for second in self._seconds), 0.0)
        return IngestHealth(
            bitrate=round(last.bitrate) if last else None,
            fps=round(last.fps, 1) if last else None,
            gap=round(1_000 * gap),
            repaired=sum(second.repaired for second in self._seconds),
            lost=sum(second.lost for second in self._seconds),
            keyframe_age=(
                None if self._keyframe_at is None else round(1_000 * (now - self._keyframe_at))
            ),
            round_trip=None if round_trip is None else round(1_000 * round_trip),
            missing=missing or [],
        )

    def _gap_now(self, now: float) -> float:
        """Returns the longest time without a frame in the current second, including the time since
        the newest frame. The result is in seconds.
        """
        return max(self._gap, now - self._frame_at) if self._frame_at is not None else self._gap
