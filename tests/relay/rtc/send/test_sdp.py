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


@pytest.mark.parametrize("direction", ["a=sendrecv\r\n", ""])
def test_players_may_offer_to_send_too(direction: str) -> None:
    """`sendrecv`, which is also the meaning of no direction, is answered with sendonly."""
    text = playing("chromium").replace("a=recvonly\r\n", direction)
    assert answer(text) == answer(playing("chromium"))


def test_the_offer_of_whip_whep() -> None:
    """Its README adds transceivers without a direction."""
    text = offer("medooze_whep")
    assert text.count("a=sendrecv\r\n") == 2
    session = SessionDescription.parse(answer(text))
    assert [(media.kind, media.direction) for media in session.media] == [
        ("audio", "sendonly"),
        ("video", "sendonly"),
    ]


def test_what_goes_beyond_one_video_and_one_audio_is_rejected() -> None:
    """Each with port 0, in its place. The bundle contains the accepted sections only."""
    head, video, audio = re.split("(?=m=)", playing("chromium"))
    channel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n"
    offered = [
        channel,
        video.replace("a=mid:0", "a=mid:3").replace("a=recvonly", "a=sendonly"),
        audio.replace("m=audio 9", "m=audio 0").replace("a=mid:1", "a=mid:4"),
        video,
        audio,
        video.replace("a=mid:0", "a=mid:5"),
        "m=text 9 UDP/TLS/RTP/SAVPF 98 99\r\na=mid:6\r\n",
    ]
    answered = answer(head + "".join(offered))
    places = [(lines.split()[1], lines.split()[2:4]) for lines in answered.split("\r\nm=")[1:]]
    assert [port for port, _ in places] == ["0", "0", "0", "9", "9", "0", "0"]
    assert places[6] == ("0", ["UDP/TLS/RTP/SAVPF", "98"])
    assert re.findall(r"a=mid:(\S+)", answered) == ["2", "3", "4", "0", "1", "5", "6"]
    assert "a=group:BUNDLE 0 1\r\n" in answered
    assert answered.count("a=sendonly") == 2 and answered.count("a=inactive") == 5


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (
            lambda text: text.replace("a=recvonly", "a=sendonly"),
            422,
            "to publish, POST to the WHIP",
        ),
        (lambda text: text.replace("a=recvonly", "a=inactive", 1), 422, "section is inactive"),
        (lambda text: text.replace("H264", "H265"), 406, "no H.264"),
        (lambda text: text.replace("opus/48000", "PCMU/8000"), 406, "no Opus"),
        (lambda text: "hello", 400, "v=0"),
        (lambda text: text[: text.index("m=")], 422, "neither video nor audio"),
        (lambda text: text.replace(" 9 UDP", " 0 UDP"), 422, "neither video nor audio"),
        (lambda text: text + text[text.index("m=") :], 422, "the same mid"),
        (lambda text: text + "m=text 9 UDP 98\r\n" * 198, 422, "more than 64 media sections"),
        (lambda text: re.sub(r"a=ice-pwd:.*\r\n", "", text), 422, "ICE"),
        (lambda text: re.sub(r"a=fingerprint:.*\r\n", "", text), 422, "fingerprint"),
    ],
)
def test_refusals_have_a_status_and_a_reason(change: object, status: int, words: str) -> None:
    assert callable(change)
    with pytest.raises(OfferError, match=words) as refused:
        parse_play_offer(change(playing("chromium")), "avc1.42E01F")
    assert refused.value.status == status
