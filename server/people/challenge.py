"""Challenges for passkeys (WebAuthn Level 3 §13.4.3). The server stores a challenge only after its
use. Pure.

A challenge contains the time at which it expires, and a MAC over the purpose and the browser for
which the server made the challenge. The server therefore keeps nothing about a challenge before the
passkey's answer is verified, and a flood of requests for challenges uses no memory. After the use
of a challenge, storage keeps the hash of the challenge until the challenge expires, so that no
challenge is used twice.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LIFETIME = 300.0
"""Seconds for which a challenge is valid."""
NONCE = 16
"""Number of random bytes in a challenge."""
_EXPIRY = 8
_MAC = hashlib.sha256().digest_size
SIZE = NONCE + _EXPIRY + _MAC


class Purpose(StrEnum):
    """The action that the passkey's answer to a challenge permits."""

    REGISTER = "register"
    SIGN_IN = "sign in"


@dataclass(frozen=True, slots=True)
class Bound:
    """The purpose, the person and the device to which a challenge is bound. The ids of the person
    and the device come from the signed cookie.
    """

    purpose: Purpose
    person: str
    device: str


@dataclass(frozen=True, slots=True)
class Used:
    """A valid challenge, as storage keeps it after its use."""

    hash: bytes
    expires_at: float
    """Time at which the challenge expires, Unix seconds."""


def new_challenge(secret: bytes, bound: Bound, now: float, nonce: bytes) -> bytes:
    """Returns a new challenge. `secret`: the newest secret of the server. `now`: Unix seconds.
    `nonce`: NONCE random bytes.
    """
    body = nonce + round((now + LIFETIME) * 1000).to_bytes(_EXPIRY)
    return body + _mac(secret, bound, body)


def read_challenge(
    challenge: bytes, secrets: Sequence[bytes], bound: Bound, now: float
) -> Used | None:
    """Checks a challenge that a passkey has signed. Returns None if the challenge is not from this
    server, has expired, or is bound to another person, device or purpose. `secrets`: all secrets
    that are valid.
    """
    if len(challenge) != SIZE:
        return None
    body, mac = challenge[:-_MAC], challenge[-_MAC:]
    if not any(hmac.compare_digest(_mac(secret, bound, body), mac) for secret in secrets):
        return None
    expires_at = int.from_bytes(body[NONCE:]) / 1000
    if now >= expires_at:
        return None
    return Used(hashlib.sha256(challenge).digest(), expires_at)


def _mac(secret: bytes, bound: Bound, body: bytes) -> bytes:
    texts = ("passkey challenge", bound.purpose.value, bound.person, bound.device)
    parts = [text.encode() for text in texts]
    return hmac.digest(
        secret, b"".join(len(part).to_bytes(4) + part for part in parts) + body, "sha256"
    )
