"""Parts of the answers to both publishers and WHEP players."""

import pytest

from relay.rtc.answer import write_candidates, write_codec, write_session, write_transport
from relay.rtc.sdp import Local, MediaSection, Remote

LOCAL = Local("ufrag", "password", "sha-256 AB:CD", ("192.0.2.1", "2001:db8::1"), 8080)


def section(mid: str = "0", rtx: int | None = 97) -> MediaSection:
    return MediaSection("video", mid, 96, rtx, "profile-level-id=42e01f", ("nack", "nack pli"))


@pytest.mark.parametrize(("passive", "setup"), [(False, "passive"), (True, "active")])
def test_the_lines_of_a_section(passive: bool, setup: str) -> None:
    remote = Remote("u", "p", (("sha-256", "AB"),), passive)
    lines = write_transport(section(), "recvonly", remote, LOCAL)
    assert lines[0] == "m=video 9 UDP/TLS/RTP/SAVPF 96 97"
    assert {
        *("a=mid:0", "a=recvonly", "a=ice-ufrag:ufrag", "a=ice-pwd:password"),
        *("a=fingerprint:sha-256 AB:CD", f"a=setup:{setup}"),
    } <= set(lines)
    assert write_transport(section(rtx=None), "sendonly", remote, LOCAL)[0].endswith(" 96")


def test_the_lines_of_a_codec() -> None:
    assert write_codec(section(), "H264/90000", "profile-level-id=42e01f") == [
        "a=rtpmap:96 H264/90000",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=fmtp:96 profile-level-id=42e01f",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    ]
    assert len(write_codec(section(rtx=None), "H264/90000", "x")) == 4


def test_the_session_and_its_candidates() -> None:
    """An ICE-lite agent; the first address has the highest priority."""
    lines = write_session([section("a"), section("b")], "room")
    assert lines[0] == "v=0"
    assert {"a=ice-lite", "a=group:BUNDLE a b", "a=msid-semantic:WMS room"} <= set(lines)
    *candidates, end = write_candidates(LOCAL)
    fields = [line.removeprefix("a=candidate:").split() for line in candidates]
    assert [(field[4], field[5]) for field in fields] == [(h, "8080") for h in LOCAL.hosts]
    assert int(fields[0][3]) == (126 << 24) + (65_535 << 8) + 255 > int(fields[1][3])
    assert end == "a=end-of-candidates"
