"""Creator keys and create tokens, sent as `Authorization: Bearer` (RFC 6750)."""

import asyncio
import hmac

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from pydantic import SecretStr

from relay.errors import RefusalCode
from server.errors import Forbidden, TooManyRequests, Unauthorized
from server.http.client import parse_address
from server.http.limits import ConnectionLimiter
from server.http.request import client_of
from server.settings import Settings

WRONG = (RefusalCode.WRONG_KEY, RefusalCode.WRONG_TOKEN, RefusalCode.WRONG_CODE)
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
"""Headers that proxies add."""
DELAY = 0.3
"""Delay before the server answers a request with a wrong secret, seconds."""
DELAYED_EACH, DELAYED_ALL = 10, 1_000
"""Maximum number of refusals that are delayed at the same time: for one address, and for all
addresses together.
"""


def require_create_token(request: web.Request, settings: Settings) -> None:
    """Checks the create token if the settings require such a token. Raises Unauthorized or
    Forbidden.
    """
    if settings.create == "token":
        require_token(
            request,
            settings.create_token,
            "the create token",
            "this token does not allow the creation of rooms",
        )


def require_operator(request: web.Request, settings: Settings) -> None:
    """Checks that the request comes from the operator. If a metrics token is set, the request must
    contain the token. Otherwise the request must come directly from this machine, without a proxy.
    Raises Unauthorized or Forbidden.
    """
    if settings.metrics_token is not None:
        require_token(
            request, settings.metrics_token, "the metrics token", "this is not the metrics token"
        )
    elif not _is_local(request):
        raise Forbidden(
            RefusalCode.FOREIGN_NETWORK,
            "only programs on the server's machine may read this. The operator can set "
            "--metrics-token",
        )


def require_token(request: web.Request, token: SecretStr | None, name: str, wrong: str) -> None:
    """Checks that the request contains the token. Raises Unauthorized if the request has no token,
    and Forbidden if the request has another token or `token` is None. `name`: name of the token in
    the text of Unauthorized. `wrong`: text of Forbidden.
    """
    given = bearer_token(request).encode("utf-8", "surrogateescape")
    if not given:
        raise Unauthorized(RefusalCode.MISSING_KEY, f"send {name} as Authorization: Bearer TOKEN")
    if token is None or not hmac.compare_digest(given, token.get_secret_value().encode()):
        raise Forbidden(RefusalCode.WRONG_TOKEN, wrong)


def _is_local(request: web.Request) -> bool:
    """Whether the request is from this machine, and not from a proxy on this machine."""
    ip = parse_address(request.remote or "")
    return (
        ip is not None and ip.is_loopback and not any(name in request.headers for name in FORWARDED)
    )


def bearer_token(request: web.Request) -> str:
    """Returns the bearer token of the request, or an empty string if the request has no bearer
    token.
    """
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def delayed_refusals(settings: Settings) -> Middleware:
    """Returns the middleware that delays the refusal of a wrong key or token, so that a client
    cannot try many secrets. Other requests of the client's address are not delayed, because a
    creator may share the address.
    """
    delayed = ConnectionLimiter(DELAYED_EACH, DELAYED_ALL)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Forbidden as refusal:
            if refusal.code not in WRONG:
                raise
            address = client_of(request, settings).address
            if not delayed.acquire(address):
                raise TooManyRequests(
                    RefusalCode.RATE_LIMITED, "too many wrong keys from this address"
                ) from refusal
            try:
                await asyncio.sleep(DELAY)
            finally:
                delayed.release(address)
            raise

    return middleware
