"""The notices of viewers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.channel.notice import BURST, NUMBER_MAX, PER_SECOND, Allowance, read_notice, read_number
from relay.errors import MessageError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "null",
        "[]",
        "7",
        "{}",
        '{"type":5}',
        '{"type":null}',
        "[" * 4_000,
        "9" * 4_400,
    ],
    ids=lambda text: str(text)[:20],
)
def test_what_is_no_notice(text: str) -> None:
    with pytest.raises(MessageError):
        read_notice(text)


@given(st.text())
def test_any_text_is_a_notice_or_a_message_error(text: str) -> None:
    try:
        kind, notice = read_notice(text)
    except MessageError:
        return
    assert notice["type"] == kind


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), (7.9, 7), ("7", 7), (-NUMBER_MAX, -NUMBER_MAX)]
)
def test_numbers(value: object, number: int) -> None:
    assert read_number({"id": value}, "id") == number


@pytest.mark.parametrize("value", [None, "x", [], float("inf"), float("nan"), NUMBER_MAX])
def test_what_is_no_number(value: object) -> None:
    for notice in ({"id": value}, {}):
        with pytest.raises(MessageError):
            read_number(notice, "id")


def test_an_allowance_refills() -> None:
    """A burst is allowed at once, then some every second. After a silence a burst is allowed again,
    never more.
    """
    allowance = Allowance(0.0)
    assert [allowance.take(0.0) for _ in range(BURST)] == [True] * BURST
    assert [allowance.take(1.0) for _ in range(PER_SECOND + 1)] == [True] * PER_SECOND + [False]
    assert [allowance.take(100.0) for _ in range(BURST)] == [True] * BURST
    assert not allowance.take(100.0) and allowance.used_at == 100.0


def test_refused_notices_take_nothing() -> None:
    """A flood does not silence the viewer: notices within the limit are still accepted."""
    allowance = Allowance(0.0)
    taken = sum(allowance.take(second / 1_000) for second in range(10_000))
    assert BURST + 9 * PER_SECOND <= taken <= BURST + 10 * PER_SECOND
