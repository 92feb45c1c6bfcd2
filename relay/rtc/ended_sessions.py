"""Remembers which WHIP or WHEP sessions have ended, so that a client may end such a session again.
Pure; `now` in seconds.
"""

from typing import Final

KEPT_FOR: Final = 60.0
"""Time for which an ended session is remembered, seconds."""
MOST: Final = 10_000
"""Maximum number of sessions that are remembered."""


class EndedSessions:
    """The sessions that ended within the last minute, each with its room.

    A client often closes its connection, which ends the session, and then sends DELETE.
    """

    def __init__(self) -> None:
        self._ended: dict[str, tuple[str, float]] = {}

    def add(self, session: str, room: str, now: float) -> None:
        """Records that a session has ended. Does nothing if the session is known."""
        ended = self._ended
        while ended:
            oldest = next(iter(ended))
            if len(ended) < MOST and now - ended[oldest][1] <= KEPT_FOR:
                break
            del ended[oldest]
        ended.setdefault(session, (room, now))

    def has(self, session: str, room: str, now: float) -> bool:
        """Whether this session of this room ended within the last minute."""
        found = self._ended.get(session)
        return found is not None and found[0] == room and now - found[1] <= KEPT_FOR
