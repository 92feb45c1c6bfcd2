"""The bio and the link of a person's page."""

import pytest

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.social.profile_text import MAX_BIO, MAX_LINK, read_bio, read_link


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("", ""),
        ("  I draw\n\n cats \x00 ", "I draw cats"),
        ("\u202egnp.exe", "gnp.exe"),
        ("하늘을 찍어요 🌊", "하늘을 찍어요 🌊"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("👩‍👩‍👧" * 40, "👩‍👩‍👧" * 40),
    ],
)
def test_bios(given: str, stored: str) -> None:
    assert read_bio(given) == stored


@pytest.mark.parametrize("given", [None, 1, ["x"], "x" * (MAX_BIO + 1), "x" * 100_000, "\ud800"])
def test_a_bad_bio(given: object) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_bio(given)
    assert refused.value.code is RefusalCode.BAD_BIO


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("", ""),
        ("   ", ""),
        ("https://a.example", "https://a.example"),
        ("https://a.example\n", "https://a.example"),
        ("a.example/me", "https://a.example/me"),
        ("a.example:8443/x?y=1#z", "https://a.example:8443/x?y=1#z"),
        ("https://하늘.한국/길", "https://xn--wh1bz27d.xn--3e0b707e/%EA%B8%B8"),
    ],
)
def test_links(given: str, stored: str) -> None:
    assert read_link(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *(None, 1, "http://a.example", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.c"),
        *("https://", "https://localhost", "https://127.0.0.1", "https://[::1]/", "//a.example"),
        *("https://user:password@a.example", "https://a@b.example", "https://a.example/\u202e"),
        *("https://a b.example", "x" * 6_000, "https://-.example"),
        "https://a.example/" + "x" * MAX_LINK,
    ],
)
def test_a_bad_link(given: object) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_link(given)
    assert refused.value.code is RefusalCode.BAD_LINK
