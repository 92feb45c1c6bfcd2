"""Receiver-side estimate of the bitrate that a publisher's path carries (draft-ietf-rmcat-gcc-02
§5, §6), for senders that do not support transport-wide feedback. Pure.

Uses aiortc's RemoteBitrateEstimator, which detects a growing queue on the path: packets arrive
further and further apart than they were sent. `tests/relay/rtc/test_seam.py` checks the private
names of aiortc used here.
"""

from aiortc.rate import RemoteBitrateEstimator

from relay.rtc.rtp import RtpPacket

LEAST = 150_000
"""The minimum to request, in bit/s. If an encoder sends less, its packets reveal nothing about the
path.
"""
PAUSE = 2.0
"""After this many seconds without a packet the measurement restarts: send times wrap every 64 s,
and aiortc's byte counter loops over every millisecond since the last packet.
"""
SEND_CLOCK, RTP_CLOCK = 1 << 18, 90_000
"""Ticks per second of a send time (24 bits) and of a video timestamp."""
HEADERS = 40
"""Bytes of IP, UDP, RTP and SRTP headers per packet."""


class BitrateEstimate:
    """Takes every video packet by `receive`; `bitrate` is the value to request from the sender.

    `timed`: packets have a send time. Otherwise all packets of a frame count as sent at the frame's
    timestamp.
    """

    def __init__(self, cap: int, *, timed: bool) -> None:
        self._cap = cap
        self._timed = timed
        self._estimator = RemoteBitrateEstimator()
        # By default aiortc takes the encoder's first bitrate for the capacity of the path.
        self._estimator.rate_control.set_estimate(cap, 0)
        self._last = 0.0
        self._ssrc: int | None = None
        self.bitrate = cap
        """bit/s; starts at the cap and never exceeds it."""

    def receive(self, packet: RtpPacket, now: float, round_trip: float | None) -> bool:
        """Counts a packet. True if the estimate fell and the sender should know at once.

        `round_trip`: seconds, None if unknown.
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
        # Always SSRC 0: aiortc's table of SSRCs would grow with every new one.
        found = self._estimator.add(int(now * 1_000), sent, len(packet.payload) + HEADERS, 0)
        if found is None:
            return False
        control.current_bitrate = min(control.current_bitrate, self._cap)
        before, self.bitrate = self.bitrate, max(LEAST, min(self._cap, found[0]))
        return self.bitrate < before

    def _forget_clock(self) -> None:
        """Forgets the last send time: it is not comparable with that of the next packet."""
        self._estimator.inter_arrival.current_group = (
            self._estimator.inter_arrival.previous_group
        ) = None
