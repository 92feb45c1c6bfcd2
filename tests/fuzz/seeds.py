"""Seeds: real messages of publishers, browsers and proxies.

Random bytes alone would rarely form a STUN header.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from aioice import stun
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)
from OpenSSL import SSL
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from relay.message import Flag, Kind, Record, init_body, pack_record
from relay.rtc.receive.rtcp import bitrate_cap, keyframe_request, retransmission_request
from server.people.cookie import CookieKey, CookieKeys
from server.people.person import Person, Visitor
from server.rooms.watch_token import WatchToken, write_token
from tests.fixtures.media import access_units, opus_packets, rtp_packets, vp8_frames, vp8_packets
from tests.fixtures.offers import NAMES, offer
from tests.fixtures.passkey import Authenticator
from tests.fuzz.cutting import join
from tests.fuzz.live import FIRST_PLAYED, OFFER, PLAYED
from tests.fuzz.repeats import Repeat, at_once, sequence

_VIDEO, _AUDIO = OFFER.media[0].payload_type, OFFER.media[1].payload_type


def rtp(
    payload_type: int,
    marker: bool,
    sequence: int,
    timestamp: int,
    payload: bytes,
    first: int = 0x80,
    extension: bytes = b"",
) -> bytes:
    second = payload_type | marker << 7
    return (
        bytes((first, second))
        + sequence.to_bytes(2, "big")
        + timestamp.to_bytes(4, "big")
        + b"\0\0\0\x09"
        + extension
        + payload
    )


def _live(count: int = 4) -> list[bytes]:
    """RTP of a few frames, their sound and a sender report."""
    video = [
        rtp(_VIDEO, packet.marker, packet.sequence & 0xFFFF, packet.timestamp, packet.payload)
        for packet in rtp_packets(access_units(count=count))
    ]
    audio = [
        rtp(_AUDIO, False, index, index * 960, packet)
        for index, packet in enumerate(opus_packets(count))
    ]
    repaired = rtp(OFFER.media[0].rtx_payload_type or 0, True, 5, 3_000, b"\0\x02" + video[0][12:])
    return [*video[:2], *audio, *_reports(), *video[2:], repaired]


def _published() -> Iterator[bytes]:
    """Sessions of publishers: in order, backwards, with a pause, a gap and a repeated packet."""
    packets = _live(4)
    yield at_once(packets)
    yield at_once(reversed(packets))
    yield at_once(_reports())
    yield sequence([*(Repeat(packet, 30) for packet in packets), Repeat(b"", 6_000)])
    yield at_once([*packets[:3], *packets[6:]], pause=90)
    last = packets[-1]
    yield sequence([*(Repeat(packet) for packet in packets), Repeat(last, 33, 6, 0, 1, 3_000, 1)])


def _samples() -> Iterator[bytes]:
    yield sequence([Repeat(bytes(1_200), 0, 4, 0, 1, 3_000)] * 3)
    yield sequence([Repeat(b"x", 0, 0, 255, 1, 3_000), Repeat(bytes(14), 0, 8)])


def _hls_media() -> Iterator[bytes]:
    """GOPs of a second, one with an absence after it, and many keyframes in a row."""
    yield sequence([Repeat(bytes(300), 0, 5, timestamp=3_000)] * 8)
    yield sequence([Repeat(bytes(30), pause, 6, timestamp=3_000) for pause in (0, 4_000, 0)])
    yield sequence([Repeat(bytes(30), timestamp=9_000)] * 60)


def _requests() -> Iterator[bytes]:
    yield b"live.m3u8?_HLS_msn=7&_HLS_part=2"
    yield b"0a1b2c3d/12.3.m4s?_HLS_msn=%31&_HLS_skip=YES&_HLS_part="


def _reports() -> list[bytes]:
    info = RtcpSenderInfo(
        ntp_timestamp=16_000_000_000 << 30, rtp_timestamp=3_000, packet_count=3, octet_count=3_000
    )
    block = RtcpReceiverInfo(
        ssrc=9, fraction_lost=1, packets_lost=2, highest_sequence=3, jitter=4, lsr=5, dlsr=6
    )
    names = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=9, items=[(1, b"cname")])])
    return [
        bytes(RtcpSrPacket(ssrc=9, sender_info=info, reports=[block])) + bytes(names),
        bytes(RtcpRrPacket(ssrc=9, reports=[])),
        bytes(RtcpByePacket(sources=[9])),
    ]


def _rtcp() -> Iterator[bytes]:
    yield from _reports()
    yield b"".join(_reports())
    yield bitrate_cap(1_000_000, [9]) + keyframe_request(9) + retransmission_request(9, [1, 2, 40])
    # Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01
    # §3.1).
    yield bytes.fromhex("8fcd0005 00000001 00000009 0001 0002 000001 00 2002 0404")[:24]


def _feedback() -> Iterator[bytes]:
    """A viewer's reports: loss, NACKs, PLI and FIR, and BYE."""
    lossy = RtcpReceiverInfo(
        ssrc=PLAYED,
        fraction_lost=200,
        packets_lost=9,
        highest_sequence=130,
        jitter=4,
        lsr=5,
        dlsr=6,
    )
    yield bytes(RtcpRrPacket(ssrc=1, reports=[lossy])) + retransmission_request(
        PLAYED, [FIRST_PLAYED, FIRST_PLAYED + 1, FIRST_PLAYED + 17]
    )
    yield retransmission_request(PLAYED, list(range(FIRST_PLAYED + 60, FIRST_PLAYED + 118)))
    yield keyframe_request(PLAYED) + bytes(
        RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=PLAYED.to_bytes(4, "big") + bytes(4))
    )
    yield bytes(RtcpRrPacket(ssrc=1, reports=[])) + bytes(RtcpByePacket(sources=[1]))


def _numbered() -> Iterator[bytes]:
    """RTP with transport-wide sequence numbers that advance, jump, go back and wrap around.

    Header extensions have one-byte and two-byte headers.
    """
    short = [
        rtp(_VIDEO, True, 1, 1, b"x", 0x90, b"\xbe\xde\0\1\x41" + number.to_bytes(2, "big") + b"\0")
        for number in (1, 2, 5, 3, 900, 65_535, 0)
    ]
    long = [
        rtp(_VIDEO, True, 1, 1, b"x", 0x90, b"\x10\0\0\1\xff\2" + number.to_bytes(2, "big"))
        for number in (7, 8, 40_000)
    ]
    for wait in (b"\0", b"\x06", b"\xff"):
        yield join(wait + packet for packet in short + long)


def _vp8() -> Iterator[bytes]:
    frames = vp8_frames(count=2)
    packets = vp8_packets(frames, size=500)
    for timestamp in sorted({packet.timestamp for packet in packets}):
        yield join(packet.payload for packet in packets if packet.timestamp == timestamp)
    yield join([b"\x90\xf0\x91\x22\x07\xe1" + frames[0][:400]])
    yield join(
        b"\2" + rtp(96, packet.marker, packet.sequence, packet.timestamp, packet.payload)
        for packet in packets
    )


NAMES_OF_PEOPLE = (
    *("Dark", "D\u0430rk", "다크걸", "عمر", "🌊", "❤\ufe0f", "👩\u200d👩\u200d👧", "1\ufe0f\u20e3"),
    *(
        "ㅋㅋ",
        "می\u200cخواهم",
        "\U0001f3f4\U000e0067\U000e0062",
        "x\u0301\u0301",
        "@a.b_c",
        "운영자님",
    ),
)


def _cookies() -> Iterator[bytes]:
    keys = CookieKeys([CookieKey("1", b"another secret", 0.0)])
    visitor = Visitor(Person("p" * 16, "다크걸", 3, "🌊"), "d" * 16, True)
    yield keys.write(visitor, 1_800_000_000.0).encode()
    yield b'{"p":"p","d":"d","n":"Dark","c":3,"h":null,"s":1,"t":1799999999}'


def _taps() -> Iterator[bytes]:
    yield b'{"type":"taps","media_time":99500000,"counts":{"heart":[1,0,2,1,1],"fire":[3]}}'
    yield b'{"type":"taps","counts":{"cry":[],"rocket":[9],"clap":[900]}}'


def _messages() -> Iterator[bytes]:
    yield '{"id":"c-1","text":"@민지 안녕 \\u202e👩‍👩‍👧","reply_to":3,"media_time":90}'.encode()
    yield b'{"id":"","text":"z\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301","reply_to":-1}'
    yield b'{"id":7,"text":"\\ud800 \\u0000","media_time":1e999}'


def _frames() -> Iterator[bytes]:
    text = b"\x81\x89\x01\x02\x03\x04" + bytes(
        byte ^ b"\x01\x02\x03\x04"[index % 4] for index, byte in enumerate(b'{"a": 1 }')
    )
    ping, close = b"\x89\x83\0\0\0\0abc", b"\x88\x82\0\0\0\0\x03\xe9"
    long = b"\x81\xfe\x01\x00\0\0\0\0" + b"x" * 256
    yield join([text + ping + text, close])
    yield join([long[:90], long[90:], b"\x01" + text[1:], text])


def _polls() -> Iterator[bytes]:
    yield '{"question":"Tea? \u202e","answers":["네","No \u200d"],"answer":1}'.encode()
    yield b'{"question":"q","answers":["a","b","c","d"],"answer":7}'


def _beacons() -> Iterator[bytes]:
    report = {
        "type": "report",
        "media_time": 1,
        "player": "whep",
        "playing": True,
        "behind_lens": 71.5,
        "stalls": 2,
        "first_picture": 180,
    }
    yield json.dumps(report).encode()
    yield (
        b'{"player":[],"playing":1,"behind_lens":NaN,"stalls":-1e999,'
        b'"first_picture":123456789012345678901234567890}'
    )


def _rtp_seeds() -> Iterator[bytes]:
    yield from _live(2)
    yield rtp(
        _VIDEO,
        True,
        1,
        1,
        b"\x41payload\0\0\x03",
        first=0xB2,
        extension=b"\0\0\0\1\0\0\0\2\xbe\xde\0\1\x32abc",
    )


def _checks() -> Iterator[stun.Message]:
    attributes = {"USERNAME": "us:them", "PRIORITY": 1, "ICE-CONTROLLING": 7, "USE-CANDIDATE": None}
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12), attributes)
    request.add_message_integrity(b"their-password-0123456789")
    yield request
    yield stun.Message(
        stun.Method.BINDING,
        stun.Class.RESPONSE,
        bytes(12),
        {"XOR-MAPPED-ADDRESS": ("192.0.2.1", 5), "SOFTWARE": "x"},
    )
    yield stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, bytes(12), {"MAPPED-ADDRESS": ("2001:db8::1", 5)}
    )
    yield stun.Message(
        stun.Method.ALLOCATE,
        stun.Class.ERROR,
        bytes(12),
        {"ERROR-CODE": (401, "no"), "REALM": "r", "NONCE": b"n", "LIFETIME": 9},
    )
    yield stun.Message(
        stun.Method.CHANNEL_BIND,
        stun.Class.INDICATION,
        bytes(12),
        {"CHANNEL-NUMBER": 0x4000, "XOR-PEER-ADDRESS": ("192.0.2.1", 5)},
    )


def _units() -> Iterator[bytes]:
    for profile in ("baseline", "main", "high"):
        for nals in access_units(count=2, profile=profile):
            yield join(nals)
            stap = b"\x78" + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals[:3])
            last = nals[-1]
            yield join(
                [
                    stap,
                    bytes((last[0] & 0xE0 | 28, 0x80 | last[0] & 31)) + last[1:9],
                    bytes((last[0] & 0xE0 | 28, 0x40 | last[0] & 31)) + last[9:],
                ]
            )


def _sps() -> Iterator[bytes]:
    for size in ((64, 48), (540, 960), (1_920, 1_080)):
        for profile in ("baseline", "main", "high"):
            yield next(
                nal for nal in access_units(*size, 1, profile=profile)[0] if nal[0] & 31 == 7
            )[1:]


def _flights() -> Iterator[bytes]:
    """First flights of DTLS clients, one with an alert and application data after it."""
    client = SSL.Connection(
        RTCCertificate.generateCertificate()._create_ssl_context(srtp_profiles=SRTP_PROFILES)
    )
    client.set_connect_state()
    try:
        client.do_handshake()
    except SSL.WantReadError:
        hello = client.bio_read(1_500)
    yield join([hello])
    yield join([hello, hello, b"\x15\xfe\xfd\0\0\0\0\0\0\0\1\0\2\2\x28"])
    yield join([hello[:60], hello[60:], b"\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\4abcd"])


def _datagrams() -> Iterator[bytes]:
    names = b"\0\x06\0\x0aufrag:them\0\0"
    check = b"\0\1" + len(names).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12) + names
    yield join([b"\0" + part for part in _live(2)])
    yield join([b"\1" + part for part in _live(2)])
    yield join([b"\0", b"\1" + check, b"\0" + check, b"\2\x16\xfe\xfd" + bytes(20), b"\3\x40data"])


def _notices() -> Iterator[bytes]:
    yield join([b'{"type":"time","id":7}', b'{"type":"report","media_time":123456}'])
    yield join([json.dumps({"type": "report", "media_time": -1, "x": [1.5, None, True]}).encode()])


def _headers() -> Iterator[bytes]:
    yield (
        b"X-Forwarded-For: 192.0.2.9, 127.0.0.1\nX-Forwarded-Proto: https\nX-Forwarded-Host: "
        b"live.example.org:8443"
    )
    yield b'Forwarded: for="[2001:db8::9]:4711";proto=wss;host="a\\"b", for=127.0.0.1;by=_x'


def _passkeys() -> Iterator[bytes]:
    """Client data, attestation, authenticator data and signature of a new passkey and its use."""
    made, used, names = *_answers(), ("authenticatorData", "signature")
    for answer in (made["response"], used["response"]):
        attestation = made["response"]["attestationObject"]
        texts = (answer["clientDataJSON"], attestation, *(used["response"][name] for name in names))
        yield join(base64url_to_bytes(text) for text in texts)


def _answers() -> tuple[dict[str, Any], dict[str, Any]]:
    authenticator = Authenticator("localhost", "http://localhost:8080")
    person = {"id": bytes_to_base64url(b"person")}
    made = authenticator.register({"user": person, "challenge": "Y2hhbGxlbmdl"})
    return made, authenticator.sign_in({"challenge": "Y2hhbGxlbmdl"})


def _records() -> Iterator[bytes]:
    yield pack_record(Record(Kind.INIT, init_body("avc1.42e01f", b"box"), 0)) + pack_record(
        Record(Kind.MEDIA, b"body", 1, Flag.KEY, media_time=9)
    )


SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "rtp": _rtp_seeds,
    "rtcp": _rtcp,
    "stun-foreign": lambda: (bytes(check) for check in _checks()),
    "stun-signed": lambda: (bytes(check)[20:] for check in _checks()),
    "sdp": lambda: (offer(name).encode() for name in NAMES),
    "sdp-play": lambda: (
        offer(name).replace("a=sendonly", "a=recvonly").encode() for name in NAMES
    ),
    "feedback": _feedback,
    "transport-sequence": _numbered,
    "vp8": _vp8,
    "nal-units": _units,
    "parameter-sets": _sps,
    "reassembly": lambda: iter(
        [join(b"\x02" + part for part in _live(6)), join(b"\xff" + part for part in _live(6)[::-1])]
    ),
    "window": _samples,
    "session": _published,
    "udp": _datagrams,
    "dtls": _flights,
    "viewer": _notices,
    "webrtc-viewer": lambda: iter(
        [
            at_once(_feedback()),
            at_once(reversed(list(_feedback()))),
            *(at_once([part]) for part in _feedback()),
            sequence([Repeat(next(_feedback()), 1_000), Repeat(b"", 20_000)]),
        ]
    ),
    "hls": _requests,
    "hls-media": _hls_media,
    "beacon": _beacons,
    "taps": _taps,
    "message": _messages,
    "notice-frames": _frames,
    "poll": _polls,
    "forwarded": _headers,
    "name": lambda: iter([text.encode() for text in NAMES_OF_PEOPLE]),
    "cookie": _cookies,
    "moderation": lambda: iter(
        [
            b'{"slow": 5, "visibility": "private", "links": true, "title": "A"}',
            b'{"seconds": 60}',
            b'{"words": ["foo", "\xec\x8b\x9c\xeb\xb0\x9c*"]}',
            b'{"message": 7, "reason": "spam", "text": "look"}',
            b'{"decision": "banned", "note": "rude", "person": "@a", "answer": "no"}',
        ]
    ),
    "word-list": lambda: iter(
        [
            "ass\n시발\nhitler*\n死ね\n\na s s 다시 발표 HeII $h1t".encode(),
            "ﬃ\n\nﬃ\u200b ѕһіт example.org".encode(),
        ]
    ),
    "watch-token": lambda: iter(
        [
            write_token(WatchToken(1_790_000_000, link="l"), "abc", b"other").encode(),
            b'{"slow":5,"shield_until":1.5,"salt":"00","salt_made_at":2.5}',
            b"2001:db8::1",
        ]
    ),
    "title": lambda: iter([b'{"title": "A live \xe2\x99\xa5\\u00e9"}', b"{}", b"[[[[1]]]]"]),
    "passkey": _passkeys,
    "credential-json": lambda: (json.dumps(answer).encode() for answer in _answers()),
    "code": lambda: iter([b"abcd-efgh-jkmn", b" ABCD EFGH JKMN PQRS TUVW XYZ2 34\n"]),
    "records": _records,
}
"""By target. A test fails for a target without seeds."""
