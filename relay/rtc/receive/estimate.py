"""What a publisher's path carries, judged at our end (draft-ietf-rmcat-gcc-02 §5, §6): for senders
that take no transport-wide feedback.

By aiortc's RemoteBitrateEstimator: a queue on the way shows as packets that arrive further and
further apart than they were sent. Pure. `tests/relay/rtc/test_seam.py` checks the names of aiortc
used here.
"""

from aiortc.rate import RemoteBitrateEstimator

from relay.rtc.rtp import RtpPacket

LEAST = 150_000
"""bit/s asked for at the least: what is measured of an encoder that had little to send says nothing
of the path.
"""
PAUSE = 2.0
"""Seconds without a packet after which all is measured anew: send times wrap around every 64 s, and
aiortc's counter steps through every millisecond.
"""
SEND_CLOCK, RTP_CLOCK = 1 << 18, 90_000
"""Ticks per second of a send time, which has 24 bits, and of a picture's timestamp."""
HEADERS = 40
"""Bytes of IP, UDP, RTP and SRTP that come on top of a payload."""


class BitrateEstimate:
    """`receive` every video packet; `bitrate` is what to ask for, at most the cap, with which it
    begins.

    `timed`: packets carry the time at which they were sent. Otherwise those of a picture count as
    sent together, at its timestamp.
    """

    def __init__(self, cap: int, *, timed: bool) -> None:
        self._cap = cap
        self._timed = timed
        self._estimator = RemoteBitrateEstimator()
        # As it comes it takes for the path's what the encoder happened to begin with.
        self._estimator.rate_control.set_estimate(cap, 0)
        self._last = 0.0
        self._ssrc: int | None = None
        self.bitrate = cap
        """bit/s."""

    def receive(self, packet: RtpPacket, now: float, round_trip: float | None) -> bool:
        """Takes a packet. True where the sender should hear at once that the path carries less.
        `round_trip`: seconds, None where unknown.
        """
        sent = (
            packet.send_time
            if self._timed
            else packet.timestamp * SEND_CLOCK // RTP_CLOCK & 0xFFFFFF
        )
        if sent is None:
            return False
        control = self._estimator.rate_control
        if now - self._last > PAUSE:
            self._estimator.incoming_bitrate.reset()
            self._forget_clock()
        elif packet.ssrc != self._ssrc:
            self._forget_clock()
        self._last, self._ssrc = now, packet.ssrc
        if round_trip is not None:
            control.rtt = round(round_trip * 1_000)
        # One source, whatever the packet's: its table of them would grow with every new one.
        found = self._estimator.add(int(now * 1_000), sent, len(packet.payload) + HEADERS, 0)
        if found is None:
            return False
        control.current_bitrate = min(control.current_bitrate, self._cap)
        before, self.bitrate = self.bitrate, max(LEAST, min(self._cap, found[0]))
        return self.bitrate < before

    def _forget_clock(self) -> None:
        """The next packet's send time is not to be compared with the last one's."""
        self._estimator.inter_arrival.current_group = (
            self._estimator.inter_arrival.previous_group
        ) = None
