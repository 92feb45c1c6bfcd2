"""One viewer's WHEP session: takes the frames of a feed, and sends one batch of datagrams per
frame.

The session stores no media. If the socket does not accept a frame, the frame is dropped, and video
continues at the next keyframe.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from random import random
from struct import pack
from time import monotonic
from typing import Protocol

from relay.meter import Kind
from relay.rtc.batch import HEADER
from relay.rtc.bucket import TokenBucket
from relay.rtc.consent import LEFT_AFTER, Consent
from relay.rtc.dtls import fingerprint
from relay.rtc.peer_session import PeerSession
from relay.rtc.peer_state import PeerState
from relay.rtc.protect import Protector
from relay.rtc.sdp import MediaSection
from relay.rtc.send import rtcp as sender_rtcp
from relay.rtc.send.congestion import Allowance
from relay.rtc.send.counters import SendCounters
from relay.rtc.send.delivery import Delivery, DeliveryEvent, DeliveryState
from relay.rtc.send.history import History, PacketisedFrame
from relay.rtc.send.numbering import Numbering
from relay.rtc.send.playout_delay import PlayoutDelay
from relay.rtc.send.sdp import PlayAnswer, PlayOffer, PlaySection, write_play_answer
from relay.rtc.udp import Route, UdpPort
from relay.sample import VIDEO_RATE

logger = logging.getLogger(__name__)

SILENCE_MAX = 15.0
"""Time of silence after which a viewer counts as gone, seconds. Browsers check consent at least
every 5 s (RFC 7675 §5.1), and send reports more often.
"""
JOIN_CHUNK = 12_000
"""Number of bytes of cached frames that are sent at a time. If all cached frames were sent at once,
the socket buffer of a browser would overflow, and the browser would request the lost packets again.
"""
JOIN_EVERY = 0.005
JOIN_STEP = 90
"""Interval between the timestamps that cached frames get during a join: 90 ticks (1 ms). With the
original timestamps, a receiver would play the cached frames at normal speed, and would then stay
behind the live edge.
"""
PLI_EVERY = 1.0
"""Minimum time between keyframe requests for one viewer, seconds. A keyframe costs bandwidth for
all viewers.
"""
RESEND_SHARE, RESEND_BURST = 0.3, 200_000
NACKED_PER_SECOND, NACKED_BURST = 300, 600
"""Maximum number of packets that a viewer may request again: per second in the long run, and in one
burst. A viewer that loses 5 % of a 4 Mbit/s stream requests about 25 packets per second.
"""


class Source(Protocol):
    """The interface through which a session uses its feed."""

    ssrcs: dict[str, int]
    """SSRCs by name: `video`, `audio`, and `rtx` for retransmissions of video."""
    video: History

    def demand_keyframe(self) -> None: ...


class OutgoingTrack:
    """One track of one viewer: its payload type, its sequence numbers and its counters."""

    __slots__ = ("extension", "numbering", "octets", "packets", "payload_type")

    def __init__(self, media: MediaSection) -> None:
        self.payload_type = media.payload_type
        # RFC 3711 §3.3.1: the first sequence number must not be close to the wrap-around.
        self.numbering = Numbering(secrets.randbelow(1 << 15))
        self.packets = self.octets = 0
        self.extension = b""
        """The header extension of each packet; may be empty."""


class SendSession(PeerSession):
    """The server's end of a viewer's session. Call `answer()` first; then use the session as
    described in PeerSession. The feed calls `send_video` and `send_audio`.
    """

    def __init__(
        self, port: UdpPort, offer: PlayOffer, feed: Source, on_closed: Callable[[str], None]
    ) -> None:
        self.counters = SendCounters()
        consent: Consent[Route] = Consent(random)
        super().__init__(port, offer, "viewer", self.counters, on_closed, consent, Kind.VIEWER)
        self._loop = asyncio.get_running_loop()
        self._feed = feed
        self._offer = offer
        video, audio = offer.find("video"), offer.find("audio")
        self._video = OutgoingTrack(video) if video else None
        self._audio = OutgoingTrack(audio) if audio else None
        self._playout_delay = PlayoutDelay(video.playout_delay_id if video else 0)
        if self._video:
            self._video.extension = self._playout_delay.extension
        self._rtx_type = video.rtx_payload_type if video else None
        self._rtx_sequence = secrets.randbelow(1 << 15)
        self._protector: Protector | None = None
        self._delivery = Delivery(monotonic())
        self._allowance = Allowance(RESEND_SHARE, RESEND_BURST)
        self._nacked = TokenBucket(NACKED_PER_SECOND, NACKED_BURST)
        self._next_cached = 0
        """Number of the cached frame that is sent next during a join."""
        self._anchor: PacketisedFrame | None = None
        """The frame that was newest when the join began. Older cached frames get timestamps just
        before the timestamp of this frame.
        """
        self._join_timer: asyncio.TimerHandle | None = None
        self._demanded_at = 0.0
        """Time at which a keyframe was last demanded for this viewer, in seconds."""

    @property
    def octets(self) -> int:
        """Number of payload bytes sent, without retransmissions."""
        return sum(track.octets for track in (self._video, self._audio) if track)

    def answer(self, hosts: list[str]) -> str:
        """Returns the SDP answer, with a candidate for each of `hosts`."""
        answer = PlayAnswer(
            self._ice.current.ufrag,
            self._ice.current.password,
            fingerprint(),
            tuple(hosts),
            self._port.port,
            self._feed.ssrcs,
            "microlive",
        )
        return write_play_answer(self._offer, answer)

    def _sections(self) -> tuple[PlaySection, ...]:
        return self._offer.media

    def end(self, reason: str) -> None:
        """Ends the session from the server's side. Calls `on_closed`; the owner then closes the
        session.
        """
        self._end(reason)

    def silent(self, now: float) -> bool:
        """Whether the viewer has been silent for so long that it counts as gone."""
        return now - self._heard_at > SILENCE_MAX and self._port.pause.may_judge(now)

    # Media out

    def send_video(self, frame: PacketisedFrame) -> None:
        """Sends a live frame, or drops the frame."""
        track, delivery = self._video, self._delivery
        if track is None:
            return
        if delivery.state is not DeliveryState.LIVE and not delivery.admits(
            monotonic(), key=frame.key
        ):
            if delivery.omits_frames:
                self.counters.dropped += 1
        elif not self._write(track, frame, frame.timestamp):
            self.counters.dropped += 1
            if not frame.disposable:
                delivery.advance(DeliveryEvent.FRAME_LOST)

    def send_audio(self, frame: PacketisedFrame) -> None:
        """Sends an audio packet."""
        if self._audio is not None and self._state is PeerState.CONNECTED:
            self._write(self._audio, frame, frame.timestamp)

    def report(self, unix_time: float, timestamps: dict[str, int]) -> None:
        """Sends sender reports. `timestamps`: for each kind of media, the RTP timestamp at
        `unix_time` (seconds since the Unix epoch).
        """
        if self._state is not PeerState.CONNECTED:
            return
        data = b""
        for kind, track in (("video", self._video), ("audio", self._audio)):
            if track and track.packets:
                data += sender_rtcp.sender_report(
                    self._feed.ssrcs[kind],
                    unix_time,
                    timestamps[kind],
                    track.packets,
                    track.octets,
                )
        if data:
            kind = "video" if self._video else "audio"
            self._send_rtcp(data + sender_rtcp.description(self._feed.ssrcs[kind]))

    def _write(self, track: OutgoingTrack, frame: PacketisedFrame, timestamp: int) -> bool:
        """Encrypts and sends a frame. Returns whether the socket accepted the whole frame."""
        route, protector = self._route, self._protector
        if route is None or protector is None:
            return False
        sequence = track.numbering.take(frame.first, frame.count)
        try:
            for batch in frame.batches(protector.tag, track.extension):
                data = protector.protect(batch, track.payload_type, sequence, timestamp)
                sequence += len(batch.packets)
                route.send_batch(data, batch.segment)
        except BlockingIOError:
            # The socket's buffer is full. The receiver detects the gap and requests the missing
            # packets. Video continues at the next keyframe.
            return False
        except OSError as error:
            logger.debug("viewer at %s: %s", route.address, error)
            return False
        track.packets += frame.count
        track.octets += frame.size
        self._allowance.earn(frame.size)
        return True

    # Joining: sends the cached frames since the last keyframe, as fast as a browser accepts them

    def _join(self) -> None:
        feed = self._feed.video
        if self._video is None or feed.join_point is None:
            self._feed.demand_keyframe()
            return
        self._anchor = feed.newest
        self._next_cached = feed.join_point
        self._delivery.advance(DeliveryEvent.JOIN_STARTED)
        self._continue_join()

    def _continue_join(self) -> None:
        track, feed, anchor = self._video, self._feed.video, self._anchor
        assert track and anchor
        budget = JOIN_CHUNK
        while budget > 0 and (frame := feed.frame(self._next_cached)) is not None:
            if not self._write(track, frame, self._timestamp(frame)):
                self._delivery.advance(DeliveryEvent.FRAME_LOST)
                return
            budget -= frame.size
            self._next_cached += 1
        newest = feed.newest
        if newest is not None and self._next_cached > newest.number:
            self._delivery.advance(DeliveryEvent.JOIN_COMPLETED)
        elif newest is None or feed.frame(self._next_cached) is None:
            # The frame to send next has been dropped from the cache.
            self._delivery.advance(DeliveryEvent.FRAME_LOST)
        else:
            self._join_timer = self._loop.call_later(JOIN_EVERY, self._continue_join)

    def _timestamp(self, frame: PacketisedFrame) -> int:
        """Returns the timestamp of a frame for this viewer. If the frame was cached before the
        join, its timestamp lies just before the live edge at the time of the join.
        """
        anchor = self._anchor
        if anchor is None or frame.number >= anchor.number:
            return frame.timestamp
        return anchor.timestamp - (anchor.number - frame.number) * JOIN_STEP & 0xFFFFFFFF

    # PeerSession

    def _connected(self) -> None:
        self._protector = self._dtls.protector()
        self._delivery.advance(DeliveryEvent.CONNECTED)
        self._join()

    def _moved(self, now: float, silent: float) -> None:
        self._delivery.move(now)
        # The viewer has lost what was sent meanwhile. Its own requests may come seconds later,
        # because its browser still sends to the former route.
        if self.connected and silent >= LEFT_AFTER:
            self._demand_keyframe(now)

    def _stop(self) -> None:
        self._delivery.advance(DeliveryEvent.ENDED)
        if self._join_timer:
            self._join_timer.cancel()

    def _receive_srtp(self, data: bytes) -> None:
        """Drops the packet without reading it, because a viewer sends no media."""
        self.counters.rejected += 1

    def _receive_rtcp(self, data: bytes, now: float) -> None:
        self._heard_at = now
        for item in sender_rtcp.parse_feedback(data):
            if isinstance(item, sender_rtcp.Nack):
                if item.ssrc == self._feed.ssrcs["video"]:
                    self._resend(item.sequences, now)
            elif isinstance(item, sender_rtcp.KeyframeRequest):
                self._receive_keyframe_request(now)
            elif isinstance(item, sender_rtcp.ReceptionReport):
                if item.ssrc == self._feed.ssrcs["video"]:
                    self._receive_report(item, now)
            else:
                self._loop.call_soon(self.end, "the viewer left")

    def _receive_report(self, report: sender_rtcp.ReceptionReport, now: float) -> None:
        self._delivery.report(report.lost, now)
        self._playout_delay.report(report.jitter / VIDEO_RATE)
        if self._video:
            self._video.extension = self._playout_delay.extension

    def _receive_keyframe_request(self, now: float) -> None:
        self.counters.plis += 1
        self._demand_keyframe(now)

    def _demand_keyframe(self, now: float) -> None:
        if now - self._demanded_at >= PLI_EVERY and not self._delivery.congested:
            self._demanded_at = now
            self._feed.demand_keyframe()

    def _resend(self, sequences: tuple[int, ...], now: float) -> None:
        """Answers a NACK with RTX packets (RFC 4588), or with the original packets if the viewer
        offered no RTX.
        """
        track = self._video
        if track is None:
            return
        allowed = self._nacked.take_some(now, len(sequences))
        self.counters.nacks += len(sequences)
        self.counters.ignored_nacks += len(sequences) - allowed
        for sequence in sequences[:allowed]:
            index = track.numbering.index_of(sequence)
            found = None if index is None else self._feed.video.find(index)
            if found is None:
                continue
            frame, place = found
            payload = frame.payloads[place]
            if not self._allowance.spend(len(payload)):
                return
            self._send(self._retransmission(track, frame, place, sequence, payload))
            self.counters.resent += 1

    def _retransmission(
        self,
        track: OutgoingTrack,
        frame: PacketisedFrame,
        place: int,
        sequence: int,
        payload: bytes,
    ) -> bytes:
        timestamp = self._timestamp(frame)
        if self._rtx_type is None:
            header = HEADER.pack(
                0x80, track.payload_type | frame.marker(place), sequence, timestamp, frame.ssrc
            )
            return self._dtls.protect_rtp(header + payload)
        header = HEADER.pack(
            0x80,
            self._rtx_type | frame.marker(place),
            self._rtx_sequence & 0xFFFF,
            timestamp,
            self._feed.ssrcs["rtx"],
        )
        self._rtx_sequence += 1
        return self._dtls.protect_rtp(header + pack("!H", sequence) + payload)
