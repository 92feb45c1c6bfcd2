"""Codes that a person reads on one screen and types on another. Pure."""

import hashlib

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""The characters of a code. 0, 1, i, l and o are excluded, because they look alike."""
GROUP = 4
"""Number of characters between two hyphens of a code as shown."""
SEPARATORS = " -\t\n\r\u00a0\u2010\u2011\u2012\u2013\u2014"
"""Characters that are ignored in a typed or pasted code."""
MAX_TYPED = 100
"""Maximum length of a code as typed, characters."""


def write_code(entropy: bytes, length: int) -> str:
    """Returns a code of `length` characters. `entropy`: random bytes, at least one for each
    character. The probabilities of two codes then differ by less than 1 part in 2**30.
    """
    if len(entropy) < length:
        raise ValueError(f"{len(entropy)} random bytes are not enough for {length} characters")
    number = int.from_bytes(entropy)
    characters = []
    for _ in range(length):
        number, index = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[index])
    return "".join(characters)


def shown(code: str) -> str:
    """Returns a code in groups of four characters with hyphens between them."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(text: str, length: int) -> str | None:
    """Reads a code as typed or pasted: case, spaces and hyphens do not matter. Returns None if the
    text is not a code of `length` characters.
    """
    if len(text) > MAX_TYPED:
        return None
    code = text.translate(_WITHOUT_SEPARATORS).lower()
    return code if len(code) == length and set(code) <= _CHARACTERS else None


def hash_code(code: str) -> bytes:
    """Returns the SHA-256 hash of a code. A slow, salted hash would add nothing, because codes are
    random and the number of tries is limited.
    """
    return hashlib.sha256(code.encode()).digest()


_CHARACTERS = frozenset(ALPHABET)
_WITHOUT_SEPARATORS = str.maketrans("", "", SEPARATORS)
