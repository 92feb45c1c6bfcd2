"""The names of guests are valid, and there are many."""

import pytest

from server.people.guest_names import guest_name
from server.people.names import read_name


@pytest.mark.parametrize("language", ["en", "ko"])
def test_guest_names_are_valid_and_many(language: str) -> None:
    names = {guest_name(language, chance) for chance in range(3_000)}
    assert len(names) == 44 * 44
    for name in names:
        assert read_name(name) == name


def test_other_languages_get_english_names() -> None:
    assert guest_name("fr", 0) == guest_name("en", 0) == "Amber Badger"
