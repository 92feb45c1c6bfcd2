"""The parsers as functions of bytes.

Each accepts the errors that its parser documents; any other exception is a defect.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

from aioice import stun
from webauthn.helpers import bytes_to_base64url
from yarl import URL

from relay.channel.notice import MAX_BYTES as MAX_NOTICE
from relay.errors import BitstreamError, MessageError, OfferError, PlaylistError, RefusalCode
from relay.hls.answers import _MEDIA, _directives
from relay.hls.playlist import Playlist
from relay.hls.segmenter import Segmenter
from relay.media import h264, opus
from relay.media.aac import TRACK as AAC
from relay.message import unpack_records
from relay.rtc.ice import Check, IceAgent, local_ufrag_of
from relay.rtc.receive import rtcp, vp8
from relay.rtc.receive.depacketise import depacketise, starts_access_unit, starts_idr
from relay.rtc.receive.payload import FORMATS
from relay.rtc.receive.reassembly import MAX_BUFFERED, MAX_JUMP, Reassembly
from relay.rtc.receive.reorder import MAX_BUFFERED as MAX_SOUNDS
from relay.rtc.receive.reorder import Reorder
from relay.rtc.receive.sdp import Answer, parse_offer, write_answer
from relay.rtc.receive.twcc import MAX_STATUSES, TransportFeedback
from relay.rtc.rtp import HEADER_SIZE, parse_rtp
from relay.rtc.send.rtcp import parse_feedback
from relay.rtc.send.sdp import PlayAnswer, parse_play_offer, write_play_answer
from relay.stream.window import Window
from server.errors import RequestRefused, Unprocessable
from server.http.chat import read_message
from server.http.client import client
from server.http.json_body import MAX_NUMBER, read_model
from server.people.cookie import CookieKey, CookieKeys
from server.people.names import MAX_BYTES as MAX_NAME
from server.people.names import read_handle, read_name
from server.people.person import COLOURS
from server.people.recovery import recovery_hash
from server.people.sign_in import (
    MAX_PUBLIC_KEY,
    CredentialError,
    RelyingParty,
    read_answer,
    verify_registration,
    verify_sign_in,
)
from server.people.transfer_code import transfer_hash
from server.rooms.beacon import MAX_COUNT, MAX_DELAY, OTHER, PLAYERS, read_beacon
from server.rooms.reports import read_note
from server.rooms.watch_token import read_token
from server.social.links import has_link
from server.social.mentions import KnownNames
from server.social.message_text import MAX_BYTES as MAX_TEXT
from server.social.message_text import read_text, shorten
from server.social.network_hash import Salt, network_hash
from server.social.poll import Poll, read_question
from server.social.reactions import Reactions
from server.social.room_settings import read_room_settings
from server.social.tally import Tally
from server.social.taps import BINS, EMOJI, MAX_PER_BIN, SECONDS_BACK, read_taps
from server.social.word_list import MAX_WORDS, BadWords, WordList
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.passkey import Authenticator
from tests.fixtures.social import MINJI, SAM
from tests.fixtures.wire import Wire
from tests.fuzz.cutting import cut
from tests.fuzz.live import dtls, feedback, session, udp, viewer
from tests.fuzz.repeats import repeats

TRANSPORT_ID, SEND_TIME_ID = 4, 2
PASSWORD = "our-password-0123456789ab"
OURS = Answer("ufrag", PASSWORD, "sha-256 AB", ("192.0.2.1",), 8080, 2_500_000, 2_000_000)
PLAY = PlayAnswer(
    "ufrag",
    PASSWORD,
    "sha-256 AB",
    ("192.0.2.1",),
    8080,
    {"video": 1, "audio": 2, "rtx": 3},
    "microlive",
)
SOURCE = ("192.0.2.9", 50_000)
WINDOW = 1 << 20
"""Maximum memory of the window, bytes."""
MAX_SEGMENTS = 4_000
"""Maximum segments of one playlist. Each may have a single frame, and is kept for its time."""
NOW = 1_800_000_000.0
TRUSTED = (ip_network("127.0.0.0/8"),)
PARTY = RelyingParty("localhost", "http://localhost:8080")
CREDENTIAL = b"passkey-0123456789"
PUBLIC_KEY = Authenticator(PARTY.id, PARTY.origin).public_key()
MENTIONED = KnownNames()
MENTIONED.add(MINJI)
MENTIONED.add(SAM)


def rtp(data: bytes) -> None:
    """The header is never read past the packet, and the payload is part of it."""
    with suppress(ValueError):
        packet = parse_rtp(data, TRANSPORT_ID, SEND_TIME_ID)
        assert len(packet.payload) <= len(data) - HEADER_SIZE
        starts_idr(packet.payload)
        starts_access_unit(packet.payload)


def rtcp_compound(data: bytes) -> None:
    """aiortc's parser behind ours."""
    with suppress(ValueError):
        list(rtcp.parse_rtcp(data))


def stun_foreign(data: bytes) -> None:
    """Messages of strangers, who do not know the password, are never answered."""
    agent = IceAgent("them", "their-password-0123456789", "us", PASSWORD)
    local_ufrag_of(data)
    with suppress(ValueError):
        assert agent.receive(data, SOURCE) is None


def stun_signed(data: bytes) -> None:
    """Messages are signed by the peer, so that fuzzed attributes reach the code behind the
    integrity check.
    """
    agent = IceAgent("them", "their-password-0123456789", "us", PASSWORD)
    body = data[: 500 - len(data) % 4 - 4]
    body += bytes(-len(body) % 4)
    message = (
        b"\0\x01" + len(body).to_bytes(2, "big") + stun.COOKIE.to_bytes(4, "big") + bytes(12) + body
    )
    proof = stun.message_integrity(message, PASSWORD.encode())
    signed = (
        stun.set_body_length(message, len(body) + stun.INTEGRITY_LENGTH) + b"\0\x08\0\x14" + proof
    )
    local_ufrag_of(signed)
    with suppress(ValueError):
        check = agent.receive(signed, SOURCE)
        assert (
            not isinstance(check, Check)
            or stun.parse_message(check.answer).message_class is stun.Class.RESPONSE
        )


def sdp(data: bytes) -> None:
    """An accepted offer gets an answer without a line made by the offer."""
    try:
        offer = parse_offer(data.decode("utf-8", "replace"))
    except OfferError as error:
        assert error.status in (400, 406, 422) and str(error)
        return
    answer = write_answer(offer, OURS)
    assert all(line[1:2] == "=" and line.isprintable() for line in answer.split("\r\n")[:-1]), (
        answer
    )
    assert answer.count("\nm=") == len(offer.media) + len(offer.rejected)


def sdp_play(data: bytes) -> None:
    """A player's offer, like `sdp`. The answer repeats its profile."""
    try:
        offer = parse_play_offer(data.decode("utf-8", "replace"), "avc1.42E01F")
    except OfferError as error:
        assert error.status in (400, 406, 422) and str(error)
        return
    answer = write_play_answer(offer, PLAY)
    assert all(line[1:2] == "=" and line.isprintable() for line in answer.split("\r\n")[:-1]), (
        answer
    )
    assert answer.count("\nm=") == len(offer.media) + len(offer.rejected)
    assert len(offer.media) <= 2


def feedback_compound(data: bytes) -> None:
    """Reports of viewers over WebRTC."""
    with suppress(ValueError):
        list(parse_feedback(data))


def transport_sequence(data: bytes) -> None:
    """Header extensions in both forms, and the reports of their numbers.

    Each report packet has the length that its header states.
    """
    reports, now = TransportFeedback(1), 0.0
    for part in cut(data):
        now += part[0] / 100 if part else 0
        for number in (TRANSPORT_ID, 15, 255):
            with suppress(ValueError):
                sequence = parse_rtp(part[1:], number).transport_sequence
                if sequence is not None:
                    assert 0 <= sequence < 1 << 16
                    reports.receive(sequence, now)
        if reports.due(now):
            for packet in reports.reports(9, now):
                assert len(packet) == 4 * (int.from_bytes(packet[2:4], "big") + 1)
                assert 0 < int.from_bytes(packet[14:16], "big") <= MAX_STATUSES


def vp8_payloads(data: bytes) -> None:
    """Payloads of one frame, and the same bytes as packets in any order.

    A keyframe has a size.
    """
    with suppress(BitstreamError):
        unit = vp8.access_unit(cut(data))
        assert not unit.key or all(vp8.frame_size(unit.data))
    video, now = Reassembly(payload=FORMATS["VP8"]), 0.0
    for part in cut(data):
        vp8.starts_keyframe(part)
        now += part[0] / 1_000 if part else 0
        with suppress(ValueError):
            video.receive(parse_rtp(part[1:]), now)
            video.expire(now)
        assert len(video._buffer) <= MAX_BUFFERED + 1


def nal_units(data: bytes) -> None:
    """Payloads of one frame to NAL units, an access unit and the track of its parameter sets."""
    with suppress(BitstreamError):
        unit = h264.access_unit(depacketise(cut(data)))
        if unit.sps:
            h264.track_info(unit.sps, unit.pps)


def parameter_sets(data: bytes) -> None:
    """An accepted SPS has a size that decoders support.

    `avcC` returns its parameter sets unchanged.
    """
    with suppress(BitstreamError):
        info = h264.track_info(b"\x67" + data[:4_000], b"\x68\xce\x3c\x80")
        assert 0 < info.width <= 16_384 and 0 < info.height <= 16_384
        assert h264.parameter_sets(info.config) == [b"\x67" + data[:4_000], b"\x68\xce\x3c\x80"]


def reassembly(data: bytes) -> None:
    """Packets in any order with any header: the buffers are bounded and frames stay in order."""
    video, sounds, now = Reassembly(), Reorder(), 0.0
    for part in cut(data):
        now += part[0] / 1_000 if part else 0
        with suppress(ValueError):
            packet = parse_rtp(part[1:], TRANSPORT_ID)
            video.receive(packet, now)
            video.nacks(now)
            video.expire(now)
            for ready, _ in sounds.receive(packet, now):
                with suppress(BitstreamError):
                    opus.packet_ticks(ready.payload)
            sounds.expire(now)
        assert (
            len(video._buffer) <= MAX_BUFFERED + 1
            and len(video.missing) <= MAX_JUMP + MAX_BUFFERED
            and len(sounds.waiting) <= MAX_SOUNDS + 1
        )


def window(data: bytes) -> None:
    """Samples of any size in any number: the window never exceeds its limit."""
    kept, pts = Window(2.0, WINDOW), 0
    for repeat in repeats(data):
        for number, packet in enumerate(repeat.packets()):
            pts += repeat.timestamp
            kept.append(video_sample(pts, key=not number, data=packet))
        assert kept.size <= WINDOW
        kept.since(pts)


def hls_media(data: bytes) -> None:
    """Samples of any size at any time, with absences: the playlist stays short."""
    segmenter, playlist, pts = Segmenter(AAC), Playlist("0a1b2c3d", 0, WINDOW), 90_000
    segmenter.receive_track(video_track())
    for repeat in repeats(data):
        for number, packet in enumerate(repeat.packets()):
            pts += max(1, repeat.timestamp)
            sample = video_sample(pts, key=not number, data=packet)
            for part in segmenter.receive(sample):
                playlist.add(part)
        if repeat.pause:
            pts += 90 * repeat.pause
            for part in segmenter.gap(pts):
                playlist.add(part)
        assert playlist.text.startswith("#EXTM3U")
        assert len(playlist._segments) + len(playlist._retired) < MAX_SEGMENTS


def hls(data: bytes) -> None:
    """The path and the delivery directives of an HLS request."""
    path, _, query = data.decode("utf-8", "replace").partition("?")
    _MEDIA.fullmatch(path)
    request: Any = SimpleNamespace(query=URL.build(path="/", query_string=query).query)
    with suppress(PlaylistError):
        number, part = _directives(request)
        assert number is None or 0 <= number < 10**12
        assert part is None or (0 <= part < 10**12 and number is not None)


def forwarded(data: bytes) -> None:
    """Proxy headers as a client can forge them."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    headers = [(name, value) for name, _, value in (line.partition(":") for line in lines)]
    client("127.0.0.1", headers, TRUSTED)


def title(data: bytes) -> None:
    """The JSON body of a new room."""
    from server.http.rooms import read_create_room  # only this target needs aiohttp

    with suppress(RequestRefused):
        assert read_create_room(data).title.isprintable()


def moderation(data: bytes) -> None:
    """The JSON bodies of moderation and of reports: what is accepted keeps the limits."""
    from server.http import admin_moderation, moderation, reports, watch_links

    with suppress(ValueError, RecursionError):
        body = json.loads(data)
        if not isinstance(body, dict):
            return
        for kind in (
            moderation.ChangeRoomBody,
            moderation.MuteBody,
            moderation.BanBody,
            watch_links.AddLinkBody,
            admin_moderation.BanRequest,
        ):
            with suppress(Unprocessable):
                read_model(kind, body, RefusalCode.BAD_MODERATION)
        for other in (
            reports.MakeReportBody,
            reports.DecideReportBody,
            reports.AnswerReportBody,
            admin_moderation.OperatorDecision,
        ):
            with suppress(Unprocessable):
                accepted = read_model(other, body, RefusalCode.BAD_REPORT)
                for text in accepted.model_dump().values():
                    if isinstance(text, str):
                        assert read_note(text).isprintable()
        with suppress(Unprocessable):
            words = read_model(moderation.WordsBody, body, RefusalCode.BAD_WORDS).words
            with suppress(BadWords):
                assert len(WordList(words).words) <= MAX_WORDS


def word_list(data: bytes) -> None:
    """A list of words, a line each, and a text below an empty line."""
    listed, _, text = data.decode(errors="replace").partition("\n\n")
    try:
        words = WordList(listed.split("\n"))
    except BadWords:
        return
    found = words.find(text)
    assert found is None or found in words.words
    for word in words.words:
        assert words.find(word.strip("*")) is not None
    has_link(text)


def watch_token(data: bytes) -> None:
    """The token of a watch link: only tokens that the server wrote are accepted."""
    token = data.decode(errors="replace")
    assert read_token(token, "abc", b"key") is None
    read_room_settings(token)
    network_hash(token, Salt(bytes(16), 0.0))


def name(data: bytes) -> None:
    """A name or a handle: an accepted one is short and visible, and is accepted again."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(Unprocessable):
        shown = read_name(text)
        assert read_name(shown) == shown and len(shown.encode()) <= MAX_NAME
        assert not any(character in "\u202e\u2066\u3164\u0000" for character in shown)
    with suppress(Unprocessable):
        handle = read_handle(text)
        assert read_handle(handle.shown) == handle and handle.key and handle.skeleton


def cookie(data: bytes) -> None:
    """The bytes as a visitor's cookie, and as the content of a signed cookie."""
    keys = CookieKeys([CookieKey("1", b"a secret of the fuzzer", 0.0)])
    value = data.decode("utf-8", "surrogateescape")
    assert keys.read(value, NOW) is None
    signer = keys._signers["1"]
    signed = signer.sign(b"1." + base64.urlsafe_b64encode(data).rstrip(b"=")).decode()
    read = keys.read(signed, NOW)
    assert read is None or (read.visitor.person.id and 0 <= read.visitor.person.colour < COLOURS)


def beacon(data: bytes) -> None:
    """A viewer's report: each value that is read from any JSON can be shown and summed."""
    with suppress(ValueError, RecursionError):
        report = json.loads(data)
        if isinstance(report, dict):
            read = read_beacon(report)
            assert read.player in PLAYERS | {OTHER} and read.playing in (None, False, True)
            assert read.stalls is None or 0 <= read.stalls <= MAX_COUNT
            assert all(
                delay is None or 0 <= delay <= MAX_DELAY
                for delay in (read.behind_lens, read.first_picture)
            )


def taps(data: bytes) -> None:
    """A viewer's notice of taps: what it counts is limited, and so is the memory for it."""
    with suppress(ValueError, RecursionError, MessageError):
        notice = json.loads(data)
        if isinstance(notice, dict):
            edge = 100_000_000
            found = read_taps(notice, 99_000_000, edge)
            assert len(found) <= 2 * len(EMOJI)
            for at, emoji, number in found:
                assert edge - SECONDS_BACK * 1_000_000 <= at <= edge
                assert 0 <= emoji < len(EMOJI) and 0 < number <= BINS * MAX_PER_BIN
            reactions, tally = Reactions(), Tally()
            reactions.add("person", found)
            tally.add(found)
            assert all(count.people <= 1 for count in reactions.take())
            assert sum(tally.take().values()) == sum(number for _, _, number in found)


def message(data: bytes) -> None:
    """A message of the chat: the stored text is one visible line within the limits."""
    with suppress(ValueError, RecursionError, RequestRefused):
        body = json.loads(data)
        if isinstance(body, dict):
            sent = read_message(body)
            for number in (sent.reply_to, sent.media_time):
                assert number is None or 0 <= number <= MAX_NUMBER
            text = read_text(sent.text)
            assert text and len(text.encode()) <= MAX_TEXT
            assert not {"\n", "\0", "\u202e"} & set(text)
            assert read_text(text) == text and shorten(text, 3)
            MENTIONED.find(text)


def notice_frames(data: bytes) -> None:
    """A viewer's bytes on a WebSocket, in reads of any size: every byte is handled or passed on."""
    wire = Wire()
    reads = [read for read in cut(data) if read]
    wire.receive(*reads)
    handled = sum(len(text.encode()) + 6 for text in wire.listener.texts)
    total = sum(map(len, reads))
    assert len(wire.inner.data) + handled <= total
    assert all(len(text) <= MAX_NOTICE for text in wire.listener.texts)
    if not wire.listener.texts:
        assert wire.inner.data == b"".join(reads)


def poll(data: bytes) -> None:
    """A question with answers, and a vote: the tally counts only votes for answers."""
    with suppress(ValueError, RecursionError, RequestRefused):
        body = json.loads(data)
        if isinstance(body, dict):
            question, answers = body.get("question"), body.get("answers")
            if not isinstance(question, str) or not isinstance(answers, list):
                return
            asked = read_question(question, [text for text in answers if isinstance(text, str)])
            for text in (asked.question, *asked.answers):
                assert text and not {"\n", "\0", "\u202e"} & set(text)
            made = Poll("p", asked, 0.0)
            made.vote("person", made.require_vote("person", body.get("answer")))
            assert sum(made.tally) == 1


def passkey(data: bytes) -> None:
    """The parts of a passkey's answer, each with any bytes. A key that is too long is refused."""
    parts = (*cut(data), b"", b"", b"", b"")[:4]
    names = ("clientDataJSON", "attestationObject", "authenticatorData", "signature")
    texts = [bytes_to_base64url(part) for part in parts]
    identity = bytes_to_base64url(CREDENTIAL)
    credential = {"id": identity, "rawId": identity, "type": "public-key"}
    with suppress(CredentialError):
        answer = read_answer(credential | {"response": dict(zip(names, texts, strict=True))})
        with suppress(CredentialError):
            assert len(verify_registration(PARTY, answer).public_key) <= MAX_PUBLIC_KEY
        verify_sign_in(PARTY, answer, "person", PUBLIC_KEY, 0)


def credential_json(data: bytes) -> None:
    """The credential in a request: any JSON."""
    with suppress(ValueError, RecursionError, CredentialError):
        answer = read_answer(json.loads(data))
        verify_registration(PARTY, answer)


def code(data: bytes) -> None:
    """A code as typed: its hash, or nothing."""
    text = data.decode("utf-8", "replace")
    for hashed in (transfer_hash(text), recovery_hash(text)):
        assert hashed is None or len(hashed) == 32


def records(data: bytes) -> None:
    """The binary message, which a relay reads."""
    with suppress(MessageError):
        list(unpack_records(data))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "rtp": rtp,
    "rtcp": rtcp_compound,
    "stun-foreign": stun_foreign,
    "stun-signed": stun_signed,
    "sdp": sdp,
    "sdp-play": sdp_play,
    "feedback": feedback_compound,
    "transport-sequence": transport_sequence,
    "vp8": vp8_payloads,
    "nal-units": nal_units,
    "parameter-sets": parameter_sets,
    "reassembly": reassembly,
    "window": window,
    "session": session,
    "udp": udp,
    "dtls": dtls,
    "viewer": viewer,
    "webrtc-viewer": feedback,
    "hls": hls,
    "hls-media": hls_media,
    "beacon": beacon,
    "taps": taps,
    "message": message,
    "notice-frames": notice_frames,
    "poll": poll,
    "forwarded": forwarded,
    "title": title,
    "moderation": moderation,
    "word-list": word_list,
    "watch-token": watch_token,
    "name": name,
    "cookie": cookie,
    "passkey": passkey,
    "credential-json": credential_json,
    "code": code,
    "records": records,
}
