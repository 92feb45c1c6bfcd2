"""Uses receiver reports to decide whether a viewer's path can carry the video. Pure; `now` in
seconds.

A relay cannot reduce the bitrate of a stream; it can only send fewer frames. A viewer whose path is
too slow for the stream gets only keyframes until full video is tried again.
"""

LOSS_MAX = 0.2
"""Highest packet loss that retransmission can repair, as a fraction of the packets sent."""
HEAVY_LOSS = 0.5
"""Packet loss above which a single report means congestion, as a fraction of the packets sent."""
REPORTS = 2
"""Number of consecutive reports above LOSS_MAX that mean congestion. A single report above LOSS_MAX
is not enough, because a short burst of loss may have caused the high value.
"""
RETRY = 1.0
"""Shortest delay from the start of congestion until full video is tried again, seconds. Every
failed try doubles this delay, up to RETRY_MAX.
"""
RETRY_MAX = 30.0
OLD_LOSS = 2.0
"""Time after a move to another path in which reports may still count the packets that were lost on
the former path, seconds. Browsers send about one report per second.
"""


class Congestion:
    """Decides when a path becomes congested and when full video may be tried again."""

    def __init__(self, now: float) -> None:
        self._bad = 0
        self._congested_at = now
        self._retry = RETRY
        self._judge_from = now

    def move(self, now: float) -> None:
        """Records that the media has moved to another path. The losses and the congestion of the
        former path say nothing about the new one.
        """
        self._bad = 0
        self._judge_from = now + OLD_LOSS
        self._retry = RETRY
        self._congested_at = now - RETRY

    def report(self, lost: float, now: float, *, congested: bool) -> bool:
        """Takes a receiver report. `lost`: share of packets lost since the last report.
        `congested`: whether the path already counts as congested.

        Returns whether the path has become congested.
        """
        if now < self._judge_from:
            return False
        self._bad = self._bad + 1 if lost > LOSS_MAX else 0
        if congested or (self._bad < REPORTS and lost <= HEAVY_LOSS):
            return False
        steady = now - self._congested_at > 2 * RETRY_MAX
        self._retry = RETRY if steady else min(RETRY_MAX, 2 * self._retry)
        self._congested_at = now
        self._bad = 0
        return True

    def may_resume(self, now: float) -> bool:
        """Whether a congested path may get full video again, starting with the keyframe that is
        sent now.
        """
        return now - self._congested_at >= self._retry


class Allowance:
    """Limits the number of retransmitted bytes to a fraction of the number of bytes sent.

    Without this limit, a receiver that requests every packet again would double the traffic on its
    congested path.
    """

    def __init__(self, share: float, burst: int) -> None:
        self._share = share
        self._burst = burst
        self._left = float(burst)

    def earn(self, sent: int) -> None:
        self._left = min(self._burst, self._left + self._share * sent)

    def spend(self, size: int) -> bool:
        if size > self._left:
            return False
        self._left -= size
        return True
