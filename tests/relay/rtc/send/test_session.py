"""A WHEP session against a peer in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
)

from relay.rtc.dtls import fingerprint
from relay.rtc.peer_session import FEEDBACK_BURST
from relay.rtc.rtp import RtpPacket, parse_rtp
from relay.rtc.send.delivery import DeliveryState
from relay.rtc.send.history import History, PacketisedFrame
from relay.rtc.send.rtcp import MAX_NACKED
from relay.rtc.send.sdp import parse_play_offer
from relay.rtc.send.session import NACKED_BURST, SendSession
from relay.rtc.sources import BURST
from relay.rtc.udp import UdpPort
from tests.fixtures.deadline import eventually
from tests.fixtures.memory_peer import MemoryPeer
from tests.fixtures.offers import offer

VIDEO, AUDIO, RTX = 10, 11, 12
OFFER = offer("chromium").replace("a=sendonly", "a=recvonly")


class Source:
    """A feed with one video track. Counts demands for keyframes."""

    def __init__(self) -> None:
        self.ssrcs = {"video": VIDEO, "audio": AUDIO, "rtx": RTX}
        self.video = History(VIDEO, keep=60, max_frames=100, max_bytes=1 << 20, marked=True)
        self.demands = 0

    def demand_keyframe(self) -> None:
        self.demands += 1

    def frame(
        self, *, key: bool = False, disposable: bool = False, size: int = 100
    ) -> PacketisedFrame:
        timestamp = 3_000 * len(self.video)
        return self.video.append([bytes(size)], timestamp, key=key, disposable=disposable)


class Watching:
    """A session that is connected to a peer."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.reasons: list[str] = []
        ours, theirs = fingerprint(), OFFER.partition("a=fingerprint:")[2].partition("\r\n")[0]
        remote = parse_play_offer(OFFER.replace(theirs, ours), "avc1.42E01F")
        self.session = SendSession(UdpPort(), remote, source, self.reasons.append)
        self.peer = MemoryPeer(self.session)

    @property
    def state(self) -> DeliveryState:
        return self.session._delivery.state

    def send(self, **frame: bool) -> None:
        self.session.send_video(self.source.frame(**frame))

    def packets(self) -> list[RtpPacket]:
        """RTP packets received since the last call."""
        found = [parse_rtp(data) for data in self.peer.received if not 191 < data[1] < 224]
        self.peer.received.clear()
        return found


@asynccontextmanager
async def watching(source: Source, *, full: bool = False) -> AsyncIterator[Watching]:
    """`full`: the socket accepts nothing from the start."""
    made = Watching(source)
    made.peer.full = full
    await made.peer.connect()
    try:
        yield made
    finally:
        await made.session.close()
        await made.peer.close()
        assert made.state is DeliveryState.ENDED


async def test_without_cached_frames_video_starts_at_the_next_keyframe() -> None:
    async with watching(Source()) as viewer:
        assert (viewer.state, viewer.source.demands) == (DeliveryState.WAITING, 1)
        viewer.send()
        assert (viewer.packets(), viewer.session.counters.dropped) == ([], 1)
        viewer.send(key=True)
        viewer.send()
        assert viewer.state is DeliveryState.LIVE
        first, second = viewer.packets()
        assert (first.ssrc, second.sequence) == (VIDEO, first.sequence + 1 & 0xFFFF)


async def test_cached_frames_come_first_just_before_the_live_edge() -> None:
    """A large join is sent in chunks; frames published meanwhile are part of it."""
    source = Source()
    for number in range(20):
        source.frame(key=not number, size=1_000)
    async with watching(source) as viewer:
        viewer.send()
        await eventually(lambda: viewer.state is DeliveryState.LIVE)
        viewer.send()
        packets = viewer.packets()
        assert len(packets) == 22 and viewer.session.counters.dropped == 0
        times = [packet.timestamp for packet in packets]
        edge = 19 * 3_000
        cached = [(edge - 90 * back) & 0xFFFFFFFF for back in range(19, -1, -1)]
        assert times == [*cached, 20 * 3_000, 21 * 3_000]


async def test_a_full_socket_drops_frames_up_to_the_next_keyframe() -> None:
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        viewer.peer.full = True
        viewer.send(disposable=True)
        states = [viewer.state]
        viewer.send()
        states.append(viewer.state)
        # No other frame depends on a disposable one.
        assert states == [DeliveryState.LIVE, DeliveryState.WAITING]
        viewer.peer.full = False
        viewer.send()
        assert viewer.session.counters.dropped == 3
        viewer.packets()
        viewer.send(key=True)
        assert len(viewer.packets()) == 1


async def test_a_full_socket_ends_the_join() -> None:
    source = Source()
    for number in range(20):
        source.frame(key=not number, size=1_000)
    async with watching(source, full=True) as viewer:
        assert viewer.state is DeliveryState.WAITING


async def test_a_congested_path_gets_keyframes_and_its_requests_cost_nothing() -> None:
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        report = RtcpReceiverInfo(VIDEO, 200, 0, 0, 0, 0, 0)
        viewer.peer.send_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[report])))
        assert viewer.state is DeliveryState.KEYFRAMES_ONLY
        demands = viewer.source.demands
        viewer.peer.send_rtcp(bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=VIDEO)))
        assert (viewer.session.counters.plis, viewer.source.demands) == (1, demands)
        viewer.packets()
        viewer.send()
        assert viewer.packets() == []
        viewer.send(key=True)
        assert len(viewer.packets()) == 1


async def test_a_move_to_another_path_brings_full_video_back() -> None:
    """A report that counts the packets lost on the former path changes nothing."""
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        moved = MemoryPeer(viewer.session, ("192.0.2.77", 50_000))
        moved.check()
        assert viewer.session._route is moved.route
        report = RtcpReceiverInfo(VIDEO, 200, 0, 0, 0, 0, 0)
        viewer.peer.send_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[report])))
        assert viewer.state is DeliveryState.LIVE


@pytest.mark.parametrize("left", [False, True])
async def test_a_move_after_an_interruption_demands_a_keyframe(left: bool) -> None:
    async with watching(Source()) as viewer:
        former = viewer.peer.route
        former.heard_at = monotonic() - (1.0 if left else 0.0)
        viewer.session._demanded_at = 0.0
        demands = viewer.source.demands
        MemoryPeer(viewer.session, ("192.0.2.77", 50_000)).check()
        assert viewer.session._route is not former
        assert viewer.source.demands == demands + left


async def test_the_playout_delay_follows_the_reported_jitter() -> None:
    def limits() -> bytes:
        viewer.send(key=True)
        (packet,) = [data for data in viewer.peer.received if not 191 < data[1] < 224]
        viewer.peer.received.clear()
        assert packet[0] == 0x90
        return packet[16:20]

    async with watching(Source()) as viewer:
        found = [limits()]
        for milliseconds in (12, 2):
            report = RtcpReceiverInfo(VIDEO, 0, 0, 0, 90 * milliseconds, 0, 0)
            viewer.peer.send_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[report])))
            found.append(limits())
    assert found == [b"\x52\0\0\0", b"\x52\0\x03\xe8", b"\x52\0\0\0"]


async def test_keyframe_requests_are_limited() -> None:
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        demands = viewer.source.demands
        for _ in range(5):
            viewer.peer.send_rtcp(bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=VIDEO)))
        assert viewer.session.counters.plis == 5
        assert viewer.source.demands == demands + 1


async def test_a_lost_packet_is_sent_again_by_rtx() -> None:
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        (lost,) = viewer.packets()
        viewer.peer.send_rtcp(
            bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=VIDEO, lost=[lost.sequence]))
        )
        (again,) = viewer.packets()
        assert (again.ssrc, again.timestamp) == (RTX, lost.timestamp)
        assert again.payload == lost.sequence.to_bytes(2, "big") + lost.payload
        assert (viewer.session.counters.nacks, viewer.session.counters.resent) == (1, 1)


def nack(lost: list[int]) -> bytes:
    return bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=VIDEO, lost=lost))


async def test_a_viewer_that_requests_everything_gets_a_few_packets() -> None:
    """The limits also bound how many numbers are looked up, whatever a packet requests."""
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        (packet,) = viewer.packets()
        everything = [packet.sequence + number & 0xFFFF for number in range(1, 1_000)]
        for _ in range(10):
            viewer.peer.send_rtcp(nack(sorted(everything)))
        counters = viewer.session.counters
        assert counters.nacks == 10 * MAX_NACKED
        assert counters.nacks - counters.ignored_nacks <= NACKED_BURST + 50
        assert counters.resent == 0


async def test_a_flood_of_feedback_is_dropped_before_decryption() -> None:
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        for _ in range(FEEDBACK_BURST + 100):
            viewer.peer.send_rtcp(bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=VIDEO)))
        counters = viewer.session.counters
        assert counters.plis + counters.limited == FEEDBACK_BURST + 100
        assert 50 <= counters.limited <= 100


async def test_an_honest_viewer_is_not_limited() -> None:
    """30 frames/s at 4 Mbit/s with 5 % loss, each loss requested alone and once again, and feedback
    every 50 ms: 66 packets in a second.
    """
    async with watching(Source()) as viewer:
        viewer.send(key=True)
        (packet,) = viewer.packets()
        for _ in range(23):
            for _ in range(2):
                viewer.peer.send_rtcp(nack([packet.sequence]))
        for _ in range(20):
            viewer.peer.send_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[])))
        counters = viewer.session.counters
        assert (counters.limited, counters.ignored_nacks, counters.nacks) == (0, 0, 46)


async def test_sources_of_feedback_are_limited() -> None:
    """libsrtp keeps state for each SSRC."""
    async with watching(Source()) as viewer:
        for ssrc in range(BURST + 5):
            viewer.peer.send_rtcp(bytes(RtcpRrPacket(ssrc=ssrc, reports=[])))
        assert viewer.session.counters.limited == 5


async def test_a_viewer_that_leaves_ends_the_session_once() -> None:
    async with watching(Source()) as viewer:
        viewer.peer.send_rtcp(bytes(RtcpByePacket(sources=[1])))
        await eventually(lambda: viewer.reasons == ["the viewer left"])
        viewer.session.end("again")
        viewer.send(key=True)
        assert viewer.packets() == [] and len(viewer.reasons) == 1


async def test_media_from_a_viewer_is_rejected() -> None:
    async with watching(Source()) as viewer:
        viewer.peer.send_rtp(b"\x80\x60" + bytes(20))
        assert viewer.session.counters.rejected == 1


@pytest.mark.parametrize("connected", [False, True])
async def test_sender_reports_need_a_connection_and_sent_packets(connected: bool) -> None:
    source = Source()
    if not connected:
        viewer = Watching(source)
        viewer.session.report(1.0, {"video": 0, "audio": 0})
        assert viewer.peer.received == []
        await viewer.session.close()
        await viewer.peer.close()
        return
    async with watching(source) as viewer:
        viewer.session.report(1.0, {"video": 0, "audio": 0})
        assert viewer.peer.received == []
        viewer.send(key=True)
        viewer.packets()
        viewer.session.report(1.0, {"video": 0, "audio": 0})
        (report,) = viewer.peer.received
        assert report[1] == 200
