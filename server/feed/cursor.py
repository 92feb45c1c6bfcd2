"""The cursor of the feed: what one viewer has seen, signed by the server. Pure. Times are Unix
seconds.

A cursor is bound to the person of the cookie, and expires. The server therefore keeps nothing about
a viewer between two requests, and every server with the same keys continues the feed of another
one. A cursor of a visitor without a cookie is valid for everyone: it names no person.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

LIFETIME = 600.0
"""Seconds for which a cursor is valid."""
SKEW = 60.0
"""Maximum seconds by which the clock of another server may be ahead."""
MAX_SEEN = 300
"""Maximum number of items that a cursor names. The items that were seen first are dropped."""
MAX_CURSOR = 1_700
"""Maximum length of a cursor, characters."""
APART = 4
"""Number of further items between two items of one creator, if there are enough creators."""

_VERSION = 1
_MARK, _TIME, _SEED, _MAC = 4, 8, 4, 16
_HEAD = 1 + _TIME + _SEED + 1
_MOST_SEED = (1 << 8 * _SEED) - 1


class BadCursor(ValueError):
    """The text is not a cursor that a server made for this person."""


class OldCursor(BadCursor):
    """The cursor has expired, or the clock was set back since it was made."""


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a viewer in the feed."""

    seed: int
    """The seed of the random numbers for this viewer."""
    seen: tuple[bytes, ...] = ()
    """The marks of the items that the viewer has seen, the last one at the end (`mark_of`)."""
    creators: tuple[bytes, ...] = ()
    """The marks of the creators of the last items, APART at most."""

    def after(self, items: Sequence[bytes], creators: Sequence[bytes]) -> "Position":
        """Returns the position after further items. `items`, `creators`: the marks of the items and
        of their creators.
        """
        fresh = set(items)
        kept = [mark for mark in self.seen if mark not in fresh]
        return Position(
            (self.seed + 1) & _MOST_SEED,
            (*kept, *items)[-MAX_SEEN:],
            (*self.creators, *creators)[-APART:],
        )


def mark_of(kind: str, id: str) -> bytes:
    """Returns 4 bytes that stand for an item or a creator. Two items rarely have the same mark; the
    second one is then shown later.
    """
    return blake2b(f"{kind}:{id}".encode(), digest_size=_MARK).digest()


def write_cursor(position: Position, secret: bytes, person: str, now: float) -> str:
    """Returns a cursor. `secret`: the newest secret of the server. `person`: id of the person, or
    empty for a visitor without a cookie.
    """
    body = bytearray([_VERSION])
    body += round((now + LIFETIME) * 1000).to_bytes(_TIME)
    body += position.seed.to_bytes(_SEED)
    body.append(len(position.creators))
    for mark in (*position.creators, *position.seen):
        body += mark
    return _encode(_mac(secret, person, bytes(body)) + bytes(body))


def read_cursor(text: str, secrets: Sequence[bytes], person: str, now: float) -> Position:
    """Returns the position in a cursor. `secrets`: all secrets that are valid. Raises OldCursor, or
    BadCursor if no server made the cursor for this person.
    """
    signed = _decode(text)
    mac, body = signed[:_MAC], signed[_MAC:]
    people = (person, "") if person else ("",)
    if not any(
        hmac.compare_digest(_mac(secret, one, body), mac) for secret in secrets for one in people
    ):
        raise BadCursor("the cursor is not from this server, or is of another person")
    expires_at = int.from_bytes(body[1 : 1 + _TIME]) / 1000
    if not now < expires_at <= now + LIFETIME + SKEW:
        raise OldCursor("the cursor has expired")
    return _read_body(body)


def _read_body(body: bytes) -> Position:
    seed = int.from_bytes(body[1 + _TIME : 1 + _TIME + _SEED])
    marks = tuple(body[at : at + _MARK] for at in range(_HEAD, len(body), _MARK))
    creators = body[_HEAD - 1]
    return Position(seed, marks[creators:], marks[:creators])


def _decode(text: str) -> bytes:
    if not 0 < len(text) <= MAX_CURSOR:
        raise BadCursor("the cursor is too long, or empty")
    try:
        signed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise BadCursor("the cursor is not base64url") from error
    if len(signed) < _MAC + _HEAD or signed[_MAC] != _VERSION or _encode(signed) != text:
        raise BadCursor("the cursor has no known form")
    return signed


def _encode(signed: bytes) -> str:
    return urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")


def _mac(secret: bytes, person: str, body: bytes) -> bytes:
    name = person.encode()
    bound = b"feed cursor" + len(name).to_bytes(4) + name
    return hmac.digest(secret, bound + body, "sha256")[:_MAC]
