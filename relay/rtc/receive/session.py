"""One publisher's WebRTC session: datagrams in; pictures, sounds and sender reports out.

Every datagram is finished in the call in which it arrived. The only task is the one that sees the
handshake through.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from relay.rtc.dtls import fingerprint
from relay.rtc.peer_session import PeerCounters, PeerSession
from relay.rtc.receive import rtcp
from relay.rtc.receive.estimate import BitrateEstimate
from relay.rtc.receive.payload import FORMATS
from relay.rtc.receive.reassembly import EncodedFrame, Reassembly
from relay.rtc.receive.reorder import Reorder
from relay.rtc.receive.reporter import Reporter
from relay.rtc.receive.sdp import Answer, Offer, write_answer
from relay.rtc.rtp import RtpPacket, parse_rtp
from relay.rtc.udp import UdpPort
from relay.sample import Track

TICK = 0.02
PROBE_EVERY = 1.0
UNREACHABLE_AFTER = 3.0
"""Seconds without a packet, a check or an answer to our probes, which go out every second: nobody
is there any more, whatever the cause.
"""
CONSENT_EXPIRES = 30.0
"""Seconds of that until the session ends (RFC 7675 §5.1). Until then a network that comes back
finds it as it was.
"""


class Sink(Protocol):
    """Where a session's media goes. Called synchronously, in order, `now` in seconds of
    `time.monotonic`: uvloop's own clock counts whole milliseconds and stands still while callbacks
    run.
    """

    def receive_frame(self, frame: EncodedFrame) -> None: ...

    def receive_audio(self, packet: RtpPacket, now: float) -> None: ...

    def receive_report(self, track: Track, report: rtcp.SenderReport, now: float) -> None: ...

    def receive_source(self, track: Track) -> None:
        """The track's next packet comes from another source (SSRC) than those before: its
        timestamps begin anew.
        """

    def tick(self, now: float) -> None:
        """Every 20 ms while the session lives."""


class _ClosedSink:
    """The sink of a session that is closed."""

    def receive_frame(self, frame: EncodedFrame) -> None: ...

    def receive_audio(self, packet: RtpPacket, now: float) -> None: ...

    def receive_report(self, track: Track, report: rtcp.SenderReport, now: float) -> None: ...

    def receive_source(self, track: Track) -> None: ...

    def tick(self, now: float) -> None: ...


@dataclass(slots=True)
class ReceiveCounters(PeerCounters):
    """What a publisher's session saw."""

    packets: int = 0
    plis: int = 0
    nacks: int = 0
    last_media: float | None = None
    """When the last audio or video packet came, seconds of `time.monotonic`."""
    payload_bytes: int = 0
    unknown_payload_types: set[int] = field(default_factory=set)


class ReceiveSession(PeerSession):
    """The server's end of a publisher: `answer()` first, then as PeerSession says."""

    def __init__(
        self,
        port: UdpPort,
        offer: Offer,
        sink: Sink,
        *,
        bitrate_cap: int,
        on_closed: Callable[[str], None],
    ) -> None:
        super().__init__(port, offer, "publisher", on_closed)
        self.counters: ReceiveCounters = ReceiveCounters()
        self._offer = offer
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._reorder = Reorder()
        self._probed: float | None = None
        self._probed_last = 0.0
        self._heard = self._ticked = monotonic()
        video, audio = offer.find("video"), offer.find("audio")
        assert video is not None
        self._video_type = video.payload_type
        self._payload = FORMATS[video.codec]
        # RFC 8843 §9: in a bundle one number is one extension for all media.
        self._transport_id = video.transport_id or (audio.transport_id if audio else 0)
        self._send_time_id = video.send_time_id
        # Without feedback that lets the sender judge its path we do, as far as it listens.
        self._estimated = not video.transport_id and "goog-remb" in video.feedback
        self._reporter = Reporter(
            bitrate_cap,
            BitrateEstimate(bitrate_cap, timed=self._send_time_id > 0) if self._estimated else None,
        )
        self.reassembly = Reassembly(self._reporter.round_trip, self._payload)
        self._rtx_type = video.rtx_payload_type
        self._audio_type = audio.payload_type if audio else None
        self._nack = "nack" in video.feedback
        self._video_ssrc: int | None = None
        self._audio_ssrc: int | None = None

    @property
    def round_trip(self) -> float | None:
        """Seconds to the peer and back, the least seen; None before the first measurement."""
        return self._reporter.round_trip.least

    def answer(self, hosts: list[str], *, max_bitrate: int) -> str:
        """The SDP answer, announcing `hosts` at the port's number."""
        start = min(2_000_000, max_bitrate)
        ours = Answer(
            self._agent.ufrag,
            self._agent.password,
            fingerprint(),
            tuple(hosts),
            self._port.port,
            max_bitrate,
            start,
        )
        return write_answer(self._offer, ours)

    async def close(self) -> None:
        await super().close()
        self._sink = _ClosedSink()

    def _connected(self) -> None:
        self._heard = self._ticked = monotonic()
        self._tick()

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def silence(self, now: float) -> float:
        """Seconds since anything came that proved to be the peer's: media, a check, or an answer to
        ours.
        """
        return now - max(self._heard, self.counters.last_media or 0.0)

    def request_keyframe(self) -> None:
        """Asks for an IDR as soon as the rate limit lets it."""
        self._reporter.keyframes.request()
        if self._ready:
            self._request_keyframe(monotonic())

    # Packets in

    def _receive_media(self, data: bytes) -> None:
        self._receive_rtp(parse_rtp(data, self._transport_id, self._send_time_id))

    def _receive_rtp(self, packet: RtpPacket) -> None:
        now = monotonic()
        counters = self.counters
        counters.packets += 1
        if packet.transport_sequence is not None:
            self._reporter.transport.receive(packet.transport_sequence, now)
        payload_type = packet.payload_type
        if payload_type == self._video_type:
            self._count(packet, now, 90_000)
            if packet.ssrc != self._video_ssrc:
                self._new_video_source(packet.ssrc)
            self._receive_video(packet, now)
        elif payload_type == self._audio_type:
            self._count(packet, now, 48_000)
            if packet.ssrc != self._audio_ssrc:
                self._new_audio_source(packet.ssrc)
            for ready, arrived in self._reorder.receive(packet, now):
                self._sink.receive_audio(ready, arrived)
        elif payload_type == self._rtx_type:
            self._receive_rtx(packet, now)
        else:
            counters.rejected += 1
            if len(counters.unknown_payload_types) < 128:
                counters.unknown_payload_types.add(payload_type)

    def _count(self, packet: RtpPacket, now: float, clock_rate: int) -> None:
        self._reporter.receive(packet, now, clock_rate)
        self.counters.last_media = now
        self.counters.payload_bytes += len(packet.payload)

    def _new_video_source(self, ssrc: int) -> None:
        if self._video_ssrc is not None:
            self._sink.receive_source(Track.VIDEO)
        self._video_ssrc = ssrc
        self._reporter.make_report_due()
        self.reassembly = Reassembly(self._reporter.round_trip, self._payload)
        self._reporter.keyframes.request()

    def _new_audio_source(self, ssrc: int) -> None:
        if self._audio_ssrc is not None:
            # What waits for a straggler of the old source waits no longer.
            for ready, arrived in self._reorder.flush():
                self._sink.receive_audio(ready, arrived)
            self._sink.receive_source(Track.AUDIO)
        self._audio_ssrc = ssrc
        self._reorder = Reorder()

    def _receive_rtx(self, packet: RtpPacket, now: float) -> None:
        # RFC 4588 §4: the original sequence number stands before the payload. Empty ones are
        # bandwidth probes.
        if len(packet.payload) > 2 and self._video_ssrc is not None:
            original = int.from_bytes(packet.payload[:2], "big")
            self._receive_video(
                packet._replace(
                    sequence=original, ssrc=self._video_ssrc, payload=packet.payload[2:]
                ),
                now,
                resent=True,
            )

    def _receive_video(self, packet: RtpPacket, now: float, *, resent: bool = False) -> None:
        if self._estimated:
            self._reporter.receive_video(packet, now)
        reassembly = self.reassembly
        frames = reassembly.receive(packet, now, resent=resent)
        if frames:
            self._forward(frames, now)
        if reassembly.has_gaps and self._nack:
            self._request_missing(now)
        if reassembly.needs_keyframe:
            self._request_keyframe(now)

    def _forward(self, frames: list[EncodedFrame], now: float) -> None:
        for frame in frames:
            if frame.unit.key:
                self._reporter.keyframes.keyframe_received(now)
            self._sink.receive_frame(frame)

    def _receive_rtcp(self, data: bytes) -> None:
        now = monotonic()
        for item in rtcp.parse_rtcp(data):
            if isinstance(item, rtcp.SenderReport):
                self._reporter.receive_report(item, now)
                if item.ssrc == self._video_ssrc:
                    self._sink.receive_report(Track.VIDEO, item, now)
                elif item.ssrc == self._audio_ssrc:
                    self._sink.receive_report(Track.AUDIO, item, now)

    # Feedback out

    def _answered(self) -> None:
        if self._probed is not None:
            self._reporter.round_trip.add(monotonic() - self._probed)
            self._probed = None

    def _probe_round_trip(self, now: float) -> None:
        if self._route and now - self._probed_last >= PROBE_EVERY:
            self._probed = self._probed_last = now
            self._route.send(self._agent.probe())

    def _tick(self) -> None:
        now = monotonic()
        self._timer = self._loop.call_later(TICK, self._tick)
        if now - self._ticked > 1.0:
            self._heard = (
                now  # this process stood still, and what came meanwhile has not been read yet
            )
        self._ticked = now
        if self.silence(now) >= CONSENT_EXPIRES:
            self._end(f"nothing was heard of the publisher for {CONSENT_EXPIRES:.0f} s")
            return
        if self.reassembly.has_gaps:
            self._forward(self.reassembly.expire(now), now)
            if self._nack:
                self._request_missing(now)
        for ready, arrived in self._reorder.expire(now):
            self._sink.receive_audio(ready, arrived)
        self._request_keyframe(now)
        if report := self._reporter.report(now, self._video_ssrc):
            self._send_rtcp(report)
            self._probe_round_trip(now)
        for report in self._reporter.arrivals(now):
            self._send_rtcp(report)
        self._sink.tick(now)

    def _request_keyframe(self, now: float) -> None:
        if self.reassembly.needs_keyframe:
            self._reporter.keyframes.reference_lost(self._reporter.round_trip.smoothed)
        if request := self._reporter.keyframe_request(now, self._video_ssrc):
            self.counters.plis += 1
            self._send_rtcp(request)

    def _request_missing(self, now: float) -> None:
        sequences = self.reassembly.nacks(now)
        if sequences and self._video_ssrc is not None:
            self.counters.nacks += len(sequences)
            self._send_rtcp(
                rtcp.receiver_report({}, now)
                + rtcp.retransmission_request(self._video_ssrc, sequences)
            )
