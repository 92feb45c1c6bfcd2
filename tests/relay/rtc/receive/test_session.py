"""A WHIP session against a peer in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from time import monotonic

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from relay.pause import PauseRule
from relay.rtc.batch import HEADER
from relay.rtc.bucket import TokenBucket
from relay.rtc.dtls import fingerprint
from relay.rtc.receive.feedback import IGNORED, IGNORED_FOR
from relay.rtc.receive.policer import OVER_FOR
from relay.rtc.receive.reassembly import EncodedFrame
from relay.rtc.receive.rtcp import SenderReport
from relay.rtc.receive.sdp import parse_offer
from relay.rtc.receive.session import SILENCE_MAX, ReceiveSession
from relay.rtc.receive.takeover import FRAMES, SILENT_FOR
from relay.rtc.roundtrip import ATTEMPTS, LONGEST
from relay.rtc.rtp import RtpPacket
from relay.rtc.sources import BURST
from relay.rtc.udp import UdpPort
from relay.sample import Track
from tests.fixtures.deadline import eventually
from tests.fixtures.memory_peer import MemoryPeer
from tests.fixtures.offers import offer

TEXT = offer("chromium")
OFFER = parse_offer(
    TEXT.replace(TEXT.partition("a=fingerprint:")[2].partition("\r\n")[0], fingerprint())
)
VIDEO, AUDIO = OFFER.find("video"), OFFER.find("audio")
SPS, IDR, SLICE = b"\x67\x42\xc0\x1f", b"\x65\x88", b"\x41\x9a"
KEYFRAME = b"\x18" + b"".join(len(nal).to_bytes(2, "big") + nal for nal in (SPS, b"\x68\xce", IDR))
"""A STAP-A with parameter sets and an IDR slice."""


class Sink:
    """Records a session's media."""

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []
        self.audio: list[RtpPacket] = []
        self.reports: list[tuple[Track, SenderReport]] = []
        self.sources: list[Track] = []
        self.ticks = 0

    def receive_frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)

    def receive_audio(self, packet: RtpPacket, now: float) -> None:
        self.audio.append(packet)

    def receive_report(self, track: Track, report: SenderReport, now: float) -> None:
        self.reports.append((track, report))

    def receive_source(self, track: Track) -> None:
        self.sources.append(track)

    def tick(self, now: float) -> float:
        self.ticks += 1
        return inf


class Publishing:
    """A session that is connected to a peer."""

    def __init__(self) -> None:
        self.sink = Sink()
        self.reasons: list[str] = []
        self.session = ReceiveSession(
            UdpPort(), OFFER, bitrate_cap=1_000_000, on_closed=self.reasons.append
        )
        self.session.deliver_to(self.sink)
        self.peer = MemoryPeer(self.session)

    def send_video(
        self, sequence: int, payload: bytes, *, ssrc: int = 10, transport: int | None = None
    ) -> None:
        """Sends an access unit in one packet. `transport`: the transport-wide sequence number."""
        assert VIDEO
        begin, extension = _extension(transport)
        header = HEADER.pack(begin, 0x80 | VIDEO.payload_type, sequence, 3_000 * sequence, ssrc)
        self.peer.send_rtp(header + extension + payload)

    def send_audio(self, sequence: int, *, ssrc: int = 20, transport: int | None = None) -> None:
        assert AUDIO
        begin, extension = _extension(transport)
        header = HEADER.pack(begin, AUDIO.payload_type, sequence, 960 * sequence, ssrc)
        self.peer.send_rtp(header + extension + b"\xf8\xff\xfe")

    def fall_silent(self) -> None:
        """Makes the last video packet arrive long ago."""
        self.session.reassembly.last_arrival -= SILENT_FOR

    @property
    def requested(self) -> list[list[int]]:
        """The sequence numbers in each request for missing packets so far."""
        feedback = self.feedback()
        return [item.lost for item in feedback if isinstance(item, RtcpRtpfbPacket) and item.lost]

    def feedback(self) -> list[object]:
        """RTCP packets received so far."""
        return [packet for data in self.peer.received for packet in RtcpPacket.parse(data)]


def _extension(transport: int | None) -> tuple[int, bytes]:
    """Returns the first byte of an RTP header, and the header extension."""
    if transport is None:
        return 0x80, b""
    assert VIDEO
    number = transport.to_bytes(2, "big")
    return 0x90, b"\xbe\xde\0\1" + bytes([VIDEO.transport_id << 4 | 1]) + number + b"\0"


@asynccontextmanager
async def publishing() -> AsyncIterator[Publishing]:
    made = Publishing()
    await made.peer.connect()
    try:
        yield made
    finally:
        await made.session.close()
        await made.peer.close()


async def test_frames_and_audio_reach_the_sink() -> None:
    async with publishing() as publisher:
        publisher.send_video(1, KEYFRAME)
        publisher.send_video(2, SLICE)
        publisher.send_audio(1)
        sink, counters = publisher.sink, publisher.session.counters
        assert [frame.unit.key for frame in sink.frames] == [True, False]
        assert [packet.sequence for packet in sink.audio] == [1]
        assert (counters.packets, counters.rejected, counters.plis) == (3, 0, 0)
        assert publisher.session.silence(monotonic()) < 5
        await eventually(lambda: sink.ticks)


async def test_a_gap_is_requested_and_filled_by_rtx() -> None:
    async with publishing() as publisher:
        publisher.send_video(1, KEYFRAME)
        publisher.send_video(3, SLICE)
        assert len(publisher.sink.frames) == 1
        (nack,) = (item for item in publisher.feedback() if isinstance(item, RtcpRtpfbPacket))
        assert (nack.media_ssrc, nack.lost) == (10, [2])
        assert VIDEO and VIDEO.rtx_payload_type
        publisher.peer.send_rtp(
            HEADER.pack(0x80, 0x80 | VIDEO.rtx_payload_type, 1, 3_000 * 2, 11) + b"\0\x02" + SLICE
        )
        assert len(publisher.sink.frames) == 3
        assert publisher.session.reassembly.repaired == 1


async def test_a_loss_that_only_the_transport_shows_is_requested() -> None:
    """Audio arrives without a gap after a video packet has been lost."""
    async with publishing() as publisher:
        publisher.send_audio(1, transport=0xFFFE)
        publisher.send_video(1, KEYFRAME, transport=0xFFFF)
        publisher.send_audio(2, transport=1)
        assert publisher.requested == [[2]] and publisher.session.counters.nacks == 1
        publisher.send_audio(3, transport=2)
        assert publisher.requested == [[2]]


async def test_a_lost_audio_packet_is_no_lost_video_packet() -> None:
    async with publishing() as publisher:
        publisher.send_audio(1, transport=1)
        publisher.send_video(1, KEYFRAME, transport=2)
        publisher.send_audio(3, transport=4)
        publisher.send_audio(2, transport=3)
        publisher.send_audio(4, transport=5)
        assert publisher.requested == []


async def test_a_request_is_repeated_without_a_tick() -> None:
    """By a timer of its own, up to a maximum."""
    async with publishing() as publisher:
        session = publisher.session
        session._port.ticker.remove(session)
        publisher.send_video(1, KEYFRAME)
        publisher.send_video(3, SLICE)
        await eventually(lambda: session.counters.nacks == ATTEMPTS)
        assert session._repair_timer is None


@pytest.mark.parametrize("unread", [False, True])
async def test_a_request_is_repeated_within_limits(unread: bool) -> None:
    """Not while the answer may wait in a socket, and no more often than a budget allows."""
    async with publishing() as publisher:
        session = publisher.session
        publisher.send_video(1, KEYFRAME)
        publisher.send_video(3, SLICE)
        if unread:
            session._port.pause = PauseRule(lambda: True)
        else:
            session._repairs = TokenBucket(0.0, 0.0)
        session.reassembly.missing[2].requested_at -= LONGEST
        timer = session._repair_timer
        assert timer and not timer.cancelled()
        timer.cancel()
        session._repair()
        assert session.counters.nacks == 1 and session._repair_timer
        session._repair_timer.cancel()
        session._port.pause, session._repairs = PauseRule(lambda: False), TokenBucket(0.0, 1.0)
        session._repair()
        assert session.counters.nacks == 2


async def test_a_closed_session_requests_nothing() -> None:
    async with publishing() as publisher:
        publisher.send_video(1, KEYFRAME)
        publisher.send_video(3, SLICE)
        timer = publisher.session._repair_timer
        assert timer
        await publisher.session.close()
        assert timer.cancelled()
        publisher.session._request_missing(monotonic())
        assert publisher.session._repair_timer is None


async def test_a_stream_without_a_keyframe_is_asked_for_one() -> None:
    async with publishing() as publisher:
        publisher.send_video(1, SLICE)
        assert publisher.sink.frames == []
        (pli,) = (item for item in publisher.feedback() if isinstance(item, RtcpPsfbPacket))
        assert (pli.fmt, pli.media_ssrc, publisher.session.counters.plis) == (1, 10, 1)


async def test_recovery_points_are_taken_from_an_encoder_that_ignores_requests() -> None:
    """A keyframe ends that."""
    point = b"\x78\0\x05\x06\x06\x01\xc4\x80" + len(SLICE).to_bytes(2, "big") + SLICE
    async with publishing() as publisher:
        keyframes = publisher.session._reporter.keyframes
        publisher.send_video(1, point)
        assert publisher.sink.frames == [] and publisher.session.unanswered == 1
        keyframes.unanswered, keyframes._unanswered_since = IGNORED, -IGNORED_FOR
        keyframes._last_request = None
        publisher.session.tick(monotonic(), judge=True)
        publisher.send_video(2, point)
        publisher.send_video(3, SLICE)
        first, _ = publisher.sink.frames
        assert first.entry and first.broken and not first.unit.key
        publisher.send_video(4, KEYFRAME)
        publisher.send_video(5, point)
        assert not publisher.sink.frames[-1].entry and publisher.session.unanswered == 0


async def test_a_new_source_is_reported_and_starts_over() -> None:
    """The encoder has restarted: the old source is silent."""
    async with publishing() as publisher:
        session, sink = publisher.session, publisher.sink
        publisher.send_video(1, KEYFRAME)
        publisher.send_audio(1)
        publisher.send_audio(3)
        publisher.fall_silent()
        for number in range(FRAMES):
            publisher.send_video(50_000 + number, KEYFRAME, ssrc=11)
        publisher.send_audio(40_000, ssrc=21)
        assert sink.sources == [Track.VIDEO, Track.AUDIO]
        assert len(sink.frames) == 2
        # No late packet of the old source is waited for.
        assert [packet.sequence for packet in sink.audio] == [1, 3, 40_000]
        assert session.counters.foreign == FRAMES - 1
        publisher.send_video(2, SLICE)
        assert len(sink.frames) == 2 and session.counters.foreign == FRAMES


async def test_of_several_sources_at_once_the_first_is_kept() -> None:
    """A sender of three layers: the reassembly of the first goes on without a request. The bytes of
    the others count for the bitrate, and their arrival for the path.
    """
    async with publishing() as publisher:
        session, sink = publisher.session, publisher.sink
        numbers = iter(range(1_000))
        for number in range(40):
            for ssrc in (10, 11, 12):
                payload = SLICE if number else KEYFRAME
                publisher.send_video(number, payload, ssrc=ssrc, transport=next(numbers))
            publisher.send_audio(number, transport=next(numbers))
        counters = session.counters
        assert (len(sink.frames), len(sink.audio), sink.sources) == (40, 40, [])
        assert (counters.foreign, counters.plis, publisher.requested) == (80, 0, [])
        assert list(session._reporter.statistics) == [10, 20]
        assert counters.other_bytes == 2 * (len(KEYFRAME) + 39 * len(SLICE))
        assert session.reassembly.duplicates == session.reassembly.broken_units == 0


async def test_retransmissions_of_other_layers_are_dropped() -> None:
    """They have numbers of their own. Requested packets of the kept layer arrive."""
    async with publishing() as publisher:
        assert VIDEO and VIDEO.rtx_payload_type
        session, rtx = publisher.session, 0x80 | VIDEO.rtx_payload_type
        publisher.send_video(1, KEYFRAME)
        publisher.send_video(1, KEYFRAME, ssrc=11)
        publisher.send_audio(1, transport=1)
        publisher.send_audio(2, transport=3)
        assert publisher.requested == [], "the lost packet may be one of the other layer"
        publisher.send_video(3, SLICE)
        assert publisher.requested == [[2]]
        for number, original in enumerate((4, 5, 2), 1):
            header = HEADER.pack(0x80, rtx, number, 3_000 * original, 21)
            publisher.peer.send_rtp(header + original.to_bytes(2, "big") + SLICE)
        assert len(publisher.sink.frames) == 3
        assert session.reassembly.repaired == 1 and session.reassembly.packets == 0


async def test_a_source_that_says_goodbye_is_replaced_at_once() -> None:
    async with publishing() as publisher:
        publisher.send_video(1, KEYFRAME)
        publisher.peer.send_rtcp(bytes(RtcpByePacket(sources=[10])))
        publisher.send_video(50_000, KEYFRAME, ssrc=11)
        assert publisher.sink.sources == [Track.VIDEO] and len(publisher.sink.frames) == 2
        assert publisher.session.counters.foreign == 0


async def test_sender_reports_are_assigned_to_their_track() -> None:
    async with publishing() as publisher:
        publisher.send_video(1, KEYFRAME)
        publisher.send_audio(1)
        for ssrc in (10, 20, 30):
            info = RtcpSenderInfo(1 << 40, 90, 1, 1)
            publisher.peer.send_rtcp(bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info)))
        tracks = [(track, report.ssrc) for track, report in publisher.sink.reports]
        assert tracks == [(Track.VIDEO, 10), (Track.AUDIO, 20)]


async def test_unknown_payload_types_are_counted_and_bounded() -> None:
    async with publishing() as publisher:
        counters = publisher.session.counters
        for number in range(128):
            publisher.peer.send_rtp(HEADER.pack(0x80, number, number, 0, 30) + b"x")
        unknown = counters.unknown_payload_types
        assert unknown and len(unknown) < 128
        assert VIDEO and VIDEO.payload_type not in unknown
        assert counters.rejected >= len(unknown)


async def test_sources_are_limited_before_decryption() -> None:
    """libsrtp keeps state for each SSRC that it has decrypted."""
    async with publishing() as publisher:
        counters = publisher.session.counters
        for ssrc in range(BURST + 5):
            publisher.send_audio(1, ssrc=ssrc)
        assert (counters.packets, counters.limited) == (BURST, 5)
        publisher.send_audio(2, ssrc=0)
        assert counters.packets == BURST + 1


async def test_unknown_payload_types_are_not_decrypted() -> None:
    async with publishing() as publisher:
        publisher.session._dtls.unprotect_rtp = None  # type: ignore[assignment,method-assign]
        publisher.peer.send_rtp(HEADER.pack(0x80, 30, 1, 0, 30) + b"x")
        assert publisher.session.counters.rejected == 1


async def test_after_a_pause_nothing_is_given_up_before_the_sockets_are_read() -> None:
    """The sink gets no tick, and a gap stays open; then both go on."""
    async with publishing() as publisher:
        session, sink = publisher.session, publisher.sink
        publisher.send_video(1, KEYFRAME)
        publisher.send_video(3, SLICE)
        ticks, heard = sink.ticks, session._heard_at
        session._heard_at = session.counters.last_media = monotonic() - SILENCE_MAX
        session.tick(monotonic(), judge=False)
        assert (sink.ticks, publisher.reasons) == (ticks, []) and session.reassembly.missing
        assert session.due_at <= monotonic(), "the next tick must judge"
        session._heard_at = heard
        session.tick(monotonic(), judge=True)
        assert sink.ticks == ticks + 1


async def test_a_silent_publisher_ends_the_session() -> None:
    async with publishing() as publisher:
        publisher.session._heard_at -= SILENCE_MAX
        await eventually(lambda: publisher.reasons)
        assert publisher.reasons == ["the publisher sent nothing for 30 s"]
        assert not publisher.session.connected


async def test_a_closed_session_calls_nothing() -> None:
    async with publishing() as publisher:
        await publisher.session.close()
        ticks = publisher.sink.ticks
        publisher.send_video(1, KEYFRAME)
        publisher.session._sink.tick(0)
        assert (publisher.sink.frames, publisher.sink.ticks) == ([], ticks)
        assert publisher.reasons == []


async def test_a_publisher_that_sends_too_much_is_asked_for_less_and_then_cut() -> None:
    async with publishing() as publisher:
        session = publisher.session
        publisher.send_video(1, KEYFRAME)
        session.counters.other_bytes += 500_000
        await eventually(
            lambda: any(
                isinstance(item, RtcpPsfbPacket)
                and item.fmt == 15
                and unpack_remb_fci(item.fci)[0] < 1_000_000
                for item in publisher.feedback()
            )
        )
        assert publisher.reasons == []
        session._policer._over = OVER_FOR
        session.counters.other_bytes += 5_000_000
        await eventually(lambda: publisher.reasons)
        assert publisher.reasons == ["the publisher sent more than 2 Mbit/s for 3 s"]
        assert session.excessive and not session.connected


async def test_every_authentic_packet_counts_for_the_bitrate() -> None:
    """Retransmissions too. A packet with an unknown payload type is not decrypted, may be forged,
    and does not count.
    """
    async with publishing() as publisher:
        assert VIDEO and VIDEO.rtx_payload_type
        for ssrc, payload_type in ((30, 127), (31, VIDEO.rtx_payload_type)):
            publisher.peer.send_rtp(HEADER.pack(0x80, payload_type, 1, 0, ssrc) + bytes(100))
        publisher.send_video(1, KEYFRAME)
        assert publisher.session.counters.received_bytes == 100 + len(KEYFRAME)
