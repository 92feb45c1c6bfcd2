"""The private names of aiortc, aioice and pylibsrtp that `relay/rtc` uses.

If one of these fails after an upgrade, the library has changed: read the message and check the
module that it names. Malformed packets of strangers and publishers are tested in
tests/integration/test_bad_input.py.
"""

import inspect
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

from relay.rtc.dtls import SrtpError, certificate
from tests.fixtures.offers import offer


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
        "read the comments in relay/rtc/dtls.py, receive/rtcp.py and sdp.py"
    )


@pytest.mark.parametrize(
    "name",
    [
        "_set_role",
        "start",
        "stop",
        "state",
        "_state",
        "on",
        "remove_all_listeners",
        "encrypted",
        "_rx_srtp",
        "_tx_srtp",
        "_ssl",
        "_task",
        "_srtp_profiles",
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


def test_srtp_has_what_dtls_py_uses() -> None:
    """pylibsrtp's sessions protect and unprotect packets; SrtpError is its exception."""
    for name in ("protect", "unprotect", "protect_rtcp", "unprotect_rtcp"):
        assert callable(getattr(pylibsrtp.Session, name)), (
            f"pylibsrtp.Session has no {name}: see relay/rtc/dtls.py"
        )
    assert issubclass(SrtpError, Exception) and SrtpError is pylibsrtp.Error


def test_stun_has_what_reachability_py_uses() -> None:
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


@pytest.mark.parametrize("name", ["RTCP_RTPFB_NACK", "RtcpRtpfbPacket"])
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
