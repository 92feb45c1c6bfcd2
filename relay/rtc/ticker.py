"""One timer for all sessions of a UDP port. A timer for each session would cost more time than the
work that it starts.
"""

import asyncio
import logging
from time import monotonic
from typing import Final, Protocol

from relay.pause import PauseRule

logger = logging.getLogger(__name__)

TICK: Final = 0.02
"""Time between two ticks, seconds."""


class Ticking(Protocol):
    """A session with work that becomes due as time passes."""

    due_at: float
    """Time from which the work is due, seconds of `time.monotonic`. The session is called at the
    first tick after this time, and must then set `due_at` to the next time.
    """

    def tick(self, now: float, *, judge: bool) -> None:
        """Does the work that is due. `judge`: whether data that has not arrived may count as
        missing. After a pause of the process, `judge` is false until all datagrams that arrived
        during the pause have been read.
        """


class Ticker:
    """Calls each session whose work is due. The timer runs only while there are sessions."""

    def __init__(self, pause: PauseRule) -> None:
        self._pause = pause
        self._sessions: dict[Ticking, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, session: Ticking) -> None:
        """Calls the session whenever its work is due, until `remove`."""
        self._sessions[session] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK, self._run)

    def remove(self, session: Ticking) -> None:
        """Removes a session. Does nothing if the session was not added."""
        self._sessions.pop(session, None)
        if not self._sessions and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK, self._run)
        now = monotonic()
        judge = self._pause.may_judge(now)
        for session in [each for each in self._sessions if each.due_at <= now]:
            if session in self._sessions:  # an earlier call may have ended this session
                try:
                    session.tick(now, judge=judge)
                except Exception:  # an error of one session must not affect the others
                    logger.exception("the work of a session failed")
