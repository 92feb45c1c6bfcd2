"""The cursor of the page of a tag."""

import pytest

from server.discovery.cursor import BadCursor, read_cursor, write_cursor

SECRET, OLD = b"s" * 32, b"o" * 32


def test_a_cursor_comes_back() -> None:
    """Also after another key has begun to sign."""
    for at in (0.0, 1.5, 1e12, -1.0):
        cursor = write_cursor(OLD, "먹방", at, "k3v9x2")
        assert read_cursor([SECRET, OLD], "먹방", cursor) == (at, "k3v9x2")


def test_a_cursor_of_another_tag_or_server_is_refused() -> None:
    cursor = write_cursor(SECRET, "one", 1.0, "k3v9x2")
    for secret, tag in ((OLD, "one"), (SECRET, "two")):
        with pytest.raises(BadCursor):
            read_cursor([secret], tag, cursor)


def test_forged_cursors() -> None:
    cursor = write_cursor(SECRET, "one", 1.0, "k3v9x2")
    forged = [cursor[:-1], cursor[:10], "AAAA", "다크걸", "a" * 1_000_000, "=", "\0"]
    forged += [
        cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in (0, 9)
    ]
    for text in forged:
        with pytest.raises(BadCursor):
            read_cursor([SECRET], "one", text)
