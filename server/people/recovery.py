"""The recovery code of a handle: 128 random bits or more, shown once, stored as a hash. Pure.

A code stays valid until its owner replaces it. If each use replaced the code, a lost answer would
leave the owner with neither the old code nor the new one.
"""

import hmac

from server.people.typed_code import hash_code, read_code, write_code

LENGTH = 26
"""Number of characters of a code: 26 characters have 128.8 bits."""
ENTROPY = 32
"""Number of random bytes from which a code is made."""
TRIES_PER_HOUR = 5
"""Maximum number of codes that one address may try per hour for one handle. The limit is per
address: with one limit for all addresses, an attacker could keep a person from recovering the
handle.
"""


def new_recovery_code(entropy: bytes) -> str:
    """Returns a new code. `entropy`: ENTROPY random bytes."""
    return write_code(entropy, LENGTH)


def recovery_hash(text: str) -> bytes | None:
    """Returns the hash under which a code is stored; None if the text is not a recovery code.
    `text`: the code as typed.
    """
    code = read_code(text, LENGTH)
    return None if code is None else hash_code(code)


def recovers(text: str, stored: bytes | None) -> bool:
    """Whether the code as typed has the stored hash. The comparison takes constant time. `stored`:
    None if the person has no recovery code.
    """
    given = recovery_hash(text)
    return given is not None and stored is not None and hmac.compare_digest(given, stored)
