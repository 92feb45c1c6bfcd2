"""Remembers for some seconds which person was admitted at which device. During a flood of messages
from one device, the server therefore does not read storage for each message. Pure: `now` is any
monotonic time in seconds.
"""

from server.people.person import Person
from server.recent import Recent

ADMITTED_FOR = 2.0
"""Seconds for which an admission is valid. A sign-out at another server takes effect within this
time.
"""
MAX_ADMITTED = 10_000
"""Maximum number of devices that are remembered. The oldest admission is forgotten first."""


class Admitted:
    """A bounded memory of admissions."""

    def __init__(self) -> None:
        self._people: Recent[str, tuple[Person, float]] = Recent(MAX_ADMITTED)

    def keep(self, device: str, person: Person, now: float) -> None:
        self._people.keep(device, (person, now))

    def find(self, device: str, person: str, now: float) -> Person | None:
        """Returns the person with this id if this device was admitted within the last ADMITTED_FOR
        seconds.
        """
        known, at = self._people.get(device, (None, now))
        if known is None or known.id != person or not 0 <= now - at < ADMITTED_FOR:
            return None
        return known

    def forget(self, device: str) -> None:
        """Forgets an admission. Call this method after a change of the person."""
        self._people.pop(device, None)

    def __len__(self) -> int:
        return len(self._people)
