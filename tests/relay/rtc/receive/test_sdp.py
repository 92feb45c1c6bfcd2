"""Offers of real publishers, refused offers, and the answer."""

import re
import time

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import OfferError
from relay.rtc.receive.sdp import (
    SEND_TIME,
    TRANSPORT_WIDE,
    Answer,
    Offer,
    parse_offer,
    write_answer,
)
from tests.fixtures.offers import NAMES, offer

OURS = Answer(
    "ufrag",
    "password0123456789abcd",
    "sha-256 " + ":".join(["AB"] * 32),
    ("192.0.2.1", "2001:db8::1"),
    8080,
    2_500_000,
    2_000_000,
)

EXPECTED = {
    # order of kinds, H.264 payload type, its RTX, profile-level-id, Opus, whether the publisher
    # insists on being the DTLS server
    "aiortc": (["video", "audio"], 101, 102, "42e01f", 96, False),
    "chromium": (["video", "audio"], 108, 109, "42e01f", 111, False),
    "ffmpeg": (["audio", "video"], 106, 105, "42001f", 111, True),
    "firefox": (["video", "audio"], 126, 127, "42e01f", 109, False),
    "livekit": (["audio", "video"], 108, 109, "42e01f", 111, False),
    "medooze": (["audio", "video"], 108, 109, "42e01f", 111, False),
    "obs": (["audio", "video"], 96, 97, "42e01f", 111, False),
    "obs_simulcast": (["audio", "video"], 96, 97, "42e01f", 111, False),
}


@pytest.mark.parametrize("name", NAMES)
def test_offers_of_real_publishers(name: str) -> None:
    """Each is accepted: constrained-baseline H.264 in packetization-mode 1, its RTX, and Opus."""
    kinds, h264, rtx, profile, opus, passive = EXPECTED[name]
    parsed = parse_offer(offer(name))
    assert [media.kind for media in parsed.media] == kinds
    video, audio = parsed.find("video"), parsed.find("audio")
    assert video and audio
    assert (video.codec, video.payload_type, video.rtx_payload_type, audio.payload_type) == (
        "H264",
        h264,
        rtx,
        opus,
    )
    assert f"packetization-mode=1;profile-level-id={profile}" in video.parameters
    assert parsed.passive is passive
    assert f"a=ice-ufrag:{parsed.ufrag}\r\n" in offer(
        name
    ) and f"a=ice-pwd:{parsed.password}\r\n" in offer(name)
    assert any(
        algorithm.lower() == "sha-256" and len(value) == 95
        for algorithm, value in parsed.fingerprints
    )


@pytest.mark.parametrize(
    ("name", "video", "audio"),
    [("chromium", 4, 4), ("firefox", 7, 0), ("aiortc", 0, 0), ("obs", 0, 0)],
)
def test_transport_wide_feedback_where_it_is_offered(name: str, video: int, audio: int) -> None:
    """The extension's number for video and audio, if the codec has that feedback; Firefox numbers
    no audio.
    """
    parsed = parse_offer(offer(name))
    assert {media.kind: media.transport_id for media in parsed.media} == {
        "video": video,
        "audio": audio,
    }
    without = parse_offer(offer("chromium").replace(" transport-cc", " x-cc"))
    assert not any(
        media.transport_id or "transport-cc" in media.feedback for media in without.media
    )
    strange = parse_offer(offer("chromium").replace("extmap:4 ", "extmap:4096 "))
    assert not any(
        media.transport_id or "transport-cc" in media.feedback for media in strange.media
    )


def test_send_times_where_there_is_no_transport_wide_feedback() -> None:
    """Send times are accepted from a sender with REMB and without transport-wide feedback: the
    server estimates its path.
    """
    without = CHROMIUM.replace(" transport-cc", " x-cc")
    video = parse_offer(without).find("video")
    assert video and (video.send_time_id, video.transport_id, "goog-remb" in video.feedback) == (
        2,
        0,
        True,
    )
    assert f"a=extmap:2 {SEND_TIME}\r\n" in write_answer(parse_offer(without), OURS)
    for text in (
        CHROMIUM,
        without.replace(" goog-remb", " x-remb"),
        without.replace(SEND_TIME, "urn:x"),
    ):
        assert SEND_TIME not in write_answer(parse_offer(text), OURS)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_to_each(name: str) -> None:
    """aiortc parses it. It has the sections of the offer, is recvonly, and has the server's
    address, port and bitrate.
    """
    parsed = parse_offer(offer(name))
    answer = SessionDescription.parse(write_answer(parsed, OURS))
    assert [(media.kind, media.rtp.muxId) for media in answer.media] == [
        (media.kind, media.rtp.muxId) for media in SessionDescription.parse(offer(name)).media
    ]
    assert answer.group[0].items == [media.mid for media in parsed.media]
    answer.media = [media for media in answer.media if media.port]
    for media in answer.media:
        assert (media.direction, media.rtcp_mux) == ("recvonly", True)
        assert media.ice and (
            media.ice.usernameFragment,
            media.ice.password,
            media.ice.iceLite,
        ) == ("ufrag", OURS.password, True)
        assert media.dtls and media.dtls.role == ("client" if parsed.passive else "server")
        assert [(candidate.ip, candidate.port) for candidate in media.ice_candidates] == [
            ("192.0.2.1", 8080),
            ("2001:db8::1", 8080),
        ]
        assert media.ice_candidates_complete
    video = next(media for media in answer.media if media.kind == "video")
    offered = next(
        media for media in SessionDescription.parse(offer(name)).media if media.kind == "video"
    )
    assert set(video.fmt) <= set(offered.fmt)
    assert video.rtp.codecs[0].parameters["x-google-start-bitrate"] == "2000"
    assert {(item.type, item.parameter) for item in video.rtp.codecs[0].rtcpFeedback} <= {
        ("nack", None),
        ("nack", "pli"),
        ("goog-remb", None),
        ("transport-cc", None),
    }
    for media, item in zip(answer.media, parsed.media, strict=True):
        assert [(extension.id, extension.uri) for extension in media.rtp.headerExtensions] == (
            [(item.transport_id, TRANSPORT_WIDE)]
            if item.transport_id
            else [(item.send_time_id, SEND_TIME)]
            if item.send_time_id
            else []
        )
        assert (
            "transport-cc" in {feedback.type for feedback in media.rtp.codecs[0].rtcpFeedback}
        ) is bool(item.transport_id)
    text = write_answer(parsed, OURS)
    assert (
        "b=TIAS:3750000\r\n" in text
        and ";x-google-max-bitrate=2500\r\n" in text
        and text.endswith("\r\n")
        and "\n" not in text.replace("\r\n", "")
    )


def test_mixed_header_extensions_where_they_are_offered() -> None:
    """The answer accepts extensions in both formats if the whole session offers them (RFC 8285 §6).
    Otherwise Chromium replaces its encoder at each new offer.
    """
    line = "a=extmap-allow-mixed\r\n"
    assert CHROMIUM.count(line) == 1
    answered = write_answer(parse_offer(CHROMIUM), OURS)
    assert answered.partition("m=")[0].count(line) == answered.count(line) == 1
    without = CHROMIUM.replace(line, "")
    assert line not in write_answer(parse_offer(without), OURS)
    for_video = without.replace("m=audio", f"{line}m=audio")  # the end of the section before
    assert line not in write_answer(parse_offer(for_video), OURS)


def test_video_alone_is_enough() -> None:
    """An offer without audio is accepted and answered with one section."""
    text = offer("chromium")
    parsed = parse_offer(text[: text.index("m=audio")].replace("BUNDLE 0 1", "BUNDLE 0"))
    assert parsed.find("audio") is None
    assert write_answer(parsed, OURS).count("m=") == 1


CHROMIUM = offer("chromium")
VIDEO_SECTION = CHROMIUM[CHROMIUM.index("m=video") : CHROMIUM.index("m=audio")]
CHANNEL = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:c\r\n"
    "a=sctp-port:5000\r\n"
)
REJECTED = [
    "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "a=mid:c",
    "a=inactive",
]


def sections(sdp: str) -> list[list[str]]:
    """The lines of each media section."""
    return [("m=" + text).splitlines() for text in sdp.split("\r\nm=")[1:]]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_data_channels_are_rejected_one_by_one(place: int) -> None:
    """With port 0, in their place. The bundle contains the accepted sections only, also if its
    first section is rejected.
    """
    head, video, audio = re.split("(?=m=)", CHROMIUM)
    parts = [video, audio]
    parts.insert(place, CHANNEL)
    text = "".join([head.replace("BUNDLE 0 1", "BUNDLE c 0 1"), *parts])
    answered = write_answer(parse_offer(text), OURS)
    found = sections(answered)
    assert found.pop(place) == REJECTED
    assert [lines[0].split()[0] for lines in found] == ["m=video", "m=audio"]
    assert "a=group:BUNDLE 0 1\r\n" in answered
    assert write_answer(parse_offer(CHROMIUM), OURS) == answered.replace(
        "\r\n".join([*REJECTED, ""]), ""
    )


def test_the_transport_of_a_bundle_whose_first_section_is_rejected() -> None:
    """The other sections are bundle-only and have no ICE parameters of their own."""
    text = offer("livekit")
    head, channel, audio, video = re.split("(?=m=)", text)
    bare = [
        re.sub("a=(ice-ufrag|ice-pwd|fingerprint|setup):.*\r\n", "", part).replace(
            " 9 UDP", " 0 UDP"
        )
        + "a=bundle-only\r\n"
        for part in (audio, video)
    ]
    parsed, whole = parse_offer("".join([head, channel, *bare])), parse_offer(text)
    assert (parsed.ufrag, parsed.password, parsed.fingerprints) == (
        whole.ufrag,
        whole.password,
        whole.fingerprints,
    )
    assert [media.mid for media in parsed.media] == ["1", "2"]


@pytest.mark.parametrize("name", ["livekit", "obs_simulcast"])
def test_simulcast_is_answered_without_layers(name: str) -> None:
    """The answer has neither rid nor simulcast; a client then sends one layer (RFC 8853 §5.3)."""
    assert "a=rid:" in offer(name) and "a=simulcast:send " in offer(name)
    answered = write_answer(parse_offer(offer(name)), OURS)
    assert "rid" not in answered and "simulcast" not in answered
    assert "rtp-stream-id" not in answered


@pytest.mark.parametrize("direction", ["a=sendrecv\r\n", ""])
def test_sections_that_both_send_and_receive(direction: str) -> None:
    """`sendrecv`, which is also the meaning of no direction, is answered with recvonly."""
    text = CHROMIUM.replace("a=sendonly\r\n", direction)
    assert write_answer(parse_offer(text), OURS) == write_answer(parse_offer(CHROMIUM), OURS)


def test_a_direction_for_the_whole_session() -> None:
    """It holds for the sections that state none (RFC 8866 §6.7)."""
    text = CHROMIUM.replace("a=sendonly\r\n", "").replace("t=0 0", "t=0 0\r\na=recvonly")
    with pytest.raises(OfferError, match="section is recvonly"):
        parse_offer(text)
    parse_offer(text.replace("m=audio", "a=sendonly\r\nm=audio") + "a=sendonly\r\n")


def test_vp8_where_there_is_no_h264() -> None:
    """The answer has RTX, and limits, since VP8 has to be transcoded."""
    video = parse_offer(CHROMIUM.replace("H264/90000", "H265/90000")).find("video")
    assert video and (video.codec, video.payload_type, video.rtx_payload_type) == ("VP8", 96, 97)
    answer = write_answer(parse_offer(CHROMIUM.replace("H264/90000", "H265/90000")), OURS)
    assert "a=rtpmap:96 VP8/90000\r\n" in answer and "a=fmtp:97 apt=96\r\n" in answer
    assert (
        "a=fmtp:96 max-fr=30;max-fs=3600;x-google-start-bitrate=2000;x-google-max-bitrate=2500\r\n"
        in answer
    )
    assert SessionDescription.parse(answer).media[0].rtp.codecs[0].name == "VP8"


def test_a_section_that_is_bundle_only() -> None:
    """Firefox without H.264 and with the policy max-bundle: its video has port 0 and may lack ICE
    parameters. Any other port 0 is a disabled track.
    """
    text = offer("firefox_bundle_only")
    own = "a=ice-pwd:6871c4698ff9833dbbabca0a0712e058\r\na=ice-ufrag:705ca64c\r\n"
    first, _, second = text.rpartition(own)
    for each in (text, first + second):
        parsed = parse_offer(each)
        video = parsed.find("video")
        assert video and (
            video.codec,
            video.payload_type,
            video.rtx_payload_type,
            parsed.ufrag,
        ) == ("VP8", 120, 124, "705ca64c")
    with pytest.raises(OfferError) as caught:
        parse_offer(text.replace("a=bundle-only\r\n", ""))
    assert caught.value.status == 422
    with pytest.raises(OfferError):
        parse_offer(first + own.replace("705ca64c", "another") + second)


def test_h264_of_any_packetization_before_vp8() -> None:
    """Mode 0, also the mode of offers without fmtp, is mode 1 without fragments; the answer repeats
    it.
    """
    for text in (
        CHROMIUM.replace("packetization-mode=1", "packetization-mode=0"),
        re.sub(";?packetization-mode=[01]", "", CHROMIUM),
    ):
        parsed = parse_offer(text)
        video = parsed.find("video")
        assert video and video.codec == "H264"
        assert (
            f"a=fmtp:{video.payload_type} "
            "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f;"
        ) in write_answer(parsed, OURS)


def test_main_and_high_profile_are_accepted() -> None:
    """An encoder that offers nothing else is answered with its own profile."""
    for profile in ("4d001f", "640c1f"):
        text = re.sub("profile-level-id=[0-9a-f]{6}", f"profile-level-id={profile}", CHROMIUM)
        assert f"profile-level-id={profile};" in write_answer(parse_offer(text), OURS)


REFUSED = {
    "empty": (400, ""),
    "HTML": (400, "<!DOCTYPE html>"),
    "another version": (400, CHROMIUM.replace("v=0", "v=1", 1)),
    "too many lines": (400, CHROMIUM + "a=x\r\n" * 1_001),
    "an m-line without port": (400, CHROMIUM.replace("m=video 9 ", "m=video ")),
    "half an fmtp": (400, CHROMIUM.replace("a=fmtp:108 ", "a=fmtp:")),
    "neither H.264 nor VP8": (
        406,
        CHROMIUM.replace("H264/90000", "H265/90000").replace("VP8/", "VP9/"),
    ),
    "packetization-mode 2 only": (
        406,
        re.sub("packetization-mode=[01]", "packetization-mode=2", CHROMIUM).replace("VP8/", "VP9/"),
    ),
    "no Opus": (406, CHROMIUM.replace("opus/48000", "isac/48000")),
    "no video": (
        422,
        CHROMIUM[: CHROMIUM.index("m=video")] + CHROMIUM[CHROMIUM.index("m=audio") :],
    ),
    "no media": (422, CHROMIUM[: CHROMIUM.index("m=video")]),
    "two videos": (
        422,
        CHROMIUM
        + CHROMIUM[CHROMIUM.index("m=video") : CHROMIUM.index("m=audio")].replace(
            "a=mid:0", "a=mid:2"
        ),
    ),
    "a section for text": (422, CHROMIUM + "m=text 9 UDP/TLS/RTP/SAVPF 98\r\na=mid:2\r\n"),
    "only a data channel": (422, CHROMIUM[: CHROMIUM.index("m=video")] + CHANNEL),
    "200 sections": (422, CHROMIUM + CHANNEL * 198),
    "200 videos": (422, CHROMIUM[: CHROMIUM.index("m=video")] + VIDEO_SECTION * 200),
    "a protocol that is no token": (400, CHROMIUM + CHANNEL.replace("SCTP", "S" * 300)),
    "a section without a format": (400, CHROMIUM + "m=application 9 UDP/DTLS/SCTP  \r\n"),
    "too many lines after carriage returns": (400, CHROMIUM + "a=x\r" * 1_001),
    "one mid twice": (422, CHROMIUM.replace("a=mid:1", "a=mid:0")),
    "a mid that is no token": (422, CHROMIUM.replace("a=mid:1", "a=mid:\x00 x")),
    "recvonly": (422, CHROMIUM.replace("a=sendonly", "a=recvonly")),
    "inactive": (422, CHROMIUM.replace("a=sendonly", "a=inactive")),
    "port 0": (422, CHROMIUM.replace("m=video 9", "m=video 0")),
    "no ICE": (422, CHROMIUM.replace("a=ice-", "a=x-ice-")),
    "a line in the user name": (422, re.sub("a=ice-ufrag:.*", "a=ice-ufrag:a b", CHROMIUM)),
    "not bundled": (
        422,
        CHROMIUM[::-1].replace(re.findall("a=ice-ufrag:(.*)\r", CHROMIUM)[0][::-1], "rehto", 1)[
            ::-1
        ],
    ),
    "no fingerprint": (422, CHROMIUM.replace("a=fingerprint", "a=x-fingerprint")),
    "SHA-1 only": (422, CHROMIUM.replace("sha-256", "sha-1")),
    "profile of seven digits": (422, CHROMIUM.replace("42e01f", "42e01fx")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_have_a_status_and_a_reason(case: str) -> None:
    """400 (not SDP), 406 (codecs) or 422 (unusable SDP); the reason is one short line."""
    status, text = REFUSED[case]
    with pytest.raises(OfferError) as caught:
        parse_offer(text)
    assert caught.value.status == status, str(caught.value)
    assert 10 < len(str(caught.value)) < 200 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "a=x",
        "a=rtpmap:96 H264/90000",
        "a=candidate:1 1 udp 1 192.0.2.1 1 typ host",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=extmap:1 x",
        "",
    ],
)
def test_ten_thousand_lines_are_refused_within_a_second(line: str) -> None:
    """The largest accepted number of lines does not take longer either."""
    for count in (10_000, 900):
        text = (
            CHROMIUM + (line + "\r\n") * count
            if count > 900
            else CHROMIUM.replace(
                "m=audio", (line + "\r\n") * (900 - CHROMIUM.count("\n")) + "m=audio"
            )
        )
        began = time.process_time()
        try:
            parse_offer(text)
        except OfferError:
            pass
        assert time.process_time() - began < 1.0


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(NAMES), st.data())
def test_damaged_offers_raise_offer_error_only(name: str, data: st.DataObject) -> None:
    """Real offers with lines lost, doubled, cut and changed are accepted or refused; every accepted
    one can be answered.
    """
    lines = offer(name).split("\r\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["lose", "double", "cut", "change", "move"]))
        if kind == "lose" and len(lines) > 1:
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
        elif kind == "change":
            lines[at] = lines[at][:2] + data.draw(st.text(max_size=20))
        else:
            lines.insert(data.draw(st.integers(0, len(lines) - 1)), lines.pop(at))
    assert_taken_or_refused("\r\n".join(lines))


@settings(deadline=None)
@given(st.text(max_size=300).map(lambda text: "v=0\r\n" + text))
def test_garbage_raises_offer_error_only(text: str) -> None:
    """Random text after v=0 is refused with a status."""
    assert_taken_or_refused(text)


def assert_taken_or_refused(text: str) -> None:
    try:
        parsed: Offer = parse_offer(text)
    except OfferError as error:
        assert error.status in (400, 406, 422)
        return
    answer = write_answer(parsed, OURS)
    assert all(
        re.match(r"[a-z]=[^\r\n]*$", line) for line in answer.removesuffix("\r\n").split("\r\n")
    )
    found = SessionDescription.parse(answer).media
    assert len(found) == len(parsed.media) + len(parsed.rejected)
