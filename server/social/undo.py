"""Decides how long a moderator can undo a removal of messages. Pure.

The time of a removal is stored, so the removal can be undone at every server and after a restart.
"""

WITHIN = 10.0
"""Seconds for which a removal of messages can be undone, whether a moderator or a ban removed the
messages.
"""


def can_undo(done_at: float, now: float) -> bool:
    """Whether an action at the time `done_at` can be undone at `now`, both in Unix seconds.
    `done_at` may be in the future if the clock was set back, or if the clock of another server is
    ahead: the action can then be undone.
    """
    return now - done_at < WITHIN
