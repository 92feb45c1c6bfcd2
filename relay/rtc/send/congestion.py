"""Whether a viewer's network carries the video, judged by what its receiver reports. Pure; `now` in
seconds.

A relay cannot send less of a picture, only fewer pictures: a viewer whose network cannot carry the
stream gets keyframes alone until it may try again.
"""

LOSS_MAX = 0.2
"""Share of packets lost that retransmission still mends."""
HEAVY_LOSS = 0.5
REPORTS = 2
"""Reports in a row over LOSS_MAX, since a receiver counts a burst of loss in one of them."""
RETRY = 1.0
"""Seconds until full video is tried again; doubles with every failure."""
RETRY_MAX = 30.0


class Congestion:
    """`full` says whether all of the video goes out; `may_resume` is asked at each keyframe
    otherwise.
    """

    def __init__(self, now: float) -> None:
        self.full = True
        self._bad = 0
        self._slowed_at = now
        self._retry = RETRY

    def report(self, lost: float, now: float) -> None:
        """A receiver report: the share of packets lost since the last one."""
        self._bad = self._bad + 1 if lost > LOSS_MAX else 0
        if self.full and (self._bad >= REPORTS or lost > HEAVY_LOSS):
            steady = now - self._slowed_at > 2 * RETRY_MAX
            self._retry = RETRY if steady else min(RETRY_MAX, 2 * self._retry)
            self._slowed_at = now
            self.full = False
            self._bad = 0

    def may_resume(self, now: float) -> bool:
        """Whether full video may go on from a keyframe sent now; it then does."""
        if not self.full and now - self._slowed_at >= self._retry:
            self.full = True
        return self.full


class Allowance:
    """Bytes that may be sent again: a share of what is sent anyway, so that a receiver that asks
    for everything does not double its own congestion.
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
