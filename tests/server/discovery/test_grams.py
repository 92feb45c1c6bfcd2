"""The pairs of characters by which texts are found."""

import pytest

from server.discovery.grams import MAX_GRAMS, grams_of, matches, query_grams


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("방송", "오늘의 먹방송 라이브", True),
        ("먹", "오늘의 먹방송", True),
        ("방", "오늘의 먹방송", False),
        ("COOK", "We are cooking", True),
        ("oki", "cooking", True),
        ("cooking mum", "Mum is #Cooking", True),
        ("cooking dad", "Mum is #Cooking", False),
        ("ＣＯＯＫ", "cooking", True),
        ("🎸", "a 🎸 solo", True),
        ("مرح", "مرحبا", True),
        ("\u1103\u1161\u110f\u1173", "다크걸", True),
        ("x-mail", "my email", False),
        ("#먹방", "#먹방", True),
    ],
    ids=ascii,
)
def test_what_is_found(query: str, text: str, found: bool) -> None:
    """Every text that matches has all grams of the query."""
    assert matches(query, text) is found
    if found:
        assert set(query_grams(query)) <= grams_of(text)


def test_queries_without_words() -> None:
    for query in ("", "   ", "!?", "#"):
        assert query_grams(query) == []


def test_bounds() -> None:
    """A long text or query costs no more than a short one."""
    letters = "".join(chr(0xAC00 + number) for number in range(10_000))
    assert len(grams_of(letters)) <= 400
    assert len(query_grams(letters)) == MAX_GRAMS
    assert matches(letters[:50], letters)
    assert len(grams_of("\ufdfa" * 10_000)) <= 40
