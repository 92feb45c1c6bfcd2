"""One publisher's WHIP session: takes datagrams, and delivers video frames, audio packets and
sender reports.

Each datagram is handled completely in the call that delivers it. Only the DTLS handshake runs in a
task.
"""

import asyncio
from collections.abc import Callable
from math import inf
from random import random
from time import monotonic, perf_counter_ns

from relay.meter import Kind
from relay.rtc.bucket import TokenBucket
from relay.rtc.consent import Consent
from relay.rtc.dtls import fingerprint
from relay.rtc.peer_session import PeerSession
from relay.rtc.receive import rtcp
from relay.rtc.receive.counters import ReceiveCounters
from relay.rtc.receive.estimate import BitrateEstimate
from relay.rtc.receive.feedback import KeyframeBudget
from relay.rtc.receive.payload import FORMATS
from relay.rtc.receive.policer import MEASURE_EVERY, OVER_FOR, BitratePolicer
from relay.rtc.receive.reassembly import EncodedFrame, Reassembly
from relay.rtc.receive.reorder import Reorder
from relay.rtc.receive.reporter import Reporter
from relay.rtc.receive.sdp import Answer, MediaOffer, Offer, write_answer
from relay.rtc.receive.sink import DISCARD, Sink
from relay.rtc.receive.takeover import Takeover
from relay.rtc.rtp import RtpPacket, parse_rtp
from relay.rtc.ticker import TICK
from relay.rtc.udp import Route, UdpPort
from relay.sample import AUDIO_RATE, VIDEO_RATE, Track

CHECK_EVERY = 1.0
"""Mean time between two connectivity checks that the server sends, seconds. The checks also measure
the round trip time.
"""
UNREACHABLE_AFTER = 3.0
"""Time of silence after which a publisher counts as unreachable, seconds. Silence means that the
publisher sends no media, no connectivity check and no answer to a check.
"""
SILENCE_MAX = 30.0
"""Time of silence after which the session ends, seconds. If the network recovers earlier, the
session continues.
"""
REPAIR_LEAST = 0.001
"""Shortest delay for the timer that requests missing packets, seconds. With a shorter delay, the
timer could fire before the request is due, because the event loop rounds delays to milliseconds.
"""
REPAIRS_PER_SECOND, REPAIRS_BURST = 50, 5
"""Maximum number of requests for missing packets that the timer sends to one publisher: per second,
and in one burst. The limit is necessary, because a publisher can cause any number of gaps.
"""


class ReceiveSession(PeerSession):
    """The server's end of a publisher's session. Call `answer()` first; then use the session as
    described in PeerSession.
    """

    __slots__ = (
        "_audio_ssrc",
        "_audio_type",
        "_estimated",
        "_known_sources",
        "_nack",
        "_offer",
        "_payload",
        "_payload_types",
        "_policer",
        "_reorder",
        "_repair_at",
        "_repair_timer",
        "_repairs",
        "_reporter",
        "_rtx_type",
        "_send_time_id",
        "_sink",
        "_statistics",
        "_takeover",
        "_transport_id",
        "_transport_number",
        "_video_ssrc",
        "_video_type",
        "_work_at",
        "counters",
        "due_at",
        "reassembly",
    )

    def __init__(
        self,
        port: UdpPort,
        offer: Offer,
        *,
        bitrate_cap: int,
        max_bitrate: int | None = None,
        on_closed: Callable[[str], None],
        budget: KeyframeBudget | None = None,
    ) -> None:
        """`bitrate_cap`: bitrate that the publisher is asked not to exceed. `max_bitrate`: bitrate
        above which the session ends after a few seconds, by default twice the cap. Both in bit/s.
        `budget`: limits the keyframe requests of all sessions together.
        """
        self.counters = ReceiveCounters()
        consent: Consent[Route] = Consent(random, every=CHECK_EVERY, media_suffices=True)
        super().__init__(port, offer, "publisher", self.counters, on_closed, consent, Kind.CREATOR)
        self._offer = offer
        self._sink = DISCARD
        self.due_at = 0.0
        """Time from which `tick` has work to do, in seconds of `time.monotonic`."""
        self._work_at = 0.0
        """Time from which `tick` has more to do than to send feedback, in seconds of
        `time.monotonic`.
        """
        self._reorder = Reorder()
        video, audio = offer.find("video"), offer.find("audio")
        assert video is not None
        self._video_type = video.payload_type
        self._payload = FORMATS[video.codec]
        # RFC 8843 §9: within a bundle, an extension has the same number in all media sections.
        self._transport_id = video.transport_id or (audio.transport_id if audio else 0)
        # A sender without transport-wide feedback cannot estimate its path. In that case the server
        # estimates the path, and sends the result as REMB.
        self._estimated = not video.transport_id and "goog-remb" in video.feedback
        self._send_time_id = video.send_time_id if self._estimated else 0
        self._reporter = Reporter(
            bitrate_cap,
            BitrateEstimate(bitrate_cap, timed=self._send_time_id > 0) if self._estimated else None,
            budget,
        )
        self._policer = BitratePolicer(bitrate_cap, max_bitrate or 2 * bitrate_cap, self._heard_at)
        self.reassembly = Reassembly(self._reporter.round_trip, self._payload)
        self._rtx_type = video.rtx_payload_type
        self._audio_type = audio.payload_type if audio else None
        self._payload_types = frozenset({self._video_type, self._rtx_type, self._audio_type})
        self._nack = "nack" in video.feedback
        self._repairs = TokenBucket(REPAIRS_PER_SECOND, REPAIRS_BURST)
        self._repair_timer: asyncio.TimerHandle | None = None
        self._repair_at = 0.0
        """Time at which `_repair` is due, in seconds of `time.monotonic`."""
        self._transport_number: int | None = None
        """Highest transport-wide sequence number received, 16 bits; None if there is none yet."""
        self._known_sources = self._sources.known
        self._statistics = self._reporter.statistics
        self._video_ssrc: int | None = None
        self._takeover = Takeover()
        self._audio_ssrc: int | None = None

    @property
    def round_trip(self) -> float | None:
        """The shortest round trip measured, in seconds; None before the first measurement."""
        return self._reporter.round_trip.least

    @property
    def unanswered(self) -> int:
        """Number of keyframe requests sent since the last keyframe."""
        return self._reporter.keyframes.unanswered

    @property
    def excessive(self) -> bool:
        """Whether the session ended because the publisher sent more than the maximum bitrate."""
        return self._policer.excessive

    @property
    def packets_held(self) -> int:
        """Number of packets that wait for missing packets or belong to an incomplete access
        unit.
        """
        return self.reassembly.packets + len(self._reorder.waiting)

    def deliver_to(self, sink: Sink) -> None:
        """Delivers media to `sink` from now on. Media that arrived earlier has been dropped."""
        self._sink = sink

    def answer(self, hosts: list[str], *, max_bitrate: int) -> str:
        """Returns the SDP answer, with a candidate for each of `hosts`."""
        answer = Answer(
            self._ice.current.ufrag,
            self._ice.current.password,
            fingerprint(),
            tuple(hosts),
            self._port.port,
            max_bitrate,
            start_bitrate=min(2_000_000, max_bitrate),
        )
        return write_answer(self._offer, answer)

    def _sections(self) -> tuple[MediaOffer, ...]:
        return self._offer.media

    async def close(self) -> None:
        await super().close()
        self._sink = DISCARD

    def _connected(self) -> None:
        self._heard_at = monotonic()
        self._port.ticker.add(self)

    def _stop(self) -> None:
        self._port.ticker.remove(self)
        if self._repair_timer:
            self._repair_timer.cancel()
            self._repair_timer = None

    def silence(self, now: float) -> float:
        """Returns the time since the peer last sent media, a valid check or an answer to a check,
        seconds.
        """
        return now - max(self._heard_at, self.counters.last_media or 0.0)

    def request_keyframe(self) -> None:
        """Requests a keyframe as soon as the rate limit allows another request."""
        self._reporter.keyframes.request()
        self.make_due()
        if self.connected:
            self._request_keyframe(monotonic())

    def drop_until_keyframe(self) -> None:
        """Drops frames until the next keyframe, and requests this keyframe. Called if the last
        frame was unusable.
        """
        self.reassembly.needs_keyframe = True
        self.make_due()

    def make_due(self) -> None:
        """Makes the work of `tick` due at the next tick."""
        self.due_at = self._work_at = 0.0

    def limit_bitrate(self, bitrate: int) -> None:
        """Requests at most `bitrate` (bit/s) from now on, but never more than the bitrate cap of
        the session.
        """
        if self._reporter.limit_bitrate(bitrate):
            self.make_due()

    # Packets in

    def _receive_srtp(self, data: bytes) -> None:
        # The payload type and the SSRC are not encrypted. Check them first: dropping a packet costs
        # less than decrypting the packet, and libsrtp keeps no state for an unknown SSRC.
        payload_type, source = data[1] & 0x7F, data[8:12]
        if payload_type not in self._payload_types:
            self._reject_payload_type(payload_type)
        elif source in self._known_sources:
            plain = self._dtls.unprotect_rtp(data)
            self._receive_rtp(parse_rtp(plain, self._transport_id, self._send_time_id))
        else:
            self._receive_new_source(data, source)

    def _receive_new_source(self, data: bytes, source: bytes) -> None:
        now = monotonic()
        if self._sources.admit(source, now):
            plain = self._dtls.unprotect_rtp(data)
            self._sources.add(source, now)
            self._receive_rtp(parse_rtp(plain, self._transport_id, self._send_time_id))
        else:
            self.counters.limited += 1

    def _reject_payload_type(self, payload_type: int) -> None:
        counters = self.counters
        counters.rejected += 1
        if len(counters.unknown_payload_types) < 128:
            counters.unknown_payload_types.add(payload_type)

    def _receive_rtp(self, packet: RtpPacket) -> None:
        now = monotonic()
        counters = self.counters
        counters.packets += 1
        number = packet.transport_sequence
        skipped = 0
        if number is not None:
            if self._reporter.transport.receive(number, now):
                self.due_at = 0.0
            if self._transport_number is not None:
                skipped = number - self._transport_number - 1 & 0xFFFF
            if skipped < 0x8000:
                self._transport_number = number
            else:  # the packet is late
                skipped = 0
        payload_type, ssrc = packet.payload_type, packet.ssrc
        if payload_type == self._rtx_type:
            counters.other_bytes += len(packet.payload)
            self._receive_rtx(packet, now)
            return
        video = payload_type == self._video_type
        if video and ssrc != self._video_ssrc and not self._takes_over(packet, now):
            counters.foreign += 1
            counters.other_bytes += len(packet.payload)
            return
        statistics = self._statistics.get(ssrc)
        if statistics is None:
            statistics = self._reporter.add_source(ssrc, VIDEO_RATE if video else AUDIO_RATE)
        statistics.add(packet, now)
        counters.last_media = now
        counters.payload_bytes += len(packet.payload)
        if video:
            self._receive_video(packet, now)
        else:
            if ssrc != self._audio_ssrc:
                self._new_audio_source(ssrc)
            self._receive_audio(packet, now, skipped)

    def _takes_over(self, packet: RtpPacket, now: float) -> bool:
        """Takes a packet of a video source that is not the current one. Returns whether this source
        is the current one from now on.
        """
        if self._video_ssrc is not None:
            if not self._takeover.receive(packet, now, self.reassembly.last_arrival):
                return False
            self._sink.receive_source(Track.VIDEO)
        self._new_video_source(packet.ssrc)
        return True

    def _new_video_source(self, ssrc: int) -> None:
        self._video_ssrc = ssrc
        self._takeover = Takeover()
        self._reporter.make_report_due()
        self.make_due()
        self.reassembly = Reassembly(self._reporter.round_trip, self._payload)
        self._reporter.keyframes.request()

    def _new_audio_source(self, ssrc: int) -> None:
        if self._audio_ssrc is not None:
            # Packets of the new source must not wait for late packets of the old source.
            for ready, arrived in self._reorder.flush():
                self._sink.receive_audio(ready, arrived)
            self._sink.receive_source(Track.AUDIO)
        self._audio_ssrc = ssrc
        self._reorder = Reorder()

    def _receive_rtx(self, packet: RtpPacket, now: float) -> None:
        # RFC 4588 §4: in an RTX packet, the original sequence number precedes the payload. An RTX
        # packet without a payload is a bandwidth probe.
        if len(packet.payload) > 2 and self._video_ssrc is not None:
            original = int.from_bytes(packet.payload[:2], "big")
            # Other layers of simulcast are probed with RTX too. The SSRC does not show to which
            # layer a packet belongs, but only packets of the current source are requested.
            if self._takeover.contested(now) and not self.reassembly.lacks(original):
                return
            lost = RtpPacket(
                packet.payload_type,
                packet.marker,
                original,
                packet.timestamp,
                self._video_ssrc,
                packet.payload[2:],
                packet.transport_sequence,
                packet.send_time,
            )
            self._receive_video(lost, now, resent=True)

    def _receive_audio(self, packet: RtpPacket, now: float, skipped: int) -> None:
        """`skipped`: number of packets of the transport that are missing between the previous
        packet and this packet.
        """
        reorder = self._reorder
        if reorder.passes(packet.sequence):
            self._sink.receive_audio(packet, now)
            if skipped and self._nack and not self._takeover.contested(now):
                # No audio packet is missing, so the lost packets are probably video packets.
                self._request(self.reassembly.suspect(skipped, now), now)
            return
        for ready, arrived in reorder.receive(packet, now):
            self._sink.receive_audio(ready, arrived)
        if reorder.waiting:
            self.make_due()

    def _receive_video(self, packet: RtpPacket, now: float, *, resent: bool = False) -> None:
        if self._estimated and self._reporter.receive_video(packet, now):
            self.due_at = 0.0
        reassembly = self.reassembly
        frames = reassembly.receive(packet, now, resent=resent)
        if frames:
            self._forward(frames, now)
        if reassembly.missing:
            self.make_due()
            if self._nack:
                self._request_missing(now)
        if reassembly.needs_keyframe:
            self.make_due()
            self._request_keyframe(now)

    def _forward(self, frames: list[EncodedFrame], now: float) -> None:
        for frame in frames:
            if frame.entry:
                self._receive_entry(frame, now)
            self._sink.receive_frame(frame)

    def _receive_entry(self, frame: EncodedFrame, now: float) -> None:
        keyframes = self._reporter.keyframes
        if frame.unit.key:
            keyframes.keyframe_received(now)
            self.reassembly.takes_recovery_points = False
        else:
            keyframes.recovery_point_received(now)

    def _receive_rtcp(self, data: bytes, now: float) -> None:
        for item in rtcp.parse_rtcp(data):
            if isinstance(item, rtcp.SenderReport):
                self._reporter.receive_report(item, now)
                if item.ssrc == self._video_ssrc:
                    self._sink.receive_report(Track.VIDEO, item, now)
                elif item.ssrc == self._audio_ssrc:
                    self._sink.receive_report(Track.AUDIO, item, now)
            elif self._video_ssrc in item.ssrcs:
                self._takeover.leave()

    # Feedback out

    def _answered(self, round_trip: float) -> None:
        self._reporter.round_trip.add(round_trip)

    def tick(self, now: float, *, judge: bool) -> None:
        """Does the work that is due (implements Ticking)."""
        started = perf_counter_ns()
        try:
            self._tick(now, judge)
        finally:
            self._charge(started)

    def _tick(self, now: float, judge: bool) -> None:
        self.due_at = now + MEASURE_EVERY
        if now >= self._work_at:
            # The calls below may make the next tick due earlier.
            self._work_at = now + MEASURE_EVERY if judge else now
            due_at = self._judge(now) if judge else now
            if due_at < self._work_at:
                self._work_at = due_at
            if not self.connected or not self._police(now):
                return
        self._request_keyframe(now)
        reporter = self._reporter
        if report := reporter.report(now, self._video_ssrc):
            self._send_rtcp(report)
        for report in reporter.arrivals(now):
            self._send_rtcp(report)
        if self.reassembly.missing or self.reassembly.needs_keyframe or self._reorder.waiting:
            self.due_at = self._work_at = now
        else:
            feedback_at = reporter.due_at(transport_wide=self._transport_id > 0)
            self.due_at = min(self._work_at, feedback_at)

    def _judge(self, now: float) -> float:
        """Gives up packets that have not arrived in time. Ends the session if the publisher is
        silent for too long. Returns the time at which the sink next has work to do, seconds.
        """
        if self.silence(now) >= SILENCE_MAX:
            self._end(f"the publisher sent nothing for {SILENCE_MAX:.0f} s")
            return now
        if self.reassembly.missing:
            self._forward(self.reassembly.expire(now), now)
        for ready, arrived in self._reorder.expire(now):
            self._sink.receive_audio(ready, arrived)
        return self._sink.tick(now)

    def _police(self, now: float) -> bool:
        """Adapts the requested bitrate. Ends the session and returns False if the publisher exceeds
        the maximum bitrate for too long.
        """
        policer = self._policer
        policer.measure(self.counters.received_bytes, now)
        self._reporter.bitrate_cap = policer.request
        if policer.excessive:
            self._end(
                f"the publisher sent more than {policer.limit / 1e6:g} Mbit/s for {OVER_FOR:.0f} s"
            )
        return not policer.excessive

    def _request_keyframe(self, now: float) -> None:
        if self.reassembly.needs_keyframe:
            self._reporter.keyframes.reference_lost(self._reporter.round_trip.smoothed)
        if request := self._reporter.keyframe_request(now, self._video_ssrc):
            self.counters.plis += 1
            self.reassembly.takes_recovery_points = self._reporter.keyframes.ignored(now)
            self._send_rtcp(request)

    def _request_missing(self, now: float) -> None:
        self._request(self.reassembly.nacks(now), now)
        self._repair_by(self.reassembly.nacks_due_at(), now)

    def _request(self, sequences: list[int], now: float) -> None:
        """Requests the packets with these 16-bit sequence numbers."""
        if sequences and self._video_ssrc is not None:
            self.counters.nacks += len(sequences)
            self._send_rtcp(
                rtcp.receiver_report({}, now)
                + rtcp.retransmission_request(self._video_ssrc, sequences)
            )

    def _repair_by(self, due_at: float, now: float) -> None:
        """Calls `_repair` at `due_at`, unless an earlier call is already scheduled."""
        timer = self._repair_timer
        if due_at == inf or not self.connected or (timer and self._repair_at <= due_at):
            return
        if timer:
            timer.cancel()
        self._repair_at = due_at
        self._repair_timer = asyncio.get_running_loop().call_later(
            max(REPAIR_LEAST, due_at - now), self._repair
        )

    def _repair(self) -> None:
        """Requests those missing packets for which a request is due."""
        started = perf_counter_ns()
        self._repair_timer = None
        now = monotonic()
        try:
            due_at = self.reassembly.nacks_due_at()
            if due_at > now:
                self._repair_by(due_at, now)
            elif self._port.pause.may_judge(now) and self._repairs.take(now):
                self._request_missing(now)
            else:
                self._repair_by(now + TICK, now)
        finally:
            self._charge(started)
