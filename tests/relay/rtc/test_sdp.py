"""The part of SDP that publishers and WHEP players share."""

import pytest
from aiortc.sdp import MediaDescription

from relay.errors import OfferError
from relay.rtc import sdp
from tests.fixtures.offers import NAMES, offer

LOCAL = sdp.Local("ufrag", "password", "sha-256 AB:CD", ("192.0.2.1", "2001:db8::1"), 8080)


def section(mid: str = "0", rtx: int | None = 97) -> sdp.MediaSection:
    return sdp.MediaSection("video", mid, 96, rtx, "profile-level-id=42e01f", ("nack", "nack pli"))


def accept(media: MediaDescription, mid: str) -> sdp.MediaSection:
    return sdp.MediaSection(media.kind, mid, 0, None, "", ())


@pytest.mark.parametrize("name", NAMES)
def test_the_transport_of_each_offer(name: str) -> None:
    """One transport with ICE credentials and a fingerprint, and a section for each medium."""
    session = sdp.parse_session(offer(name))
    remote, sections, rejected = sdp.accept_sections(
        session,
        sdp.bundle_only(offer(name)),
        [media for media in session.media if media.kind != "application"],
        accept,
    )
    assert sorted(each.kind for each in sections) == ["audio", "video"]
    assert len({each.mid for each in sections}) == 2
    assert len(rejected) == len(session.media) - 2
    assert remote.ufrag and remote.password and remote.fingerprints
    assert remote.passive is (name == "ffmpeg")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must begin with v=0"),
        ("{}", "must begin with v=0"),
        ("v=0" + "\r\n" * (sdp.MAX_LINES + 1), "more than 1000 lines"),
        ("v=0\r\no=broken\r\nm=video\r\n", "malformed"),
    ],
)
def test_what_is_not_sdp(text: str, words: str) -> None:
    with pytest.raises(OfferError, match=words) as caught:
        sdp.parse_session(text)
    assert caught.value.status == 400


def test_sections_without_a_port() -> None:
    """Only a bundled section may have port 0: any other is disabled."""
    text = offer("chromium").replace("m=audio 9 ", "m=audio 0 ")
    session = sdp.parse_session(text)
    index = next(n for n, media in enumerate(session.media) if media.kind == "audio")
    with pytest.raises(OfferError, match="port 0"):
        sdp.accept_sections(session, sdp.bundle_only(text), session.media, accept)
    bundled = text.replace("m=audio 0 ", "m=audio 0 ", 1).replace(
        "a=mid:1", "a=bundle-only\r\na=mid:1"
    )
    assert sdp.bundle_only(bundled) == {index} and not sdp.bundle_only(text)
    _, sections, rejected = sdp.accept_sections(
        session, sdp.bundle_only(bundled), session.media, accept
    )
    assert [each.mid for each in sections] == ["0", "1"] and not rejected


def test_codecs_of_an_offer() -> None:
    video, audio = sdp.parse_session(offer("chromium")).media
    opus = sdp.opus_in(audio)
    assert opus is not None and opus.payloadType == 111 and sdp.opus_in(video) is None
    assert (sdp.rtx_of(video, 108), sdp.rtx_of(video, 111)) == (109, None)
    h264 = next(codec for codec in video.rtp.codecs if codec.payloadType == 108)
    assert {"nack", "nack pli"} <= sdp.feedback_of(h264)
    assert sdp.packetization_mode(h264) == "1"
    assert sdp.valid_profile_of(h264) == "42e01f"
    assert sdp.profile_rank(h264, sdp.H264_PROFILES) == 0
    assert sdp.profile_rank(h264, ("64", "")) == 2, "the number of prefixes: none matches"
    h264.parameters["profile-level-id"] = "baseline"
    with pytest.raises(OfferError, match="hexadecimal"):
        sdp.valid_profile_of(h264)


@pytest.mark.parametrize(("passive", "setup"), [(False, "passive"), (True, "active")])
def test_the_lines_of_a_section(passive: bool, setup: str) -> None:
    remote = sdp.Remote("u", "p", (("sha-256", "AB"),), passive)
    lines = sdp.write_transport(section(), "recvonly", remote, LOCAL)
    assert lines[0] == "m=video 9 UDP/TLS/RTP/SAVPF 96 97"
    assert {
        *("a=mid:0", "a=recvonly", "a=ice-ufrag:ufrag", "a=ice-pwd:password"),
        *("a=fingerprint:sha-256 AB:CD", f"a=setup:{setup}"),
    } <= set(lines)
    assert sdp.write_transport(section(rtx=None), "sendonly", remote, LOCAL)[0].endswith(" 96")


def test_the_lines_of_a_codec() -> None:
    assert sdp.write_codec(section(), "H264/90000", "profile-level-id=42e01f") == [
        "a=rtpmap:96 H264/90000",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=fmtp:96 profile-level-id=42e01f",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    ]
    assert len(sdp.write_codec(section(rtx=None), "H264/90000", "x")) == 4


def test_the_session_and_its_candidates() -> None:
    """An ICE-lite agent; the first address has the highest priority."""
    lines = sdp.write_session([section("a"), section("b")], "room")
    assert lines[0] == "v=0"
    assert {"a=ice-lite", "a=group:BUNDLE a b", "a=msid-semantic:WMS room"} <= set(lines)
    *candidates, end = sdp.write_candidates(LOCAL)
    fields = [line.removeprefix("a=candidate:").split() for line in candidates]
    assert [(field[4], field[5]) for field in fields] == [(h, "8080") for h in LOCAL.hosts]
    assert int(fields[0][3]) == (126 << 24) + (65_535 << 8) + 255 > int(fields[1][3])
    assert end == "a=end-of-candidates"
