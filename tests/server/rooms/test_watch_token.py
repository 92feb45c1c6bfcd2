"""The tokens of watch links."""

import pytest

from server.rooms.watch_token import MAX_TOKEN, WatchToken, read_token, write_token

HASH = b"the hash of a creator key"
LINK = WatchToken(1_790_000_000, link="l-1")
PERSON = WatchToken(1_790_000_000, person="p-1")


@pytest.mark.parametrize("token", [LINK, PERSON])
def test_a_token_is_read_as_it_was_written(token: WatchToken) -> None:
    text = write_token(token, "abc", HASH)
    assert len(text) < MAX_TOKEN and read_token(text, "abc", HASH) == token


def test_a_token_opens_one_room() -> None:
    text = write_token(LINK, "abc", HASH)
    assert read_token(text, "abd", HASH) is None
    assert read_token(text, "abc", b"another hash") is None


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_changed_token_is_refused(at: int) -> None:
    text = write_token(LINK, "abc", HASH)
    changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    assert read_token(changed, "abc", HASH) is None


@pytest.mark.parametrize("text", ["", ".", "x", "x.y", "\0", "é.é", "x" * 10_000])
def test_what_is_no_token(text: str) -> None:
    assert read_token(text, "abc", HASH) is None


@pytest.mark.parametrize("added", ["\r\n", "; ", "é", "="])
def test_other_characters_make_a_token_invalid(added: str) -> None:
    """The token becomes the value of a cookie."""
    text = write_token(WatchToken(2_000_000_000, link="l-1"), "abc", HASH)
    for place in range(len(text) + 1):
        assert read_token(text[:place] + added + text[place:], "abc", HASH) is None
