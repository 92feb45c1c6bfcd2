"""Limits the bitrate that a publisher sends. Pure; `now` in seconds.

The policer first requests a lower bitrate, which browsers obey within a second. The policer then
reports a publisher that still sends more than the limit.
"""

from relay.rtc.receive.estimate import LEAST

SLACK = 1.25
"""Maximum ratio of the received bitrate to the requested bitrate that the policer tolerates.
Retransmissions cause a small excess, and so does an encoder that adapts its bitrate slowly.
"""
BURST = 1.0
"""Maximum excess that the policer tolerates, in seconds of media at the usual bitrate. A large
keyframe, for example of a shared screen, causes such an excess.
"""
CREDIT = 1.0
"""Maximum amount of delayed media that does not count as an excess, in seconds of media at the
usual bitrate. Media arrives late, and all at once, after a pause of the network or of this process.
"""
DEBT_MAX = 3.0
"""Upper limit of the counted excess, in seconds of media at the usual bitrate. A larger excess does
not lower the requested bitrate further.
"""
OVER_FOR = 3.0
"""Total time above the limit after which `excessive` becomes true, seconds."""
WEIGHT_MAX = 2.0
"""Maximum weight of the time above the limit. The weight is the ratio of the bitrate to the limit,
so that the session of a publisher ends sooner if the bitrate is far above the limit.
"""
MEASURE_EVERY = 0.1
"""Minimum time between two measurements, seconds."""


class BitratePolicer:
    """Measures one publisher. Call `measure` several times a second.

    `cap`: bitrate that is usually requested, bit/s. `limit`: maximum bitrate, bit/s. The publisher
    may send more than `limit` for at most OVER_FOR seconds, or for half of this time if the bitrate
    is twice the limit or more.
    """

    def __init__(self, cap: int, limit: int, now: float) -> None:
        self.request = cap
        """Maximum bitrate to request from the publisher now, bit/s."""
        self.excessive = False
        """Whether the publisher has exceeded the limit for too long."""
        self.limit = limit
        self._cap = cap
        self._allowed = min(limit, round(SLACK * cap))
        self._debt = 0.0
        """Number of bits received beyond the bitrate `_allowed`; negative if the publisher sent
        less.
        """
        self._excess = 0.0
        """Number of bits received beyond the bitrate `limit`."""
        self._over = 0.0
        """Weighted time above the limit since the excess was last 0, seconds."""
        self._received = 0
        self._measured_at = now

    def measure(self, received: int, now: float) -> None:
        """Records a measurement. `received`: number of bytes received so far."""
        elapsed = now - self._measured_at
        if elapsed < MEASURE_EVERY:
            return
        bits = 8 * (received - self._received)
        self._received, self._measured_at = received, now
        debt = self._debt + bits - self._allowed * elapsed
        self._debt = min(DEBT_MAX * self._cap, max(-CREDIT * self._cap, debt))
        if self._debt <= BURST * self._cap:
            self.request = self._cap
        else:
            self.request = max(LEAST, round(self._cap * BURST * self._cap / (2 * self._debt)))
        self._excess = max(0.0, self._excess + bits - self.limit * elapsed)
        if not self._excess:
            self._over = 0.0
        elif bits > self.limit * elapsed:
            self._over += elapsed * min(WEIGHT_MAX, bits / (self.limit * elapsed))
        self.excessive = self._over >= OVER_FOR
