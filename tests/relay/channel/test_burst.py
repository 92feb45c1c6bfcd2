"""What joining viewers begin with."""

import pytest

from relay.channel.burst import STALE, Burst
from relay.channel.outbox import Message


def message(frame: bytes, *, key: bool = False, publish: int = 0) -> Message:
    return Message(frame, b"", 0, publish, video=True, key=key)


def test_all_since_the_last_idr_in_order() -> None:
    burst = Burst()
    burst.add(message(b"before any"))
    assert burst.messages == [] and burst.is_stale(0)
    for frame, key in (
        (b"i1", True),
        (b"p1", False),
        (b"i2", True),
        (b"p2", False),
        (b"p3", False),
    ):
        burst.add(message(frame, key=key))
    assert [each.frame for each in burst.messages] == [b"i2", b"p2", b"p3"]


def test_an_old_idr_and_none_are_stale() -> None:
    burst = Burst()
    burst.add(message(b"i", key=True, publish=5))
    assert not burst.is_stale(5 + STALE) and burst.is_stale(6 + STALE)
    burst.forget()
    assert burst.messages == [] and burst.is_stale(5)
    burst.add(message(b"p"))
    assert burst.messages == []


def test_too_much_is_forgotten_until_the_next_idr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.channel.burst.BURST_MAX", 10)
    burst = Burst()
    burst.add(message(b"123456", key=True))
    burst.add(message(b"7890"))
    assert len(burst.messages) == 2
    burst.add(message(b"1"))
    burst.add(message(b"2"))
    assert burst.messages == [] and burst.is_stale(0)
    burst.add(message(b"i", key=True))
    assert len(burst.messages) == 1
