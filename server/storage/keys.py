"""Makes room names and creator keys."""

import hashlib
import hmac
import secrets

ROOM_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Characters of room names. 0, 1, i, l and o are excluded, because names are read aloud and typed
on phones.
"""
ROOM_LENGTH = 6


def new_room_id() -> str:
    """Returns a random room name, one of 887 million possible names. The name may already be in
    use: see `RoomStore.add`.
    """
    return "".join(secrets.choice(ROOM_ALPHABET) for _ in range(ROOM_LENGTH))


def new_key() -> str:
    """Returns a new creator key: 192 random bits in 32 characters that are valid in headers and
    URLs.
    """
    return secrets.token_urlsafe(24)


def hash_key(key: str) -> bytes:
    """Returns the SHA-256 hash of a creator key. A slow, salted hash would add nothing, because 192
    random bits cannot be guessed.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def key_matches(key: str, key_hash: bytes) -> bool:
    """Whether `key` has the hash `key_hash`. The comparison takes constant time."""
    return hmac.compare_digest(hash_key(key), key_hash)
