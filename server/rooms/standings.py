"""The relations of people to the creator of one room. The room reads the relations from storage,
and remembers the relations for a short time.
"""

from server.recent import Recent
from server.rooms.part import RoomContext
from server.social.moderation import STRANGER, Standing
from server.storage.errors import StorageError

STANDING_FOR = 2.0
"""Seconds for which the room remembers whether a person follows the creator."""
STRANGER_FOR = 30.0
"""Seconds for which a stranger is refused before the room reads storage again. A stranger who
begins to follow the creator in this time is still refused: while the shield is up, new followers
count as strangers.
"""
MAX_PEOPLE = 10_000
"""Maximum number of people whose standing the room remembers."""


class Standings:
    """The standings of the people who write in one room."""

    def __init__(self, context: RoomContext) -> None:
        self._context = context
        self._found: Recent[str, tuple[Standing, float]] = Recent(MAX_PEOPLE)

    async def read(self, person: str) -> Standing:
        """Returns the standing of a person. While storage does not answer, people whom the room
        does not remember count as strangers.
        """
        owner = self._context.record.owner
        if owner is None:
            return STRANGER
        known = self._found.get(person)
        if known and abs(self._context.now - known[1]) < STANDING_FOR:
            return known[0]
        store = self._context.storage.moderation
        try:
            found = Standing(*await store.standing(owner, self._context.room, person))
        except StorageError:
            return known[0] if known else STRANGER
        self._keep(person, found)
        return found

    def last(self, person: str) -> Standing | None:
        """Returns the standing that was read last, of any age; None if the room does not remember
        the person.
        """
        known = self._found.get(person)
        return known[0] if known else None

    def certain(self, person: str) -> Standing | None:
        """Returns the standing that was read last, if this standing is a sufficient reason to
        refuse the person. Otherwise returns None: the caller must read storage first.
        """
        known = self._found.get(person)
        if known is None:
            return None
        standing, at = known
        old = abs(self._context.now - at) >= STRANGER_FOR
        return None if standing == STRANGER and old else standing

    def note_stranger(self, person: str) -> None:
        """Remembers that a person can neither follow the creator nor have written before."""
        if person not in self._found:
            self._keep(person, STRANGER)

    def forget(self, person: str) -> None:
        self._found.pop(person, None)

    def clear(self) -> None:
        self._found.clear()

    def _keep(self, person: str, standing: Standing) -> None:
        self._found.keep(person, (standing, self._context.now))
