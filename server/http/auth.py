"""Who a request comes from: creator keys and create tokens, sent as `Authorization: Bearer` (RFC
6750).
"""

import hmac

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.errors import Forbidden, Unauthorized
from server.settings import Settings
from server.storage.database import key_matches


def require_key(request: web.Request, key_hash: bytes) -> None:
    """Requires the creator key of a room. Raises Unauthorized without a bearer token, Forbidden
    with another one.
    """
    if not key_matches(_bearer_token(request), key_hash):
        raise Forbidden(RefusalCode.WRONG_KEY, "that key does not belong to this room")


def require_create_token(request: web.Request, settings: Settings) -> None:
    """Requires the create token where the settings do. Raises Unauthorized or Forbidden."""
    if settings.create != "token" or settings.create_token is None:
        return
    secret = settings.create_token.get_secret_value().encode()
    given = _bearer_token(request).encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(given, secret):
        raise Forbidden(RefusalCode.WRONG_TOKEN, "that token does not create rooms here")


def _bearer_token(request: web.Request) -> str:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(RefusalCode.MISSING_KEY, "send the key as Authorization: Bearer KEY")
    return token.strip()
