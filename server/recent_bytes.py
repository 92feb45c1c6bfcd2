"""A memory of byte strings, bounded by their total size. Pure."""

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    @property
    def size(self) -> int:
        """Memory of the value, bytes."""


Key = TypeVar("Key")
Value = TypeVar("Value", bound=Sized)


class RecentBytes(Generic[Key, Value]):
    """The values that were used most recently, at most `most` bytes together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self.size = 0
        """Total size of the values, bytes."""

    def get(self, key: Key) -> Value | None:
        """Returns a value, which then counts as used."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: Key, value: Value) -> None:
        """Keeps a value, and forgets the values that were unused for the longest time. A value
        above the bound is not kept.
        """
        self.forget(key)
        if value.size > self._most:
            return
        self._values[key] = value
        self.size += value.size
        while self.size > self._most:
            self.forget(next(iter(self._values)))

    def forget(self, key: Key) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self.size -= value.size
