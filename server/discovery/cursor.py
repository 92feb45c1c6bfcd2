"""The cursor of the page of a tag: the last item that was shown, signed by the server. Pure.

The signature is bound to the tag, so that no other text reaches storage.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

MAX_CURSOR = 200
"""Maximum length of a cursor, characters."""
_MAC = 16


class BadCursor(ValueError):
    """The text is not a cursor that a server made for this tag."""


def write_cursor(secret: bytes, tag: str, at: float, item: str) -> str:
    """Returns a cursor. `secret`: the newest secret of the server."""
    body = struct.pack(">d", at) + item.encode()
    return urlsafe_b64encode(_mac(secret, tag, body) + body).rstrip(b"=").decode()


def read_cursor(secrets: Sequence[bytes], tag: str, text: str) -> tuple[float, str]:
    """Returns time and item of the last item that was shown. `secrets`: all secrets that are valid.
    Raises BadCursor.
    """
    if len(text) > MAX_CURSOR:
        raise BadCursor
    try:
        signed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise BadCursor from error
    mac, body = signed[:_MAC], signed[_MAC:]
    if not any(hmac.compare_digest(_mac(secret, tag, body), mac) for secret in secrets):
        raise BadCursor
    return struct.unpack(">d", body[:8])[0], body[8:].decode()


def _mac(secret: bytes, tag: str, body: bytes) -> bytes:
    name = tag.encode()
    return hmac.digest(secret, b"tag cursor" + len(name).to_bytes(4) + name + body, "sha256")[:_MAC]
