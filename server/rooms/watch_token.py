"""The token with which a client may watch a private room. A token belongs to a watch link or to an
admitted person. Pure.

A token is signed with the hash of the room's creator key. Only the creator and the servers that
share the database know this hash. A token therefore needs no key of its own, and links stay valid
when the cookie key changes. Storage knows whether a link is revoked.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

MAX_TOKEN = 300
"""Maximum length of a token, characters."""
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class WatchToken:
    expires_at: int
    """Time at which the token expires, Unix seconds."""
    link: str = ""
    """Id of the watch link; empty for the token of a person."""
    person: str = ""
    """Id of the person; empty for the token of a link."""


def write_token(token: WatchToken, room: str, key_hash: bytes) -> str:
    return str(_serializer(room, key_hash).dumps([token.expires_at, token.link, token.person]))


def read_token(text: str, room: str, key_hash: bytes) -> WatchToken | None:
    """Returns the content of a token, expired or not; None if the token is forged or malformed."""
    # The decoder of base64 would ignore other characters. Refuse them, because the token becomes
    # the value of a cookie.
    if len(text) > MAX_TOKEN or not _TOKEN.fullmatch(text):
        return None
    try:
        content = _serializer(room, key_hash).loads(text)
    except (BadData, ValueError, RecursionError):
        return None
    match content:
        case [int(expires_at), str(link), str(person)]:
            return WatchToken(expires_at, link, person)
    return None


def _serializer(room: str, key_hash: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(
        key_hash,
        salt=f"microlive.watch.{room}".encode(),
        serializer=json,
        serializer_kwargs={"separators": (",", ":")},
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
