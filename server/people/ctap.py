"""Checks the CBOR of authenticators before a general decoder reads it. Pure.

CTAP2 allows a small part of CBOR (CTAP 2.1 §8): no tags, no indefinite lengths and four levels at
most. A general decoder also reads tags, and a few bytes of tags can describe gigabytes.
"""

MAX_DEPTH = 4
"""Maximum number of nested maps and lists."""
MAX_ITEMS = 1_000
"""Maximum number of values in one structure."""

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_FIXED = 37
"""Number of bytes of authenticator data before the credential: RP ID hash, flags and counter
(WebAuthn Level 3 §6.1).
"""
_AAGUID = 16
_HAS_CREDENTIAL, _HAS_EXTENSIONS = 0x40, 0x80


class CtapError(ValueError):
    """The bytes are not the CBOR or the authenticator data that CTAP2 allows."""


def require_cbor(data: bytes) -> None:
    """Checks that the bytes are exactly one CBOR value that CTAP2 allows. Raises CtapError."""
    if _Walk(data).value_end(0, 0) != len(data):
        raise CtapError("there are bytes after the CBOR value")


def require_authenticator_data(data: bytes) -> None:
    """Checks the CBOR in authenticator data (WebAuthn Level 3 §6.1). Raises CtapError."""
    if len(data) < _FIXED:
        raise CtapError("the authenticator data is too short")
    flags, end = data[32], _FIXED
    walk = _Walk(data)
    if flags & _HAS_CREDENTIAL:
        size_at = end + _AAGUID
        if len(data) < size_at + 2:
            raise CtapError("the credential is cut off")
        end = size_at + 2 + int.from_bytes(data[size_at : size_at + 2])
        end = walk.value_end(end, 0)
    if flags & _HAS_EXTENSIONS:
        end = walk.value_end(end, 0)
    if end != len(data):
        raise CtapError("there are bytes after the authenticator data")


class _Walk:
    """Walks over CBOR values (RFC 8949 §3) without creating objects for the values."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._items = 0

    def value_end(self, start: int, depth: int) -> int:
        """Returns the end of the value at `start`. Raises CtapError."""
        self._items += 1
        if self._items > MAX_ITEMS:
            raise CtapError(f"more than {MAX_ITEMS} CBOR values")
        kind, argument, end = self._head(start)
        match kind:
            case 0 | 1:
                return end
            case 2 | 3:
                if argument > len(self._data) - end:
                    raise CtapError("a CBOR string is cut off")
                return end + argument
            case 4 | 5:
                if depth == MAX_DEPTH:
                    raise CtapError(f"more than {MAX_DEPTH} levels of CBOR")
                for _ in range(argument * (kind - 3)):
                    end = self.value_end(end, depth + 1)
                return end
            case 6:
                raise CtapError("a CBOR tag")
        return end

    def _head(self, start: int) -> tuple[int, int, int]:
        """Returns the major type, the argument and the end of the head at `start`."""
        if start >= len(self._data):
            raise CtapError("the CBOR is cut off")
        kind, short = self._data[start] >> 5, self._data[start] & 0x1F
        start += 1
        if short < 24:
            return kind, short, start
        size = {24: 1, 25: 2, 26: 4, 27: 8}.get(short)
        if size is None:
            raise CtapError("an indefinite or reserved CBOR length")
        if start + size > len(self._data):
            raise CtapError("the CBOR is cut off")
        return kind, int.from_bytes(self._data[start : start + size]), start + size
