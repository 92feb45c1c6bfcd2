"""Whether a viewer's path carries the video, judged by receiver reports. Pure; `now` in seconds.

A relay cannot reduce the bitrate of a stream; it can only send fewer frames. A viewer whose path is
too slow for the stream gets only keyframes until full video is tried again.
"""

LOSS_MAX = 0.2
"""Share of packets lost that retransmission still repairs."""
HEAVY_LOSS = 0.5
"""Share of packets lost that counts as congestion in a single report."""
REPORTS = 2
"""Consecutive reports above LOSS_MAX; a burst of loss shows in only one of them."""
RETRY = 1.0
"""Seconds until full video is tried again; doubles with every failure."""
RETRY_MAX = 30.0


class Congestion:
    """Decides when a path becomes congested and when full video may be tried again."""

    def __init__(self, now: float) -> None:
        self._bad = 0
        self._congested_at = now
        self._retry = RETRY

    def report(self, lost: float, now: float, *, congested: bool) -> bool:
        """A receiver report: the share of packets lost since the last one.

        Returns whether a path that was not `congested` is so now.
        """
        self._bad = self._bad + 1 if lost > LOSS_MAX else 0
        if congested or (self._bad < REPORTS and lost <= HEAVY_LOSS):
            return False
        steady = now - self._congested_at > 2 * RETRY_MAX
        self._retry = RETRY if steady else min(RETRY_MAX, 2 * self._retry)
        self._congested_at = now
        self._bad = 0
        return True

    def may_resume(self, now: float) -> bool:
        """Whether a congested path may get full video again, from a keyframe sent now."""
        return now - self._congested_at >= self._retry


class Allowance:
    """Bytes that may be sent again: a share of the bytes sent.

    Without it, a receiver that requests every packet again would double its own congestion.
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
