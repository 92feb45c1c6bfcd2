"""Inputs that once took far more than their share. The meter must find each of them cheap now.

Each is a few hundred bytes or kilobytes that one stranger can send. Without its fix, each exceeds a
limit of the meter.
"""

from collections.abc import Callable

import cbor2
from webauthn.helpers import base64url_to_bytes

from relay.rtc.receive.rtcp import retransmission_request
from tests.fixtures.media import access_units, rtp_packets
from tests.fixtures.passkey import Authenticator
from tests.fuzz.cutting import join
from tests.fuzz.live import FIRST_PLAYED, OFFER, PLAYED
from tests.fuzz.repeats import Repeat, at_once, sequence
from tests.fuzz.seeds import rtp

_VIDEO = OFFER.media[0]


def _rtp(
    payload: bytes,
    sequence: int = 1,
    timestamp: int = 1,
    *,
    number: int | None = None,
    marker: bool = False,
) -> bytes:
    extension = b""
    if number is not None:
        element = bytes((_VIDEO.transport_id << 4 | 1,)) + number.to_bytes(2, "big") + b"\0"
        extension = b"\xbe\xde\0\1" + element
    first = 0x90 if extension else 0x80
    return rtp(_VIDEO.payload_type, marker, sequence, timestamp, payload, first, extension)


def skipped_transport_numbers() -> bytes:
    """Each transport-wide number is 1,999 ahead of the number before, and each report covered all
    numbers between.
    """
    return sequence([Repeat(_rtp(b"\x41x", number=1), 60, 9, transport=1_999)])


def endless_access_unit() -> bytes:
    """Packets of one timestamp without a marker bit: all of them were kept."""
    return sequence([Repeat(_rtp(b"\x41x"), 20, 14, pad=200)])


def keyframes_behind_a_gap() -> bytes:
    """Every packet behind a gap begins a keyframe: each arrival examined all of them."""
    sps = b"\x67" + bytes(20)
    return sequence([Repeat(_rtp(sps)), Repeat(_rtp(sps, 3), 20, 8)])


def long_gaps() -> bytes:
    """Each packet is 2,999 numbers ahead: each missing number became an object."""
    return sequence([Repeat(_rtp(b"\x41x"), 0, 7, sequence=2_999)])


def long_parameter_sets() -> bytes:
    """Codes of 63 bits in every scaling list of an SPS, which changes with each keyframe."""
    code = "0" * 31 + "1" + "0" * 31
    lists = ("1" + code * 16) * 6 + ("1" + code * 64) * 6
    bits = "1" + "00100" + "1" + "1" + "1" + "0" + "1" + lists
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\0\0", b"\0\0\3")
    pps = next(nal for nal in access_units(count=1)[0] if nal[0] & 31 == 8)
    head = bytes((0x67, 244, 0, 30))
    units = [(head + body + bytes((number,)), pps, b"\x65\x88\x84") for number in range(8)]
    return at_once(
        _rtp(packet.payload, packet.sequence, packet.timestamp, marker=packet.marker)
        for packet in rtp_packets(units)
    )


def large_segments() -> bytes:
    """Media of a high bitrate, of which the playlist kept 48 s."""
    return sequence([Repeat(b"\x41" * 14, 0, 14, pad=250, timestamp=200)])


def small_samples() -> bytes:
    """Samples of a few bytes: only their payload counted against the window's limit."""
    return sequence([Repeat(b"\x41" * 14, 0, 16, timestamp=1)])


def old_packets_requested() -> bytes:
    """Each NACK requests thousands of packets that were sent long ago."""
    numbers = [FIRST_PLAYED - 17 * index & 0xFFFF for index in range(1, 271)]
    items = b"".join(number.to_bytes(2, "big") + b"\xff\xff" for number in numbers)
    head = retransmission_request(PLAYED, [1])[:12]
    nack = head[:2] + (2 + len(items) // 4).to_bytes(2, "big") + head[4:] + items
    return sequence([Repeat(nack, 20, 4)])


def shared_references() -> bytes:
    """A public key of 214 bytes of CBOR that describes 67 MB."""
    lists = [b"\xd8\x1c\x82\x00\x00"]
    for number in range(23):
        lists.append(b"\xd8\x1c\x82" + 2 * (b"\xd8\x1d" + cbor2.dumps(number)))
    key = bytes([0x98, len(lists)]) + b"".join(lists)
    authenticator = Authenticator("localhost", "http://localhost:8080")
    answer = authenticator.register({"user": {"id": "cA"}, "challenge": "Y2hhbGxlbmdl"})
    client_data = base64url_to_bytes(answer["response"]["clientDataJSON"])
    data = authenticator.new_data().removesuffix(authenticator.public_key()) + key
    attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
    return join([client_data, attestation])


ATTACKS: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("session", skipped_transport_numbers),
    ("session", endless_access_unit),
    ("session", keyframes_behind_a_gap),
    ("session", long_gaps),
    ("session", long_parameter_sets),
    ("window", small_samples),
    ("hls-media", large_segments),
    ("webrtc-viewer", old_packets_requested),
    ("passkey", shared_references),
)
"""Targets with their inputs."""
