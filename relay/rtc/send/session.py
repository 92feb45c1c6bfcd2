"""One viewer's WebRTC session: frames of a feed in, one batch of datagrams for each out.

Nothing is kept for a viewer but numbers: a frame that its network does not take is left out, and
the picture goes on at the next keyframe.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from struct import pack
from time import monotonic
from typing import Protocol

from relay.rtc.batch import HEADER
from relay.rtc.dtls import fingerprint
from relay.rtc.peer_session import PeerCounters, PeerSession
from relay.rtc.protect import Protector
from relay.rtc.send import rtcp as sender_rtcp
from relay.rtc.send.congestion import Allowance, Congestion
from relay.rtc.send.history import History, PacketisedFrame
from relay.rtc.send.numbering import Numbering
from relay.rtc.send.sdp import PlayAnswer, PlayMedia, PlayOffer, write_play_answer
from relay.rtc.udp import UdpPort

logger = logging.getLogger(__name__)

SILENT_FOR = 15.0
"""Seconds without a sign of the viewer: browsers check consent every 5 s at most (RFC 7675 §5.1)
and report more often.
"""
JOIN_CHUNK = 12_000
"""Bytes of a join sent at a time. All at once would overflow a browser's socket buffer, and it
would ask for the rest again.
"""
JOIN_EVERY = 0.005
JOIN_STEP = 90
"""Ticks between the timestamps of cached frames, 1 ms: a receiver would play them at the pace of
their own, and stay as far behind for ever.
"""
PLI_EVERY = 1.0
"""Seconds: one viewer's requests must not cost everybody keyframe after keyframe."""
RESEND_SHARE, RESEND_BURST = 0.3, 200_000


@dataclass(slots=True)
class SendCounters(PeerCounters):
    """What a viewer's session saw."""

    dropped: int = 0
    """Video frames left out."""
    resent: int = 0
    nacks: int = 0
    """Packets asked for again."""
    plis: int = 0


class Source(Protocol):
    """What a session needs of its feed."""

    ssrcs: dict[str, int]
    """`video`, `audio`, and `rtx` for the video's retransmissions."""
    video: History

    def demand_keyframe(self) -> None: ...


class OutgoingTrack:
    """One track of one viewer: how its packets are headed, and what was sent."""

    __slots__ = ("numbering", "octets", "packets", "payload_type")

    def __init__(self, media: PlayMedia) -> None:
        self.payload_type = media.payload_type
        self.numbering = Numbering(
            secrets.randbelow(1 << 15)
        )  # RFC 3711 §3.3.1: not near the wrap when it begins
        self.packets = self.octets = 0


class SendSession(PeerSession):
    """The server's end of a viewer: `answer()` first, then as PeerSession says; from its connection
    on the feed calls `send_video` and `send_audio`.
    """

    def __init__(
        self, port: UdpPort, offer: PlayOffer, feed: Source, on_closed: Callable[[str], None]
    ) -> None:
        super().__init__(port, offer, "viewer", on_closed)
        self.counters: SendCounters = SendCounters()
        self._loop = asyncio.get_running_loop()
        self._feed = feed
        self._offer = offer
        video, audio = offer.find("video"), offer.find("audio")
        self._video = OutgoingTrack(video) if video else None
        self._audio = OutgoingTrack(audio) if audio else None
        self._rtx_type = video.rtx_payload_type if video else None
        self._rtx_sequence = secrets.randbelow(1 << 15)
        self._protector: Protector | None = None
        self._congestion = Congestion(monotonic())
        self._allowance = Allowance(RESEND_SHARE, RESEND_BURST)
        self._needs_key = True
        self._next = 0
        """Number of the next cached frame of a join."""
        self._anchor: PacketisedFrame | None = None
        """The newest frame when the join began: what is older gets timestamps just before it."""
        self._joining = False
        self._timer: asyncio.TimerHandle | None = None
        self._asked = 0.0

    @property
    def octets(self) -> int:
        """Bytes of payload sent, without what was sent again."""
        return sum(track.octets for track in (self._video, self._audio) if track)

    def answer(self, hosts: list[str]) -> str:
        """The SDP answer, announcing `hosts` at the port's number."""
        ours = PlayAnswer(
            self._agent.ufrag,
            self._agent.password,
            fingerprint(),
            tuple(hosts),
            self._port.port,
            self._feed.ssrcs,
            "microlive",
        )
        return write_play_answer(self._offer, ours)

    def end(self, reason: str) -> None:
        """Ends the session from this side: `on_closed` is called, and whoever owns it closes it."""
        self._end(reason)

    def silent(self, now: float) -> bool:
        """Nothing came from the viewer for so long that it is gone."""
        return now - self._heard > SILENT_FOR

    # Media out

    def join(self) -> None:
        """Sends what was cached since the last IDR, as fast as a browser takes it; live frames
        follow behind that.
        """
        feed = self._feed.video
        if self._video is None or feed.join_point is None:
            self._feed.demand_keyframe()
            return
        self._anchor = feed.newest
        self._next = feed.join_point
        self._needs_key = False
        self._joining = True
        self._continue_join()

    def send_video(self, frame: PacketisedFrame) -> None:
        """A live frame."""
        track = self._video
        if track is None or self._joining or not self._ready:
            return
        if self._needs_key or not self._congestion.full:
            if not frame.key:
                self.counters.dropped += 1
                return
            self._congestion.may_resume(monotonic())
            self._needs_key = False
        if not self._write(track, frame, frame.timestamp):
            self.counters.dropped += 1
            if not frame.disposable:
                self._needs_key = True

    def send_audio(self, frame: PacketisedFrame) -> None:
        if self._audio is not None and self._ready:
            self._write(self._audio, frame, frame.timestamp)

    def report(self, unix: float, timestamps: dict[str, int]) -> None:
        """Sends sender reports: the RTP timestamps by kind that are the moment `unix`, in seconds
        since the epoch.
        """
        if not self._ready:
            return
        data = b""
        for kind, track in (("video", self._video), ("audio", self._audio)):
            if track and track.packets:
                data += sender_rtcp.sender_report(
                    self._feed.ssrcs[kind], unix, timestamps[kind], track.packets, track.octets
                )
        if data:
            self._send_rtcp(
                data
                + sender_rtcp.description(self._feed.ssrcs["video" if self._video else "audio"])
            )

    def _write(self, track: OutgoingTrack, frame: PacketisedFrame, timestamp: int) -> bool:
        """Protects and sends a frame. False where the socket did not take it, or not all of it."""
        route, protector = self._route, self._protector
        if route is None or protector is None:
            return False
        sequence = track.numbering.take(frame.first, frame.count)
        try:
            for batch in frame.batches(protector.tag):
                data = protector.protect(batch, track.payload_type, sequence, timestamp)
                sequence += len(batch.packets)
                route.send_batch(data, batch.segment)
        except BlockingIOError:
            # the receiver sees a hole, asks for what is missing, and goes on with the next keyframe
            return False
        except OSError as error:
            logger.debug("viewer at %s: %s", route.address, error)
            return False
        track.packets += frame.count
        track.octets += frame.size
        self._allowance.earn(frame.size)
        return True

    def _continue_join(self) -> None:
        track, feed, anchor = self._video, self._feed.video, self._anchor
        assert track and anchor
        budget = JOIN_CHUNK
        while budget > 0 and (frame := feed.frame(self._next)) is not None:
            if not self._write(track, frame, self._timestamp(frame)):
                self._joining, self._needs_key = False, True
                return
            budget -= frame.size
            self._next += 1
        newest = feed.newest
        if newest is None or self._next <= newest.number and feed.frame(self._next) is None:
            self._joining, self._needs_key = False, True  # what was to come is no longer kept
        elif self._next > newest.number:
            self._joining = False
        else:
            self._timer = self._loop.call_later(JOIN_EVERY, self._continue_join)

    def _timestamp(self, frame: PacketisedFrame) -> int:
        """As this viewer sees it: what was cached when it came stands just before the live edge of
        then.
        """
        anchor = self._anchor
        if anchor is None or frame.number >= anchor.number:
            return frame.timestamp
        return anchor.timestamp - (anchor.number - frame.number) * JOIN_STEP & 0xFFFFFFFF

    # PeerSession

    def _connected(self) -> None:
        self._protector = self._dtls.protector()
        self.join()

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _receive_media(self, data: bytes) -> None:
        raise ValueError("a viewer that sends media")

    def _receive_rtcp(self, data: bytes) -> None:
        self._heard = now = monotonic()
        for item in sender_rtcp.parse_feedback(data):
            if isinstance(item, sender_rtcp.Nack):
                if item.ssrc == self._feed.ssrcs["video"]:
                    self._resend(item.sequences)
            elif isinstance(item, sender_rtcp.KeyframeWanted):
                self._keyframe_wanted(now)
            elif isinstance(item, sender_rtcp.LossReport):
                if item.ssrc == self._feed.ssrcs["video"]:
                    self._congestion.report(item.lost, now)
            else:
                self._loop.call_soon(self.end, "the viewer said goodbye")

    def _keyframe_wanted(self, now: float) -> None:
        self.counters.plis += 1
        if now - self._asked >= PLI_EVERY and self._congestion.full:
            self._asked = now
            self._feed.demand_keyframe()

    def _resend(self, sequences: tuple[int, ...]) -> None:
        """Answers a NACK by RTX (RFC 4588), or by the packet as it was where the viewer has no
        RTX.
        """
        track = self._video
        if track is None:
            return
        self.counters.nacks += len(sequences)
        for sequence in sequences:
            index = track.numbering.index_of(sequence)
            found = None if index is None else self._feed.video.find(index)
            if found is None:
                continue
            frame, place = found
            payload = frame.payloads[place]
            if not self._allowance.spend(len(payload)):
                return
            self._send(self._protected(track, frame, place, sequence, payload))
            self.counters.resent += 1

    def _protected(
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
