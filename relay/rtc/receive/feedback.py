"""Decides when to request a keyframe, and keeps reception statistics. Pure; `now` is in seconds."""

from typing import Final

from relay.rtc.rtp import RtpPacket

KEYFRAME_EVERY = 2.0
"""Time after a keyframe at which the next keyframe is requested, seconds. Browsers send no periodic
keyframes.
"""
KEYFRAME_AT_MOST = 0.5
BROKEN_AT_MOST = 0.15
"""Minimum time between the first and the second keyframe request after the loss of a reference
frame, seconds. The first request may have no effect, because libwebrtc ignores requests within
300 ms of the last request that it answered.
"""
BROKEN_AT_LEAST = 1.0
IGNORED, IGNORED_FOR = 3, 1.0
"""Number of successive keyframe requests without a keyframe, and time since the first of them in
seconds, from which on the encoder counts as one that ignores requests.
"""

BUDGET_PER_SESSION = 0.75
"""Number of PLIs per second that each session adds to the common budget. The regular requests, one
every 2 s, need 0.5 per second.
"""
BUDGET_STRAINED = 0.25
"""Number of PLIs per second that each session adds to the common budget while the server is
overloaded. This number is small, because an overloaded server loses packets. If each loss caused a
keyframe, the load would grow further.
"""
BUDGET_BURST = 20
"""Maximum number of PLIs sent at once, in addition to one PLI for each session."""


class KeyframeBudget:
    """A token bucket that limits the PLIs of all sessions together. `now` is in seconds."""

    def __init__(self) -> None:
        self.sessions = 0
        """Number of sessions that share the budget."""
        self.strained = False
        """Whether the server is overloaded."""
        self.refused = 0
        """Number of times that a PLI had to wait because the budget was used up."""
        self._tokens = float(BUDGET_BURST)
        self._counted_at: float | None = None

    def take(self, now: float) -> bool:
        """Returns whether the budget allows a PLI now. If the result is True, the caller must send
        the PLI, because the call has taken the token for this PLI.
        """
        most = BUDGET_BURST + self.sessions
        if self._counted_at is None:
            self._tokens = float(most)
        else:
            each = BUDGET_STRAINED if self.strained else BUDGET_PER_SESSION
            earned = (now - self._counted_at) * (1.0 + each * self.sessions)
            self._tokens = min(float(most), self._tokens + max(0.0, earned))
        self._counted_at = now
        if self._tokens < 1:
            self.refused += 1
            return False
        self._tokens -= 1
        return True


class KeyframeRequests:
    """Decides when to send a PLI: 2 s after the last keyframe, or earlier on request. The PLI is
    repeated until a keyframe arrives, at most every 500 ms.

    After the loss of a reference frame, the interval between PLIs is short at first and then grows
    to 1 s. The interval grows because a keyframe takes long to arrive over a slow uplink, and a
    second keyframe would delay the first keyframe further.
    """

    def __init__(self, budget: KeyframeBudget | None = None) -> None:
        """`budget`: limits the requests of all sessions together."""
        self._budget = budget
        self._asked = True
        self._pause: float | None = None
        """Minimum time between two requests while a reference frame is missing, seconds; None
        otherwise.
        """
        self._last_request: float | None = None
        self._last_key: float | None = None
        self.unanswered = 0
        """Number of requests sent since the last keyframe."""
        self._unanswered_since = 0.0
        """Time of the first of these requests, seconds."""

    def request(self) -> None:
        """Requests a keyframe, for example for a joining viewer."""
        self._asked = True

    def reference_lost(self, round_trip: float | None) -> None:
        """Records the loss of a reference frame: no frame can be decoded until the next keyframe.
        Repeated calls have no effect.

        `round_trip`: round trip time in seconds; None if unknown.
        """
        self._asked = True
        if self._pause is None:
            self._pause = max(BROKEN_AT_MOST, 1.5 * (round_trip or 0.0)) / 2

    def keyframe_received(self, now: float) -> None:
        self.recovery_point_received(now)
        self._pause = None
        self.unanswered = 0

    def recovery_point_received(self, now: float) -> None:
        """Records a recovery point that replaces a keyframe. The interval between requests does not
        become short again, because the encoder ignores the requests.
        """
        self._asked = False
        self._last_key = now

    def ignored(self, now: float) -> bool:
        """Whether the encoder ignores the requests."""
        return self.unanswered >= IGNORED and now - self._unanswered_since >= IGNORED_FOR

    @property
    def due_at(self) -> float:
        """Earliest time of the next request, seconds. A call of `request` or `reference_lost` may
        bring this time forward.
        """
        due_at = 0.0 if self._asked or self._last_key is None else self._last_key + KEYFRAME_EVERY
        if self._last_request is None:
            return due_at
        return max(due_at, self._last_request + self._at_most)

    @property
    def _at_most(self) -> float:
        """The current minimum time between two requests, seconds."""
        return KEYFRAME_AT_MOST if self._pause is None else self._pause

    def due(self, now: float) -> bool:
        """Whether a PLI is due. If the result is True, the caller must send a PLI, because this
        call records the PLI as sent.
        """
        if self._last_request is not None and now - self._last_request < self._at_most:
            return False
        waited = self._last_key is None or now - self._last_key >= KEYFRAME_EVERY
        if not (self._asked or waited):
            return False
        if self._budget is not None and not self._budget.take(now):
            return False
        self._last_request = now
        if not self.unanswered:
            self._unanswered_since = now
        self.unanswered += 1
        if self._pause is not None:
            self._pause = max(self._pause, min(BROKEN_AT_LEAST, 2 * self._pause))
        return True


RESTART: Final = 3_000
"""Difference between two consecutive sequence numbers above which the sender is assumed to have
restarted.
"""


class ReceptionStatistics:
    """Reception statistics of one source, for receiver reports (RFC 3550 §6.4.1, appendix A.3 and
    A.8).
    """

    __slots__ = (
        "_base",
        "_clock_rate",
        "_expected_before",
        "_received_before",
        "_step_max",
        "_transit",
        "highest",
        "jitter",
        "last_report_at",
        "last_report_ntp",
        "received",
    )

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._step_max = clock_rate * 10
        """Maximum difference between the transit times of two consecutive packets, ticks. A larger
        difference means that the timestamps have wrapped or restarted.
        """
        self._base = 0
        self.highest = 0
        """Highest sequence number received, extended beyond 16 bits."""
        self.received = 0
        self.jitter = 0.0
        """Interarrival jitter, in ticks of the RTP clock."""
        self._transit: float | None = None
        self._expected_before = self._received_before = 0
        self.last_report_ntp = 0
        """Middle 32 bits of the NTP time in the last sender report."""
        self.last_report_at = 0.0

    def add(self, packet: RtpPacket, now: float) -> None:
        # This code runs for each packet, so it avoids calls of `Unwrapper`, `abs` and `min`.
        ahead = (packet.sequence - self.highest + 0x8000 & 0xFFFF) - 0x8000
        if not self.received or ahead > RESTART or ahead < -RESTART:
            self._base = packet.sequence if not self.received else self.highest + ahead
            self.highest = self._base
            self.received = self._expected_before = self._received_before = 0
        elif ahead > 0:
            self.highest += ahead
        else:  # late or a duplicate
            self.received += 1
            return
        self.received += 1
        transit = now * self._clock_rate - packet.timestamp
        if self._transit is not None:
            step = transit - self._transit
            if step < 0.0:
                step = -step
            if step < self._step_max:
                self.jitter += (step - self.jitter) / 16
        self._transit = transit

    @property
    def lost(self) -> int:
        """Number of packets lost so far; negative if there were more duplicates than losses."""
        return self.highest - self._base + 1 - self.received if self.received else 0

    def fraction_lost(self) -> int:
        """Returns the fraction of packets lost since the last call, in units of 1/256."""
        expected = self.highest - self._base + 1 if self.received else 0
        expected_interval = expected - self._expected_before
        lost_interval = expected_interval - (self.received - self._received_before)
        self._expected_before, self._received_before = expected, self.received
        if expected_interval <= 0 or lost_interval <= 0:
            return 0
        return min(255, (lost_interval << 8) // expected_interval)
