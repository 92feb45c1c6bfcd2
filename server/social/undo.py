"""For how long a moderator can take back what hides messages. Pure.

Storage knows when a message was removed, so that an action can be undone at every server and after
a restart.
"""

WITHIN = 10.0
"""Seconds for which a removal, and the removals of a ban, can be undone."""


def can_undo(done_at: float, now: float) -> bool:
    """Whether an action of `done_at` can be undone at `now`, both in Unix seconds. An action of the
    future can be undone: the clock was set back, or the clock of another server is ahead.
    """
    return now - done_at < WITHIN
