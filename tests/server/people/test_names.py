"""Which names are valid, how they are shown, and which count as the same."""

from contextlib import suppress

import pytest

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.people.characters import category, nfkc
from server.people.names import numbered, read_handle, read_name
from server.people.reserved import OFFICES, PARTS

GOOSE, BAGS_UNDER_EYES, ORCA = "\U0001fabf", "\U0001fae9", "\U0001facd"
"""Emoji of Unicode 15, 16 and 17; Python 3.11 knows none of them."""
FAMILY, KEYCAP, HEART = "👩\u200d👩\u200d👧", "1\ufe0f\u20e3", "❤\ufe0f"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def code_of(text: object, read: object = read_name) -> RefusalCode:
    with pytest.raises(Unprocessable) as caught:
        read(text)  # type: ignore[operator]
    return caught.value.code


@pytest.mark.parametrize(
    "name",
    [
        *(
            "다크걸",
            "عمر",
            "🌊",
            HEART,
            FAMILY,
            KEYCAP,
            GOOSE,
            BAGS_UNDER_EYES,
            ORCA,
            ENGLAND,
            "🇰🇷",
        ),
        *(
            "👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏽",
            "ㅋㅋ",
            "می\u200cخواهم",
            "עִבְרִית",
            "བསྒྲུབས",
            "ไทยดี",
            "■",
            "☃",
            "☃\ufe0f",
        ),
        *("Dark", "🌊 dark 🌊", "badminton", "<b>", "Dark#27", "x" * 30, "다" * 30),
    ],
)
def test_valid_names_stay_as_they_are(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "\n",
            "a\0b",
            "a\x7f",
            "\u3164",
            "a\u202eb",
            "a\u2066b",
            "\ufe0f",
            "\u200d",
            "\u034f",
        ),
        *(
            "\u2800",
            "\ufffd",
            "a\u2800",
            "\U000e0041",
            "\ud800",
            "\ue000",
            "\u0301a",
            "🌊\ufe0f\ufe0f",
        ),
        *("x" + "\u0301" * 5, "\u0378", "\u200b", "\u115f", None, 7, ["a"]),
    ],
    ids=ascii,
)
def test_invalid_names(text: object) -> None:
    """Control characters, bidi overrides, ignorable characters, blanks, piles of accents,
    unassigned characters, and what is not text.
    """
    assert code_of(text) is RefusalCode.BAD_NAME


@pytest.mark.parametrize(
    "text", ["x" * 31, "🌊" * 31, "x" + "\u0301" * 300, FAMILY * 9, "x" * 100_000], ids=len
)
def test_names_that_are_too_long(text: str) -> None:
    assert code_of(text) is RefusalCode.NAME_TOO_LONG


def test_the_shown_form_is_final() -> None:
    """For every character that normalisation changes, the shown form is valid and does not change
    again.
    """
    for number in range(0x110000):
        character = chr(number)
        if category(character) in ("Cn", "Co", "Cs") or nfkc(character) == character:
            continue
        with suppress(Unprocessable):
            shown = read_name(f"a{character}")
            assert read_name(shown) == shown, ascii(character)


def test_names_are_normalised() -> None:
    assert read_name("  Dark \u3000 Girl ") == "Dark Girl"
    assert read_name("ｄａｒｋ") == "dark"
    assert read_name("\u1112\u1161\u11ab") == "한"


def test_handles_that_are_the_same_or_look_the_same() -> None:
    dark = read_handle("@Dark")
    assert (dark.shown, dark.key) == ("Dark", "dark")
    assert read_handle("DARK").key == dark.key
    for alike in ("D\u0430rk", "\u13a0ark", "Ｄark"):
        assert read_handle(alike).skeleton == dark.skeleton
    assert read_handle("D\u0430rk").key != dark.key
    assert read_handle(HEART).key == "❤"
    assert read_handle(FAMILY).key == read_handle("👩👩👧").key
    for left, right in (("paypal", "paypaI"), ("user10", "userlO"), ("modern", "rnodern")):
        assert read_handle(left).skeleton == read_handle(right).skeleton
    assert read_handle("다크걸").skeleton != read_handle("다크겔").skeleton


@pytest.mark.parametrize("text", ["a b", "a/b", "a@b", "a.", "-a", "___", "a?b", "<b>", "a#1", "."])
def test_handles_have_no_spaces_and_little_punctuation(text: str) -> None:
    assert code_of(text, read_handle) is RefusalCode.BAD_NAME
    assert read_handle("_a.b-c_").shown == "_a.b-c_"


@pytest.mark.parametrize(
    "handle", ["다크걸", "عمر", "🌊", HEART, FAMILY, KEYCAP, ORCA, "ㅋㅋ", "Dark🌊"]
)
def test_handles_of_any_script(handle: str) -> None:
    assert read_handle(handle).shown == handle


@pytest.mark.parametrize(
    "name",
    [
        *(
            "admin",
            "Admin1",
            "\u0430dmin",
            "0perator",
            "_관리자_",
            "운영자",
            "운영자님",
            "관리자 봇",
        ),
        *("✅ official", "micro live", "Microlive Team", "Moderators of this room"),
    ],
)
def test_reserved_names(name: str) -> None:
    assert code_of(name) is RefusalCode.NAME_RESERVED


@pytest.mark.parametrize("word", [*OFFICES.split(), *PARTS.split()])
def test_every_reserved_word_is_refused_as_a_handle(word: str) -> None:
    assert code_of(word, read_handle) is RefusalCode.NAME_RESERVED


def test_a_number_tells_a_guest_from_the_owner_of_a_handle() -> None:
    assert numbered("Dark", "a") == numbered("Dark", "a") != numbered("Dark", "b")
    assert read_name(numbered("Dark", "a")) == numbered("Dark", "a")
