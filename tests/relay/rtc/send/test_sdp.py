"""Players' offers, and the sender's answers."""

import re

import pytest
from aiortc.sdp import SessionDescription

from relay.errors import OfferError
from relay.rtc.send.playout_delay import URI
from relay.rtc.send.sdp import PlayAnswer, parse_play_offer, write_play_answer
from tests.fixtures.offers import offer

SSRCS = {"video": 1_001, "audio": 1_002, "rtx": 1_003}


def playing(name: str) -> str:
    """A publisher's offer with the direction reversed."""
    return offer(name).replace("a=sendonly", "a=recvonly").replace("a=sendrecv", "a=recvonly")


def answer(text: str, codec: str = "avc1.42E01F") -> str:
    accepted = parse_play_offer(text, codec)
    return write_play_answer(
        accepted,
        PlayAnswer(
            "us", "secret", "sha-256 AB", ("192.0.2.1", "2001:db8::1"), 8080, SSRCS, "microlive"
        ),
    )


@pytest.mark.parametrize("name", ["chromium", "firefox", "aiortc"])
def test_an_answer_to_each_offer(name: str) -> None:
    session = SessionDescription.parse(answer(playing(name)))
    assert [media.direction for media in session.media] == ["sendonly"] * len(session.media)
    video = next(media for media in session.media if media.kind == "video")
    codecs = {codec.name.lower(): codec for codec in video.rtp.codecs}
    assert codecs["h264"].parameters["packetization-mode"] == "1"
    assert video.ssrc[0].ssrc == 1_001 and (not codecs.get("rtx") or video.ssrc[1].ssrc == 1_003)
    assert [candidate.ip for candidate in video.ice_candidates] == ["192.0.2.1", "2001:db8::1"]
    assert session.media[0].ice is not None and session.media[0].ice.iceLite


def test_the_profile_of_the_stream_is_preferred() -> None:
    chosen = {
        codec: re.search(r"profile-level-id=(\w{4})", answer(playing("chromium"), codec))
        for codec in ("avc1.42E01F", "avc1.4D001F", "")
    }
    assert [found and found[1] for found in chosen.values()] == ["42e0", "4d00", "42e0"]


@pytest.mark.parametrize(("name", "number"), [("chromium", 5), ("firefox", 6), ("aiortc", 0)])
def test_the_playout_delay_is_accepted_for_video_where_it_is_offered(
    name: str, number: int
) -> None:
    text = playing(name)
    line = f"a=extmap:{number}/sendonly {URI}\r\n"
    found = answer(text)
    assert (found.count("playout-delay"), line in found) == ((1, True) if number else (0, False))
    video = parse_play_offer(text, "").find("video")
    assert video is not None and video.playout_delay_id == number


def test_the_playout_delay_needs_a_one_byte_header() -> None:
    text = playing("chromium").replace(f"a=extmap:5 {URI}", f"a=extmap:15 {URI}")
    assert "a=extmap:15 " in text and "playout-delay" not in answer(text)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (
            lambda text: text.replace("a=recvonly", "a=sendonly"),
            422,
            "to publish, POST to the WHIP",
        ),
        (lambda text: text.replace("a=recvonly", "a=sendrecv", 1), 422, "must offer recvonly"),
        (lambda text: text.replace("H264", "H265"), 406, "no H.264"),
        (lambda text: text.replace("opus/48000", "PCMU/8000"), 406, "no Opus"),
        (lambda text: "hello", 400, "v=0"),
        (lambda text: text[: text.index("m=")], 422, "one video section, one audio section"),
        (lambda text: text + text[text.index("m=") :], 422, "no other section"),
        (lambda text: re.sub(r"a=ice-pwd:.*\r\n", "", text), 422, "ICE"),
        (lambda text: re.sub(r"a=fingerprint:.*\r\n", "", text), 422, "fingerprint"),
    ],
)
def test_refusals_have_a_status_and_a_reason(change: object, status: int, words: str) -> None:
    assert callable(change)
    with pytest.raises(OfferError, match=words) as refused:
        parse_play_offer(change(playing("chromium")), "avc1.42E01F")
    assert refused.value.status == status
