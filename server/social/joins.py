"""Chooses the names that viewers see when people join. Pure."""

from collections.abc import Mapping
from typing import Any

MAX_WAITING = 50
"""Maximum number of names that are kept for the next event. Further people are only counted."""
SHOWN = 1
"""Number of people whose names one event shows."""


class Joins:
    """The people who have joined since the last event."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._number = 0

    @property
    def waiting(self) -> int:
        """Number of people who have joined since the last event."""
        return self._number

    def add(self, name: str) -> None:
        self._number += 1
        if len(self._names) < MAX_WAITING:
            self._names.append(name)

    def take(self, chance: int) -> Mapping[str, Any]:
        """Returns the event that shows some of the waiting people, and forgets all waiting people.
        `chance`: a random number that chooses the first person to show.
        """
        first = chance % len(self._names)
        names = (self._names[first:] + self._names[:first])[:SHOWN]
        event = {"type": "joined", "names": names, "others": self._number - len(names)}
        self._names, self._number = [], 0
        return event
