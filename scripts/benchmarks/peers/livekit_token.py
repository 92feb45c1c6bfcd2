"""Access tokens of LiveKit: JSON Web Tokens (RFC 7519), signed with HMAC SHA-256. Pure."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

KEY, SECRET = "bench", "s" * 40
VALID = 7_200
"""Validity of a token, seconds."""


def token(identity: str, room: str, now: float) -> str:
    """Returns a token with which `identity` may publish and watch in `room`. `now`: Unix time,
    seconds.
    """
    grant = {"roomJoin": True, "room": room, "canPublish": True, "canSubscribe": True}
    claims = {"iss": KEY, "sub": identity, "nbf": 0, "exp": int(now) + VALID, "video": grant}
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_encode(hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256))}"


def _part(value: Mapping[str, object]) -> str:
    return _encode(json.dumps(value).encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
