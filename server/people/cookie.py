"""The cookie that identifies a visitor: a signed description of a Visitor. Pure.

The value is `key.payload.signature`: the id of the key, compact JSON in base64url, and the
signature that itsdangerous computes over the id and the JSON (HMAC with SHA-256). Old keys stay
valid, so no visitor is signed out when a key is replaced.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData

from server.people.person import COLOURS, Person, Visitor
from server.recent import Recent

COOKIE_NAME = "microlive"
"""First part of the name of the cookie. Older versions used this part as the whole name."""
LIFETIME = 400 * 86_400
"""Seconds for which a cookie is valid. Browsers keep no cookie for longer (RFC 6265bis §5.5)."""
RENEW_AFTER = 86_400
"""Age of a cookie, seconds, at which the visitor gets a new cookie."""
MAX_COOKIE = 2_048
"""Maximum length of the value, characters. A cookie with the longest name and handle has about 800
characters.
"""
MAX_SKEW = 86_400
"""Maximum seconds by which the clock of another server may be ahead."""
MAX_READ = 5_000
"""Maximum number of verified cookies that are kept in memory. A person sends the same cookie with
every message.
"""
FIRST_USE = 30.0
"""Age at which a key begins to sign cookies, seconds. By then every server that shares the database
has read the key.
"""

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def cookie_name(installation: str) -> str:
    """Returns the name of the cookie. `installation`: id of the database. Browsers send a cookie to
    every port of a host, so two servers at one host that do not share a database need different
    cookie names.
    """
    return f"{COOKIE_NAME}-{installation}"


@dataclass(frozen=True, slots=True)
class CookieKey:
    """A secret that signs cookies. Times are in Unix seconds."""

    id: str
    secret: bytes = field(repr=False)
    created_at: float
    retired_at: float | None = None
    """Time at which the cookies that this key has signed become invalid; None if no time is set."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """The content of a valid cookie."""

    visitor: Visitor
    issued_at: int
    """Time at which the cookie was made, Unix seconds."""
    key: str
    """Id of the key that signed the cookie."""


class CookieKeys:
    """The keys that sign and verify cookies."""

    def __init__(self, keys: Iterable[CookieKey] = ()) -> None:
        self._keys: dict[str, CookieKey] = {}
        self._signers: dict[str, Signer] = {}
        self._read: Recent[str, Cookie] = Recent(MAX_READ)
        """The verified cookies, by value."""
        self.replace(keys)

    def replace(self, keys: Iterable[CookieKey]) -> None:
        """Replaces all keys with keys that were read from storage."""
        replaced = {key.id: key for key in sorted(keys, key=lambda key: key.created_at)}
        if replaced == self._keys:
            return
        self._keys = replaced
        self._read.clear()
        self._signers = {
            key.id: Signer(
                key.secret,
                salt=b"microlive.person",
                key_derivation="hmac",
                digest_method=hashlib.sha256,
            )
            for key in self._keys.values()
        }

    def signing(self, now: float) -> str:
        """Returns the id of the key that signs: the newest key with an age of at least FIRST_USE,
        or the oldest key if all keys are younger. Raises LookupError if there is no key.
        """
        valid = [key for key in self._keys.values() if _is_valid(key, now)]
        if not valid:
            raise LookupError("there is no key for cookies")
        old_enough = [key for key in valid if key.created_at <= now - FIRST_USE]
        return (old_enough[-1] if old_enough else valid[0]).id

    def secrets(self, now: float) -> list[bytes]:
        """Returns the secrets of the valid keys. The first secret belongs to the key that signs."""
        first = self.signing(now)
        keys = sorted(self._keys.values(), key=lambda key: key.id != first)
        return [key.secret for key in keys if _is_valid(key, now)]

    def write(self, visitor: Visitor, now: float) -> str:
        """Returns the value of a new cookie for this visitor."""
        person = visitor.person
        content = {
            "p": person.id,
            "d": visitor.device,
            "n": person.name,
            "c": person.colour,
            "h": person.handle,
            "s": int(visitor.stored),
            "t": int(now),
        }
        payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        key = self.signing(now)
        return self._signers[key].sign(f"{key}.".encode() + base64_encode(payload)).decode()

    def read(self, value: str, now: float) -> Cookie | None:
        """Returns the content of a cookie; None if the cookie is forged, malformed or expired, or
        its key has been retired.
        """
        name = value.partition(".")[0]
        key, signer = self._keys.get(name), self._signers.get(name)
        if len(value) > MAX_COOKIE or key is None or signer is None or not _is_valid(key, now):
            return None
        if (known := self._read.get(value)) is not None:
            return known if _is_of_now(known.issued_at, now) else None
        try:
            signed = signer.unsign(value.encode())
            content = json.loads(base64_decode(signed.partition(b".")[2]))
        except (BadSignature, BadData, ValueError, RecursionError):
            return None
        cookie = _read_content(content, key.id, now)
        if cookie is not None:
            self._read.keep(value, cookie)
        return cookie

    def due(self, cookie: Cookie, now: float) -> bool:
        """Whether the visitor needs a new cookie, because `cookie` is old or was signed with an old
        key.
        """
        return cookie.issued_at < now - RENEW_AFTER or cookie.key != self.signing(now)


def _is_valid(key: CookieKey, now: float) -> bool:
    return key.retired_at is None or now < key.retired_at


def _is_of_now(issued_at: int, now: float) -> bool:
    return now - LIFETIME < issued_at < now + MAX_SKEW


def _read_content(content: Any, key: str, now: float) -> Cookie | None:
    match content:
        case {
            "p": str(person),
            "d": str(device),
            "n": str(name),
            "c": int(colour),
            "h": str() | None as handle,
            "s": 0 | 1 as stored,
            "t": int(issued_at),
        } if (
            _ID.fullmatch(person)
            and _ID.fullmatch(device)
            and 0 <= colour < COLOURS
            and _is_of_now(issued_at, now)
        ):
            visitor = Visitor(Person(person, name, colour, handle), device, bool(stored))
            return Cookie(visitor, issued_at, key)
    return None
