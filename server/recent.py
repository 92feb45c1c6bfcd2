"""A bounded memory by key."""

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(dict[Key, Value]):
    """The entries that were stored most recently, at most `most`. The first entry is the oldest.
    Store entries only with `keep`.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: Key, value: Value) -> None:
        """Keeps a value as the newest one, and forgets the oldest value if there are too many."""
        self.pop(key, None)
        if len(self) >= self._most:
            del self[next(iter(self))]
        self[key] = value
