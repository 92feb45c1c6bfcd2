"""The private names of aiortc, aioice and pylibsrtp that `relay/rtc` uses.

If one of these fails after an upgrade, the library has changed: read the message and check the
module that it names. Malformed packets of strangers and publishers are tested in
tests/integration/test_bad_input.py.
"""

import asyncio
import inspect
from collections.abc import Callable
from importlib import metadata

import aiortc.rtp
import pylibsrtp
import pytest
from aioice import stun
from aiortc import RTCRtpSender
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.sdp import SessionDescription
from OpenSSL import SSL

from relay.rtc.batch import HEADER
from relay.rtc.dtls import PIPE_MAX, DtlsSrtp, SrtpError, certificate, fingerprint
from relay.rtc.rtp import parse_rtp
from relay.rtc.send.history import PacketisedFrame
from tests.fixtures.circles import held, no_collector
from tests.fixtures.deadline import eventually
from tests.fixtures.offers import offer


def pair(closed: list[str]) -> tuple[DtlsSrtp, DtlsSrtp]:
    """The server and client ends of one connection in memory. Each appends its name to `closed`
    when it ends.
    """
    ends: list[DtlsSrtp] = []

    def send_to(index: int) -> Callable[[bytes], None]:
        def send(data: bytes) -> None:
            ends[index].receive(data)

        return send

    ends.append(DtlsSrtp(send_to(1), lambda: closed.append("server")))
    ends.append(DtlsSrtp(send_to(0), lambda: closed.append("client")))
    return ends[0], ends[1]


class Silent:
    """The minimal ICE transport for an RTCDtlsTransport."""

    role = "controlled"

    async def _recv(self) -> bytes:
        raise ConnectionError

    async def _send(self, data: bytes) -> None: ...


def test_versions_are_the_reviewed_ones() -> None:
    """Review `relay/rtc` before another minor version of these libraries is allowed in
    pyproject.toml.
    """
    versions = {
        name: metadata.version(name).rsplit(".", 1)[0] for name in ("aiortc", "aioice", "pylibsrtp")
    }
    assert versions == {"aiortc": "1.16", "aioice": "0.13", "pylibsrtp": "1.0"}, (
        "read the comments in relay/rtc/dtls.py, ice.py, rtcp.py and sdp.py"
    )


@pytest.mark.parametrize(
    "name",
    [
        "_set_role",
        "start",
        "stop",
        "state",
        "on",
        "remove_all_listeners",
        "encrypted",
        "_rx_srtp",
        "_tx_srtp",
        "_ssl",
        "_task",
    ],
)
async def test_the_dtls_transport_has_what_dtls_py_uses(name: str) -> None:
    """`relay/rtc/dtls.py` uses these names of RTCDtlsTransport."""
    transport = RTCDtlsTransport(Silent(), [certificate()])  # type: ignore[arg-type]
    assert hasattr(transport, name), (
        f"aiortc's RTCDtlsTransport has no {name} any more: see relay/rtc/dtls.py"
    )
    assert transport.state == "new", (
        "the states of RTCDtlsTransport are compared as strings in relay/rtc/dtls.py"
    )


def test_the_dtls_transport_has_the_expected_signatures() -> None:
    """The constructor and `_set_role` take positional arguments; `start`, `stop` are coroutines."""
    assert list(inspect.signature(RTCDtlsTransport.__init__).parameters)[1:3] == [
        "transport",
        "certificates",
    ]
    assert list(inspect.signature(RTCDtlsTransport._set_role).parameters)[1:] == ["role"]
    assert inspect.iscoroutinefunction(RTCDtlsTransport.start) and inspect.iscoroutinefunction(
        RTCDtlsTransport.stop
    )
    assert (
        RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(algorithm="sha-256", value="AB")])
        .fingerprints[0]
        .value
        == "AB"
    )
    assert RTCCertificate.generateCertificate().expires is not None


def test_the_fingerprint_has_sha_256() -> None:
    """Format of the answer: `sha-256 AB:…`, 32 bytes. The process has one certificate."""
    algorithm, _, value = fingerprint().partition(" ")
    assert (algorithm, len(value.split(":"))) == ("sha-256", 32)
    assert certificate() is certificate()


def test_srtp_has_what_dtls_py_uses() -> None:
    """pylibsrtp's sessions protect and unprotect packets; SrtpError is its exception."""
    for name in ("protect", "unprotect", "protect_rtcp", "unprotect_rtcp"):
        assert callable(getattr(pylibsrtp.Session, name)), (
            f"pylibsrtp.Session has no {name}: see relay/rtc/dtls.py"
        )
    assert issubclass(SrtpError, Exception) and SrtpError is pylibsrtp.Error


async def test_srtp_in_place_is_compatible_with_pylibsrtp() -> None:
    """`relay/rtc/protect.py` uses pylibsrtp's own context: the other end can decrypt the packets,
    and also the next one from `protect`.
    """
    server, client = pair([])
    algorithm, _, value = fingerprint().partition(" ")
    await asyncio.gather(
        server.handshake([(algorithm, value)], client=False),
        client.handshake([(algorithm, value)], client=True),
    )
    payloads = [b"a" * 100, b"b" * 100, b"c" * 30]
    protector = server.protector()
    (batch,) = PacketisedFrame(
        0, 0, payloads, 7, 90_000, key=True, disposable=False, marked=True
    ).batches(protector.tag)
    data = bytes(protector.protect(batch, 96, 0xFFFF, 5))
    packets = [
        parse_rtp(client.unprotect_rtp(data[at : at + batch.segment]))
        for at in range(0, len(data), batch.segment)
    ]
    assert [
        (packet.sequence, packet.marker, packet.timestamp, packet.payload) for packet in packets
    ] == [
        *(
            (sequence, last, 5, payload)
            for sequence, last, payload in zip(
                (0xFFFF, 0, 1), (False, False, True), payloads, strict=True
            )
        )
    ]
    assert (
        parse_rtp(
            client.unprotect_rtp(server.protect_rtp(HEADER.pack(0x80, 96, 2, 6, 7) + b"d"))
        ).payload
        == b"d"
    )
    await server.close()
    await client.close()


def test_stun_has_what_ice_py_uses() -> None:
    """aioice's messages are parsed, built, signed and verified with these names."""
    message = stun.Message(
        stun.Method.BINDING,
        stun.Class.REQUEST,
        attributes={"USERNAME": "a:b", "PRIORITY": 1, "ICE-CONTROLLED": 2},
    )
    message.add_message_integrity(b"key")
    read = stun.parse_message(bytes(message))
    assert (read.message_method, read.message_class, read.attributes["USERNAME"]) == (
        stun.Method.BINDING,
        stun.Class.REQUEST,
        "a:b",
    )
    assert read.check_message_integrity(b"key") and not read.check_message_integrity(b"another")
    assert (
        stun.Message(
            stun.Method.BINDING,
            stun.Class.RESPONSE,
            b"123456789012",
            {"XOR-MAPPED-ADDRESS": ("192.0.2.1", 5)},
        ).transaction_id
        == b"123456789012"
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "RTCP_PSFB_APP",
            "RTCP_PSFB_PLI",
            "RTCP_RTPFB_NACK",
            "RtcpByePacket",
            "RtcpPacket",
            "RtcpPsfbPacket",
            "RtcpReceiverInfo",
            "RtcpRrPacket",
        ),
        *("RtcpRtpfbPacket", "RtcpSrPacket", "clamp_packets_lost", "pack_remb_fci"),
    ],
)
def test_rtcp_has_what_rtcp_py_uses(name: str) -> None:
    """`relay/rtc/receive/rtcp.py` uses these names of aiortc.rtp."""
    assert hasattr(aiortc.rtp, name), (
        f"aiortc.rtp has no {name} any more: see relay/rtc/receive/rtcp.py"
    )


def test_the_estimator_has_what_estimate_py_uses() -> None:
    """`relay/rtc/receive/estimate.py` starts at the cap with a method that aiortc has for its own
    tests, and resets the counter of incoming bytes.
    """
    estimator = RemoteBitrateEstimator()
    estimator.rate_control.set_estimate(2_000_000, 0)
    assert estimator.rate_control.current_bitrate == 2_000_000 and estimator.rate_control.rtt > 0, (
        "see relay/rtc/receive/estimate.py"
    )
    estimator.incoming_bitrate.reset()
    assert (estimator.inter_arrival.current_group, estimator.inter_arrival.previous_group) == (
        None,
        None,
    )
    found = estimator.add(1_000, 0, 1_200, 0)
    assert found is not None and found[1] == [0]


def test_the_sdp_parser_provides_what_sdp_py_reads() -> None:
    """For a Chromium offer: kind, port, direction, mid, codecs with parameters and feedback, ICE
    and DTLS.
    """
    media = SessionDescription.parse(offer("chromium")).media[0]
    assert (media.kind, media.port, media.direction, media.rtp.muxId) == (
        "video",
        9,
        "sendonly",
        "0",
    )
    codec = next(codec for codec in media.rtp.codecs if codec.payloadType == 108)
    assert (codec.name, codec.parameters["packetization-mode"]) == ("H264", "1"), (
        "values of fmtp have another type: see relay/rtc/sdp.py"
    )
    rtx = next(codec for codec in media.rtp.codecs if codec.payloadType == 109)
    assert rtx.parameters["apt"] == 108, "apt is not a number any more: see relay/rtc/sdp.py"
    assert ("nack", "pli") in {(item.type, item.parameter) for item in codec.rtcpFeedback}
    assert media.ice and media.ice.usernameFragment and media.ice.password
    assert (
        media.dtls
        and media.dtls.role == "auto"
        and media.dtls.fingerprints[0].algorithm == "sha-256"
    )
    passive = SessionDescription.parse(offer("ffmpeg")).media[0]
    assert passive.dtls and passive.dtls.role == "server", (
        "the meaning of role has changed: see parse_offer"
    )


def test_the_test_publisher_can_choose_h264() -> None:
    """The integration tests publish H.264 with aiortc."""
    assert "H264" in {codec.name for codec in RTCRtpSender.getCapabilities("video").codecs}


async def test_a_handshake_and_srtp_in_both_directions() -> None:
    """Two ends complete DTLS in memory, check fingerprints, carry RTCP, refuse replayed and
    modified packets, and leave no task.
    """
    closed: list[str] = []
    server, client = pair(closed)
    algorithm, _, value = fingerprint().partition(" ")
    await asyncio.gather(
        server.handshake([(algorithm, value)], client=False),
        client.handshake([(algorithm, value)], client=True),
    )
    assert server.connected and client.connected
    report = b"\x80\xc9\0\x01\0\0\0\x01"
    secret = client.protect_rtcp(report)
    assert server.unprotect_rtcp(secret) == report
    with pytest.raises(SrtpError):
        server.unprotect_rtcp(secret)
    with pytest.raises(SrtpError):
        server.unprotect_rtp(b"\x80\x60" + bytes(40))
    await client.close()
    await eventually(lambda: closed == ["server"])
    await server.close()


async def test_another_fingerprint_is_refused() -> None:
    """A peer whose certificate does not match its offer does not connect."""
    server, client = pair([])
    algorithm, _, value = fingerprint().partition(" ")
    results = await asyncio.gather(
        server.handshake([(algorithm, ":".join(["00"] * 32))], client=False),
        client.handshake([(algorithm, value)], client=True),
        return_exceptions=True,
    )
    assert isinstance(results[0], ConnectionError) and "fingerprint" in str(results[0])
    await server.close()
    await client.close()


async def test_nothing_is_left_of_a_closed_connection() -> None:
    """There is no reference cycle, which would keep OpenSSL's and libsrtp's memory until a full
    garbage collection.
    """
    kinds = DtlsSrtp, RTCDtlsTransport, SSL.Connection
    with no_collector():
        before = held(*kinds)
        server, client = pair([])
        algorithm, _, value = fingerprint().partition(" ")
        await asyncio.gather(
            server.handshake([(algorithm, value)], client=False),
            client.handshake([(algorithm, value)], client=True),
        )
        await server.close()
        await client.close()
        assert len(held(*kinds)) >= len(before) + 5
        del server, client
        assert held(*kinds) == before


async def test_closing_ends_an_unanswered_handshake() -> None:
    """`close` returns and leaves no task, whether the peer is silent or floods. More than 32 queued
    datagrams are refused.
    """
    lonely = DtlsSrtp(lambda data: None, lambda: None)
    handshake = asyncio.create_task(lonely.handshake([("sha-256", "AB")], client=True))
    await asyncio.sleep(0)
    assert sum(lonely.receive(b"\x16" + bytes(20)) for _ in range(100)) <= PIPE_MAX
    await lonely.close()
    async with asyncio.timeout(5):
        assert isinstance(
            (await asyncio.gather(handshake, return_exceptions=True))[0], ConnectionError
        )
