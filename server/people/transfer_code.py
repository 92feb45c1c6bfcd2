"""The code with which a person signs in at another device. Pure.

The code can be used once, within ten minutes. The code has 59 bits, and the number of tries is
limited. Even if a thousand codes are valid, an attacker therefore guesses one of the codes within
ten minutes with a probability below 1 in 10**10.
"""

from server.people.typed_code import hash_code, read_code, write_code

LENGTH = 12
ENTROPY = 16
"""Number of random bytes from which a code is made."""
LIFETIME = 600.0
"""Seconds for which a code is valid."""
MAX_TRIES_PER_SECOND = 20
"""Maximum number of codes that all addresses together may try per second."""
FRAGMENT = "transfer"
"""Name of the code in the fragment of a transfer URL. Browsers send no fragment to a server. A link
preview therefore cannot use up the code, and no log contains the code.
"""


def new_transfer_code(entropy: bytes) -> str:
    """Returns a new code. `entropy`: ENTROPY random bytes."""
    return write_code(entropy, LENGTH)


def transfer_hash(text: str) -> bytes | None:
    """Returns the hash under which a code is stored; None if the text is not a transfer code.
    `text`: the code as typed.
    """
    code = read_code(text, LENGTH)
    return None if code is None else hash_code(code)


def transfer_path(code: str) -> str:
    """Returns the path and fragment of the page that uses the code."""
    return f"/me#{FRAGMENT}={code}"
