"""Tags in texts of any script."""

import pytest

from server.discovery.tags import MAX_LENGTH, MAX_TAGS, read_tag, tags_of


def keys(text: str) -> list[str]:
    return [tag.tag for tag in tags_of(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("no tag", []),
        ("#Cooking with #Mum!", ["cooking", "mum"]),
        ("오늘의 #먹방, 라이브", ["먹방"]),
        ("#먹방#라이브", ["먹방", "라이브"]),
        ("#ＡＢＣ ＃다크걸", ["abc", "다크걸"]),
        ("#Straße #STRASSE", ["strasse"]),
        ("#مرحبا بالعالم", ["مرحبا"]),
        ("#שלום", ["שלום"]),
        ("#हिन्दी", ["हिन्दी"]),
        ("#🎸 #❤️ #❤", ["🎸", "❤"]),
        ("#🇰🇷", ["🇰🇷"]),
        ("#snake_case #kebab-case", ["snake_case", "kebab"]),
        ("C#sharp #1 #2024 #a1", ["a1"]),
        ("https://example.org/#part &#39; ##twice", ["twice"]),
        ("# #! #_ #\u200d #\ufe0f", []),
        ("#\u1103\u1161\u110f\u1173", ["다크"]),
        ("(#in brackets) \u201c#quoted\u201d", ["in", "quoted"]),
    ],
    ids=ascii,
)
def test_tags(text: str, found: list[str]) -> None:
    assert keys(text) == found


def test_a_tag_keeps_its_spelling() -> None:
    [tag] = tags_of("#DarkGirl")
    assert (tag.tag, tag.name) == ("darkgirl", "DarkGirl")


def test_10_000_tags() -> None:
    """Only the first tags count, and equal tags count once."""
    assert keys(" ".join(f"#t{number}" for number in range(10_000))) == [
        f"t{number}" for number in range(MAX_TAGS)
    ]
    assert keys("#same " * 10_000) == ["same"]
    assert keys("#" * 100_000) == []


def test_long_words_are_no_tags() -> None:
    """The length counts after the normalisation: U+FDFA becomes 18 characters."""
    assert keys("#" + "a" * MAX_LENGTH) == ["a" * MAX_LENGTH]
    assert keys("#" + "a" * (MAX_LENGTH + 1)) == []
    assert keys("#" + "\ufdfa" * 3) == []
    assert read_tag("a" * 1_000_000) is None


@pytest.mark.parametrize("word", ["", " ", "a b", "a\0b", "\u202eabc", "a#b", "1", "a\ud800"])
def test_words_that_are_no_tag(word: str) -> None:
    assert read_tag(word) is None


def test_a_key_is_its_own_key() -> None:
    for tag in tags_of("#Straße #ＡＢＣ #İstanbul #❤️ #다크걸 #ǅ #ﬁ"):
        again = read_tag(tag.tag)
        assert again is not None and again.tag == tag.tag
