"""Creator keys and create tokens, sent as `Authorization: Bearer` (RFC 6750)."""

import hmac

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.errors import Forbidden, Unauthorized
from server.settings import Settings


def require_create_token(request: web.Request, settings: Settings) -> None:
    """Checks the create token if the settings demand one. Raises Unauthorized or Forbidden."""
    if settings.create != "token" or settings.create_token is None:
        return
    secret = settings.create_token.get_secret_value().encode()
    given = bearer_token(request).encode("utf-8", "surrogateescape")
    if not given:
        raise Unauthorized(
            RefusalCode.MISSING_KEY, "send the create token as Authorization: Bearer TOKEN"
        )
    if not hmac.compare_digest(given, secret):
        raise Forbidden(RefusalCode.WRONG_TOKEN, "this token does not allow the creation of rooms")


def bearer_token(request: web.Request) -> str:
    """Returns the bearer token of the request, or an empty string if the request has no bearer
    token.
    """
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
