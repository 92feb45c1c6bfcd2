"""Whether the client of an answer takes its bytes, with a clock of the test."""

import asyncio
from typing import cast
from unittest.mock import Mock

from aiohttp.abc import AbstractStreamWriter

from server.http.delivery import LEAST, STALLED, Delivery


class Sending:
    """An answer: the transport was given `written` bytes, of which `waiting` still wait."""

    def __init__(self) -> None:
        self.transport = Mock(spec=asyncio.Transport)
        self.transport.get_extra_info.return_value = None
        self.writer = Mock(spec=AbstractStreamWriter)
        self.delivery = Delivery(
            cast(asyncio.Transport, self.transport), cast(AbstractStreamWriter, self.writer), 0.0
        )

    def stalled(self, now: float, written: int, waiting: int) -> bool:
        self.writer.output_size = written
        self.transport.get_write_buffer_size.return_value = waiting
        return self.delivery.stalled(now)


def test_a_client_that_takes_nothing() -> None:
    sending = Sending()
    assert not sending.stalled(1.0, 100_000, 65_536)
    assert not sending.stalled(1.0 + STALLED - 0.1, 100_000, 65_536)
    assert sending.stalled(1.0 + STALLED, 100_000, 65_536)


def test_a_client_that_takes_enough() -> None:
    """The transport may be as full as before, because another slice was written."""
    sending = Sending()
    for tick in range(20):
        assert not sending.stalled(tick * (STALLED - 1), 100_000 + tick * LEAST, 65_536)


def test_a_client_that_takes_a_byte_now_and_then() -> None:
    sending = Sending()
    answers = [sending.stalled(tick, 100_000 + tick, 65_536) for tick in range(round(STALLED) + 1)]
    assert answers == [False] * round(STALLED) + [True]
