"""Offers of both publishers and WHEP players."""

import pytest
from aiortc.sdp import MediaDescription

from relay.errors import OfferError
from relay.rtc import sdp
from tests.fixtures.offers import NAMES, offer


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
