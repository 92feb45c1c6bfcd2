"""The word list: disguises that do not hide a word, and innocent words that it ignores."""

import unicodedata

import pytest

from server.social import word_list
from server.social.word_list import MAX_CHARACTERS, MAX_WORDS, BadWords, WordList

WORDS = WordList(
    [
        "ass",
        "shit",
        "hell",
        "slut",
        "바보",
        "시발",
        "hitler*",
        "1488",
        "死ね",
        "therapist",
        "paypal",
    ]
)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ass", "ass"),
        ("you ASS!", "ass"),
        ("a s s", "ass"),
        ("a.s.s", "ass"),
        ("a-s_s", "ass"),
        ("aaasssss", "ass"),
        ("as ss", "ass"),
        ("@ss", "ass"),
        ("a\u200bs\u00ads", "ass"),
        ("a\u3164ss", "ass"),
        ("sh1t", "shit"),
        ("SHIT", "shit"),
        ("$hit", "shit"),
        ("$h!t!", "shit"),
        ("s h i t", "shit"),
        ("ѕһіт", "shit"),
        ("ＳＨＩＴ", "shit"),
        ("ⓢⓗⓘⓣ", "shit"),
        ("shìt", "shit"),
        ("s̷h̷i̷t̷", "shit"),
        ("SHlT", "shit"),
        ("HeII", "hell"),
        ("s1ut", "slut"),
        ("바보", "바보"),
        ("바보야 왜", "바보"),
        ("바 보", "바보"),
        ("바ㅂㅗ", "바보"),
        ("시바ㄹ", "시발"),
        ("ㅅㅣ발", "시발"),
        ("Hitlerite", "hitler*"),
        ("1488", "1488"),
        ("お前死ねよ", "死ね"),
        ("the rapist", "therapist"),
        ("paypaI", "paypal"),
        ("раураl", "paypal"),
    ],
)
def test_what_hides_no_word(text: str, word: str) -> None:
    assert WORDS.find(text) == word


@pytest.mark.parametrize(
    "text",
    [
        "",
        "as",
        "class",
        "assist",
        "grass",
        "as sure as",
        "push it",
        "hello",
        "shell",
        "다시 발표",
        "price 14880",
        "455",
        "4 5 5",
        "wow! nice",
        "🌊🌊",
        "\u0301\u0301",
    ],
)
def test_innocent_texts(text: str) -> None:
    assert WORDS.find(text) is None


def test_a_star_also_matches_within_words() -> None:
    assert WordList(["*cunt*"]).find("Scunthorpe") == "*cunt*"
    assert WordList(["cunt"]).find("Scunthorpe") is None
    assert WordList(["*bank"]).find("riverbank") == "*bank"
    assert WordList(["*bank"]).find("banking") is None


def test_repeated_letters_of_the_list_are_needed() -> None:
    """`boob` has no repetition; `coop` is not `cop`."""
    assert WordList(["coop"]).find("cop") is None
    assert WordList(["cop"]).find("coooop") == "cop"


def test_words_are_kept_as_the_creator_wrote_them_without_duplicates() -> None:
    assert WordList(["  Foo ", "Foo", "", "bar"]).words == ("Foo", "bar")
    assert WordList().find("anything") is None


def test_two_words_with_equal_letters_are_both_found() -> None:
    words = WordList(["bob", "boob"])
    assert words.find("bob") == "bob"
    assert words.find("boob") in ("bob", "boob")


@pytest.mark.parametrize(
    "words",
    [
        [str(number) + "x" for number in range(MAX_WORDS + 1)],
        ["x" * (MAX_CHARACTERS + 1)],
        ["***"],
        ["!!!"],
        ["\u200b"],
    ],
    ids=["too many", "too long", "stars", "symbols", "invisible"],
)
def test_bad_lists(words: list[str]) -> None:
    with pytest.raises(BadWords):
        WordList(words)


def test_a_long_list_and_a_long_text() -> None:
    words = WordList([f"word{number}" for number in range(MAX_WORDS)])
    assert words.find("a" * 100_000) is None
    assert words.find(f"xx {'y' * 300} word499") == "word499"


def test_characters_that_stand_for_many_cost_little_and_hide_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[int] = []
    readings = word_list._readings

    def counted(text: str) -> list[list[str]]:
        read.append(len(unicodedata.normalize("NFKC", text)))
        return readings(text)

    monkeypatch.setattr(word_list, "_readings", counted)
    words = WordList(["bad"])
    assert words.find("\ufdfa" * 297 + "bad") == "bad" and words.find("\ufdfa" * 300) is None
    assert words.find("b\ufb01d ｂａｄ") == "bad"
    assert max(read) <= 300
