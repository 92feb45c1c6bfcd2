"""Receiver-side estimate of the bitrate that a publisher's path can carry (draft-ietf-rmcat-gcc-02
§5, §6), for senders that do not support transport-wide feedback. Pure.

Uses aiortc's RemoteBitrateEstimator. This estimator recognises a growing queue on the path by the
growing delay of the packets. `tests/relay/rtc/test_seam.py` checks the private names of aiortc that
this module uses.
"""

from aiortc.rate import RemoteBitrateEstimator

from relay.rtc.rtp import RtpPacket

LEAST = 150_000
"""Minimum bitrate to request, bit/s. With a lower bitrate, the packets reveal nothing about the
path.
"""
PAUSE = 2.0
"""Time without a packet after which the measurement restarts, seconds. The send time wraps around
every 64 s, so a wrap-around during a longer pause could go unnoticed. Also, aiortc's byte counter
would loop over every millisecond of the pause.
"""
SEND_CLOCK, RTP_CLOCK = 1 << 18, 90_000
"""Clock rates of the 24-bit send time and of the RTP timestamp of video, ticks per second."""
HEADERS = 40
"""Size of the IP, UDP, RTP and SRTP headers of a packet, bytes."""


class BitrateEstimate:
    """Estimates the bitrate that the path can carry. Pass every video packet to `receive`, and
    request `bitrate` from the sender.

    `timed`: whether the packets contain a send time. If not, the RTP timestamp of a packet is used
    as its send time.
    """

    def __init__(self, cap: int, *, timed: bool) -> None:
        self._cap = cap
        self._timed = timed
        self._estimator = RemoteBitrateEstimator()
        # Start at the cap. Otherwise aiortc would treat the encoder's first bitrate as the capacity
        # of the path.
        self._estimator.rate_control.set_estimate(cap, 0)
        self._last = 0.0
        self._ssrc: int | None = None
        self.bitrate = cap
        """Bitrate to request, bit/s. It starts at the cap and never exceeds it."""

    def receive(self, packet: RtpPacket, now: float, round_trip: float | None) -> bool:
        """Takes a packet. Returns True if the estimate fell: the caller should then send the new
        bitrate at once.

        `round_trip`: round trip time in seconds; None if unknown.
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
        # Pass 0 as the SSRC, because aiortc's table of SSRCs would grow with every new SSRC.
        found = self._estimator.add(int(now * 1_000), sent, len(packet.payload) + HEADERS, 0)
        if found is None:
            return False
        control.current_bitrate = min(control.current_bitrate, self._cap)
        before, self.bitrate = self.bitrate, max(LEAST, min(self._cap, found[0]))
        return self.bitrate < before

    def _forget_clock(self) -> None:
        """Forgets the last send time, because it cannot be compared with the send time of the next
        packet.
        """
        self._estimator.inter_arrival.current_group = (
            self._estimator.inter_arrival.previous_group
        ) = None
