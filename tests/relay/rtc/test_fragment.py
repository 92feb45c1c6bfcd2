"""SDP fragments of a PATCH."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import OfferError
from relay.rtc.fragment import parse_fragment, restarts, write_fragment
from relay.rtc.ice import IceAgent
from relay.rtc.sdp import Local, MediaSection, Remote

PASSWORD, OTHER = "their-password-0123456789", "other-password-0123456789"
AGENT = IceAgent("them", PASSWORD, "us", "our-password-0123456789ab")
REMOTE = Remote("first", PASSWORD, (("sha-256", "aB:01"), ("SHA-512", "02")), passive=False)


def lines(*attributes: str) -> str:
    return "".join(f"a={attribute}\r\n" for attribute in attributes)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "\r\n",
        lines("ice-ufrag:one", "ice-ufrag:two"),
        lines("ice-pwd:one", "ice-pwd:two"),
        lines("ice-ufrag:"),
        lines("ice-ufrag:two words"),
        lines("ice-pwd:" + "x" * 257),
    ],
)
def test_no_fragment(text: str) -> None:
    with pytest.raises(OfferError) as refused:
        parse_fragment(text)
    assert (refused.value.status, refused.value.code) == (400, "not_sdp_fragment")


@pytest.mark.parametrize(
    ("attributes", "restart"),
    [
        (["candidate:1 1 udp 1 192.0.2.1 5 typ host"], False),
        (["ice-ufrag:them"], False),
        (["ice-ufrag:them", f"ice-pwd:{PASSWORD}", "fingerprint:sha-256 FF"], False),
        (["ice-ufrag:new", f"ice-pwd:{OTHER}"], True),
        (["ice-ufrag:new", "ice-ufrag:new", f"ice-pwd:{OTHER}", "setup:actpass"], True),
        (["ice-ufrag:new", f"ice-pwd:{OTHER}", "setup:active"], True),
        (["ice-ufrag:new", f"ice-pwd:{OTHER}", "fingerprint:SHA-256 AB:01"], True),
        (["ice-ufrag:new"], 422),
        (["ice-ufrag:new", f"ice-pwd:{PASSWORD}"], 422),
        (["ice-ufrag:them", f"ice-pwd:{OTHER}"], 422),
        ([f"ice-pwd:{OTHER}"], 422),
        (["ice-ufrag:new", f"ice-pwd:{OTHER}", "setup:passive"], 422),
        (["ice-ufrag:new", f"ice-pwd:{OTHER}", "fingerprint:sha-256 AB:02"], 422),
        (["ice-ufrag:first", f"ice-pwd:{OTHER}"], 412),
        (["ice-ufrag:first"], 412),
    ],
)
def test_restarts(attributes: list[str], restart: bool | int) -> None:
    """The status of a refusal, or whether a fragment restarts ICE."""
    try:
        found: bool | int = restarts(
            parse_fragment(lines(*attributes)), AGENT, ["zero", "first"], REMOTE
        )
    except OfferError as refusal:
        found = refusal.status
    assert found is restart or found == restart > 1


def test_the_server_s_end() -> None:
    """Only the first media section, with the credentials and every candidate."""
    sections = [
        MediaSection("audio", "a", 111, None, "", ()),
        MediaSection("video", "v", 96, 97, "", ()),
    ]
    local = Local("us", "secret", "sha-256 AB", ("192.0.2.1", "2001:db8::1"), 5_000)
    text = write_fragment(sections, local)
    assert text.endswith("\r\n") and text.count("m=") == 1
    assert text.splitlines()[:6] == [
        "a=ice-lite",
        "a=group:BUNDLE a v",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:a",
        "a=ice-ufrag:us",
        "a=ice-pwd:secret",
    ]
    assert text.count("a=candidate:") == 2
    parsed = parse_fragment(text)
    assert (parsed.ufrag, parsed.password) == ("us", "secret")


@given(st.text())
def test_any_text(text: str) -> None:
    """A fragment or a refusal."""
    try:
        parse_fragment(text)
    except OfferError as refusal:
        assert refusal.status == 400
