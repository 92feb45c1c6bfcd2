"""The cursor of the feed."""

import base64

import pytest

from server.feed.cursor import (
    APART,
    LIFETIME,
    MAX_CURSOR,
    MAX_SEEN,
    BadCursor,
    OldCursor,
    Position,
    mark_of,
    read_cursor,
    write_cursor,
)

SECRET, OLDER = b"s" * 32, b"o" * 32
NOW = 1_700_000_000.0


def marks(*ids: str) -> list[bytes]:
    return [mark_of("live", id) for id in ids]


def test_a_cursor_keeps_the_position() -> None:
    position = Position(7).after(marks("a", "b"), marks("x", "y"))
    text = write_cursor(position, SECRET, "p-1", NOW)
    for secrets in ([SECRET], [OLDER, SECRET]):
        assert read_cursor(text, secrets, "p-1", NOW + LIFETIME - 1) == position
    assert position == Position(8, tuple(marks("a", "b")), tuple(marks("x", "y")))


def test_the_largest_position_fits() -> None:
    position = Position((1 << 32) - 1)
    for page in range(60):
        items = marks(*(f"{page}-{number}" for number in range(10)))
        position = position.after(items, items)
    assert len(position.seen) == MAX_SEEN and len(position.creators) == APART
    assert position.seen[-10:] == tuple(items) and position.seed == 59
    text = write_cursor(position, SECRET, "p" * 32, NOW)
    assert len(text) <= MAX_CURSOR
    assert read_cursor(text, [SECRET], "p" * 32, NOW) == position


def test_an_item_that_is_seen_again_is_the_last() -> None:
    position = Position(0).after(marks("a", "b"), []).after(marks("a"), [])
    assert position.seen == tuple(marks("b", "a"))


@pytest.mark.parametrize("later", [LIFETIME, 1e6, -3_600.0, -1e9])
def test_an_old_cursor_and_one_of_a_clock_that_was_set_back(later: float) -> None:
    text = write_cursor(Position(1), SECRET, "p-1", NOW)
    with pytest.raises(OldCursor):
        read_cursor(text, [SECRET], "p-1", NOW + later)


def test_a_cursor_of_another_person() -> None:
    text = write_cursor(Position(1), SECRET, "p-1", NOW)
    for other in ("p-2", ""):
        with pytest.raises(BadCursor):
            read_cursor(text, [SECRET], other, NOW)


def test_a_cursor_without_a_person_is_valid_for_everyone() -> None:
    text = write_cursor(Position(1), SECRET, "", NOW)
    for person in ("", "p-1"):
        assert read_cursor(text, [SECRET], person, NOW) == Position(1)


def test_every_changed_byte_is_noticed() -> None:
    text = write_cursor(Position(1).after(marks("a"), marks("x")), SECRET, "p-1", NOW)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        forged = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        with pytest.raises(BadCursor):
            read_cursor(forged, [SECRET], "p-1", NOW)
    with pytest.raises(BadCursor):
        read_cursor(text, [OLDER], "p-1", NOW)


@pytest.mark.parametrize(
    "text", ["", "x", "AAAA", "ü" * 40, "\ud800", "A" * 10_000, "A" * 60, "=" * 60, "A A" * 20]
)
def test_what_is_no_cursor(text: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(text, [SECRET], "p-1", NOW)
