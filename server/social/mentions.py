"""Finds the people whom a text mentions, as `@name`. Pure."""

import unicodedata

from server.people.person import Person
from server.recent import Recent

MAX_MENTIONS = 5
"""Maximum number of people whom one message mentions. Further mentions are only text."""
MAX_TRIED = 20
"""Maximum number of `@` characters in one message that are examined."""
MAX_NAME = 40
"""Maximum length of a mentioned name, characters."""
MAX_NAMES = 4_000
"""Maximum number of names that a room knows. The oldest is forgotten first."""


class KnownNames:
    """The names of people who can be mentioned in one room."""

    def __init__(self) -> None:
        self._people: Recent[str, str] = Recent(MAX_NAMES)
        """Id of the person, by key of the name. The newest name is last."""

    def add(self, person: Person) -> None:
        """Adds the name and the handle of a person. If two people have the same name, a mention
        refers to the person who was added last.
        """
        for name in {person.name, person.handle or ""}:
            if name:
                self._people.keep(_key(name), person.id)

    def find(self, text: str) -> tuple[str, ...]:
        """Returns the ids of the mentioned people, each once, in order. After each `@`, the longest
        known name counts, because a name may contain spaces and a Korean particle may follow the
        name directly (`@민지야`).
        """
        found: dict[str, None] = {}
        start = text.find("@")
        for _ in range(MAX_TRIED):
            if start < 0 or len(found) == MAX_MENTIONS:
                break
            if person := self._longest(text[start + 1 : start + 1 + MAX_NAME]):
                found[person] = None
            start = text.find("@", start + 1)
        return tuple(found)

    def forget(self, person: str) -> None:
        """Forgets the names of a person."""
        for key in [key for key, known in self._people.items() if known == person]:
            del self._people[key]

    def _longest(self, text: str) -> str | None:
        # Normalise the text once, not for each length. The key may be longer than the text: one
        # compatibility character can become 18 characters.
        key = _key(text)
        for length in range(min(len(key), 2 * MAX_NAME), 0, -1):
            if person := self._people.get(key[:length]):
                return person
        return None


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
