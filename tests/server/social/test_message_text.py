"""Texts that people may write, and the form in which they are stored."""

import unicodedata

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.social.message_text import MAX_BYTES, MAX_CLUSTERS, MAX_MARKS, read_text, shorten

FAMILY = "👩‍👩‍👧"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "안녕하세요 😀",
        "مرحبا بكم",
        "שלום\u200f!",
        "ก็ดี",
        FAMILY,
        ENGLAND,
        "🇰🇷❤️1️⃣",
        "<script>alert(1)</script> & <b>bold</b>",
        "می\u200cخواهم",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert read_text(text) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("  a\n\n b\t\u2028c \u3000", "a b c"),
        ("  a   b ", "a b"),
        ("a\u0000b\u001b[31mc\u0085", "ab[31mc"),
        ("a\u202eb\u202cc\u2066d\u2069", "abcd"),
        ("e\u0301", "é"),
        ("\u1112\u1161\u11ab", "한"),
        ("a\ufeffb\ufff9c\ufdd0d\U0001ffffe", "abcde"),
        ("x\U000e0041\U000e0042y", "xy"),
        ("z" + "\u0301" * 300 + "!", "ź" + "\u0301" * MAX_MARKS + "!"),
        ("a" + "\u0489" * 9, "a" + "\u0489" * MAX_MARKS),
    ],
)
def test_what_harms_the_page_is_left_out(text: str, stored: str) -> None:
    assert read_text(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "\u200b\u200d",
        "\u3164\u115f",
        "\u2800",
        "\u0000",
        "\u202e",
        "\u0301",
        "\ufe0f",
    ],
)
def test_a_message_has_visible_text(text: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        read_text(text)
    assert caught.value.code is RefusalCode.EMPTY_MESSAGE


@pytest.mark.parametrize(
    ("character", "number"),
    [("x", MAX_CLUSTERS), ("각", MAX_CLUSTERS), ("ź", MAX_CLUSTERS), (FAMILY, MAX_BYTES // 18)],
)
def test_the_longest_texts(character: str, number: int) -> None:
    """They are limited by characters as people count them, and by bytes."""
    assert read_text(character * number) == unicodedata.normalize("NFC", character * number)
    for longer in (number + 1, 10 * number):
        with pytest.raises(Unprocessable) as caught:
            read_text(character * longer)
        assert caught.value.code is RefusalCode.MESSAGE_TOO_LONG


def test_ten_kilobytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(Unprocessable) as caught:
        read_text("\u0000" * 10_000 + "short")
    assert caught.value.code is RefusalCode.MESSAGE_TOO_LONG


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Unprocessable) as caught:
        read_text("a\ud800b")
    assert caught.value.code is RefusalCode.BAD_MESSAGE


@example("0\r\x1f\x850")
@given(st.text(alphabet=st.characters(), max_size=400))
def test_any_text(text: str) -> None:
    """The stored text is within the limits, and reading it again changes nothing."""
    try:
        stored = read_text(text)
    except Unprocessable:
        return
    assert len(regex.findall(r"\X", stored)) <= MAX_CLUSTERS
    assert len(stored.encode()) <= MAX_BYTES
    assert not regex.search(r"[\p{Cc}\u202A-\u202E\u2066-\u2069]|\p{M}{6}", stored)
    assert read_text(stored) == stored


def test_shortened_text_breaks_no_character() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "abc…"
    assert shorten(FAMILY * 3, 2) == FAMILY * 2 + "…"
    assert shorten(FAMILY * 2, 2) == FAMILY * 2
    assert shorten("ab cd", 3) == "ab…"
