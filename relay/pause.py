"""The rule that a timer obeys before it treats something as missing. Pure; `now` in seconds.

While the process is paused (by a garbage collection, a swapped page or SIGSTOP), datagrams wait in
the sockets. After the pause, a timer may run before these datagrams are read. Without the rule, the
timer would treat the waiting datagrams as missing.
"""

from collections.abc import Callable
from typing import Final

LATE: Final = 0.04
"""Maximum time between two calls of `may_judge`, seconds. If more time has passed, the process may
have been paused.
"""
READING_MAX: Final = 1.0
"""Maximum time that a timer waits after a pause until all sockets are empty, seconds. In an
overloaded process, the sockets may never become empty.
"""
JUDGE_AGAIN: Final = 0.02
"""Time after which a timer that had to wait calls `may_judge` again, seconds."""


class PauseRule:
    """Decides whether a timer may treat something as missing. After a pause, the timer must wait
    until all datagrams that arrived during the pause have been read.
    """

    def __init__(self, unread: Callable[[], bool]) -> None:
        """`unread`: a function that returns whether any datagram waits in a socket. Called only
        after a pause.
        """
        self._unread = unread
        self._asked_at: float | None = None
        self._reading_since: float | None = None

    def may_judge(self, now: float) -> bool:
        """Whether a timer may treat something as missing now. If the result is False, the timer
        must call this method again later.
        """
        asked_at, self._asked_at = self._asked_at, now
        if self._reading_since is None:
            if asked_at is not None and now - asked_at <= LATE:
                return True
            self._reading_since = now
        if now - self._reading_since < READING_MAX and self._unread():
            return False
        self._reading_since = None
        return True
