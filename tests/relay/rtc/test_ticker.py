"""The common timer of the sessions: whom it calls, and when."""

import asyncio
from time import monotonic

import pytest

from relay.pause import READING_MAX, PauseRule
from relay.rtc.ticker import TICK, Ticker
from tests.fixtures.deadline import eventually


class Session:
    """Records its calls. `every`: time until its work is due again, seconds."""

    def __init__(self, every: float, *, fails: bool = False) -> None:
        self.due_at = 0.0
        self.calls: list[tuple[float, bool]] = []
        self.ended: Session | None = None
        """A session that this session removes when it is called."""
        self.ticker: Ticker | None = None
        self._every = every
        self._fails = fails

    def tick(self, now: float, *, judge: bool) -> None:
        assert now >= self.due_at
        self.calls.append((now, judge))
        self.due_at = now + self._every
        if self.ended and self.ticker:
            self.ticker.remove(self.ended)
        if self._fails:
            raise ZeroDivisionError


def made(*, unread: bool = False) -> Ticker:
    return Ticker(PauseRule(lambda: unread))


async def test_a_session_is_called_when_its_work_is_due() -> None:
    """At the first tick after the time that the session gives; one without work is not called."""
    ticker, busy, idle = made(), Session(0.0), Session(3_600.0)
    idle.due_at = monotonic() + 3_600.0
    ticker.add(busy)
    ticker.add(idle)
    await eventually(lambda: len(busy.calls) >= 4)
    assert busy.calls[3][0] - busy.calls[0][0] >= 3 * TICK * 0.9
    assert idle.calls == []
    idle.due_at = 0.0
    await eventually(lambda: idle.calls)
    ticker.remove(busy)
    ticker.remove(idle)


async def test_the_timer_ends_with_the_last_session() -> None:
    ticker, session = made(), Session(0.0)
    ticker.add(session)
    timer = ticker._timer
    assert timer is not None
    ticker.remove(session)
    ticker.remove(session)
    assert timer.cancelled() and ticker._timer is None
    ticker.add(session)
    await eventually(lambda: session.calls)
    ticker.remove(session)


async def test_an_error_of_one_session_does_not_affect_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ticker, broken, other = made(), Session(0.0, fails=True), Session(0.0)
    ticker.add(broken)
    ticker.add(other)
    await eventually(lambda: len(other.calls) >= 2)
    assert len(broken.calls) >= 2 and "ZeroDivisionError" in caplog.text
    ticker.remove(broken)
    ticker.remove(other)


async def test_a_session_that_another_session_ends_is_not_called() -> None:
    ticker, first, second = made(), Session(0.0), Session(0.0)
    first.ended, first.ticker = second, ticker
    ticker.add(first)
    ticker.add(second)
    await eventually(lambda: first.calls)
    await asyncio.sleep(0)
    assert second.calls == []
    ticker.remove(first)


async def test_after_a_pause_nothing_is_judged_before_the_sockets_are_read() -> None:
    """The first tick follows a pause, since nothing ticked before it."""
    ticker, session = made(unread=True), Session(0.0)
    ticker.add(session)
    await eventually(lambda: session.calls and session.calls[-1][1])
    began, judged = session.calls[0], session.calls[-1]
    assert not began[1] and judged[0] - began[0] >= READING_MAX
    ticker.remove(session)
