"""The feedback to one sender: reports, keyframe requests and a bitrate. Pure: takes packets and
`now` (in seconds), returns RTCP.
"""

from relay.rtc.receive import rtcp
from relay.rtc.receive.estimate import BitrateEstimate
from relay.rtc.receive.feedback import KeyframeBudget, KeyframeRequests, ReceptionStatistics
from relay.rtc.receive.twcc import TransportFeedback
from relay.rtc.roundtrip import RoundTrip
from relay.rtc.rtp import RtpPacket

REPORT_EVERY = 0.2
MAX_SSRCS = 4
"""Maximum number of media sources per session. A sender that restarts adds a source."""


class Reporter:
    """Writes the feedback to the sender of one transport. A method with the result type `bytes`
    returns one compound packet to send, or empty bytes.

    Senders with transport-wide feedback estimate the path themselves. For other senders, pass an
    `estimate`.
    """

    __slots__ = (
        "_estimate",
        "_limit",
        "_reported",
        "bitrate_cap",
        "keyframes",
        "round_trip",
        "statistics",
        "transport",
    )

    def __init__(
        self,
        bitrate_cap: int,
        estimate: BitrateEstimate | None = None,
        budget: KeyframeBudget | None = None,
    ) -> None:
        """`budget`: limits the keyframe requests of all sessions together."""
        self.keyframes = KeyframeRequests(budget)
        self.round_trip = RoundTrip()
        self.transport = TransportFeedback(rtcp.SENDER_SSRC)
        self.bitrate_cap = bitrate_cap
        """Maximum bitrate to request from the sender, bit/s."""
        self._limit = bitrate_cap
        """Maximum bitrate to request while the server is overloaded, bit/s."""
        self._estimate = estimate
        self.statistics: dict[int, ReceptionStatistics] = {}
        """The statistics of the media sources by SSRC. Call `add_source` for a missing SSRC."""
        self._reported = 0.0

    def add_source(self, ssrc: int, clock_rate: int) -> ReceptionStatistics:
        """Adds a media source whose clock has `clock_rate` ticks per second. Drops the oldest
        source if there are too many.
        """
        if len(self.statistics) >= MAX_SSRCS:
            del self.statistics[next(iter(self.statistics))]
        statistics = self.statistics[ssrc] = ReceptionStatistics(clock_rate)
        return statistics

    def receive_video(self, packet: RtpPacket, now: float) -> bool:
        """Takes a video packet, which may be a retransmission. Returns whether a report is due at
        once.
        """
        if self._estimate and self._estimate.receive(packet, now, self.round_trip.smoothed):
            self.make_report_due()
            return True
        return False

    def receive_report(self, report: rtcp.SenderReport, now: float) -> None:
        statistics = self.statistics.get(report.ssrc)
        if statistics:
            statistics.last_report_ntp, statistics.last_report_at = report.ntp_middle, now

    def limit_bitrate(self, bitrate: int) -> bool:
        """Sets a limit (bit/s) for the requested bitrate. The bitrate cap applies too: the lower of
        the two is requested. Returns whether a report is due at once.
        """
        if bitrate == self._limit:
            return False
        self._limit = bitrate
        self.make_report_due()
        return True

    def due_at(self, *, transport_wide: bool) -> float:
        """Returns the time of the next feedback, seconds. `transport_wide`: whether the sender uses
        transport-wide feedback.
        """
        due = min(self._reported + REPORT_EVERY, self.keyframes.due_at)
        return min(due, self.transport.due_at) if transport_wide else due

    def make_report_due(self) -> None:
        """Makes the next report due at once. Call this for a new source, because its encoder needs
        the bitrate cap before it chooses a bitrate.
        """
        self._reported = 0.0

    def report(self, now: float, video_ssrc: int | None) -> bytes:
        """Returns a receiver report with REMB if a report is due (five times a second); otherwise
        empty bytes.
        """
        if now - self._reported < REPORT_EVERY:
            return b""
        self._reported = now
        report = rtcp.receiver_report(self.statistics, now)
        bitrate = min(self.bitrate_cap, self._limit)
        if self._estimate:
            bitrate = min(bitrate, self._estimate.bitrate)
        return report if video_ssrc is None else report + rtcp.bitrate_cap(bitrate, [video_ssrc])

    def keyframe_request(self, now: float, video_ssrc: int | None) -> bytes:
        """Returns a PLI if a keyframe request is due; otherwise empty bytes."""
        if video_ssrc is None or not self.keyframes.due(now):
            return b""
        return rtcp.receiver_report({}, now) + rtcp.keyframe_request(video_ssrc)

    def arrivals(self, now: float) -> list[bytes]:
        """Returns the transport-wide feedback packets that are due. Each packet must be sent in its
        own datagram.
        """
        if not self.transport.due(now):
            return []
        return self.transport.reports(next(iter(self.statistics), 0), now)
