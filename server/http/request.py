"""The common parts of all endpoints: the client's address, the URL that the client used, the
request body, and the limits per address.
"""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aiohttp import web

from relay.errors import RefusalCode
from relay.meter import Account
from server.errors import RequestTimeout, TooLarge, TooManyRequests
from server.http.client import Client, client
from server.http.hosts import Authority, read_authority, read_origin
from server.http.limits import ConnectionLimiter, RateLimiter
from server.setting_types import IPNetwork
from server.settings import Settings

MAX_BODY = 65_536
CLIENT = web.RequestKey("client", Client)
"""Key under which a request stores its Client."""
ACCOUNT = web.RequestKey("account", Account)
"""Key under which a request stores the account of its client's address."""
BODY_WITHIN = 10.0
"""Maximum seconds that a client may take to send a request body."""


def client_of(request: web.Request, settings: Settings) -> Client:
    """Returns the client of a request: the client's address, and the scheme and host of the
    requested URL if a trusted proxy sent them.
    """
    return client_through(request, settings.trusted_proxies)


def client_through(request: web.Request, trusted: Sequence[IPNetwork]) -> Client:
    """Returns the client of a request that may have passed through `trusted` proxies. Reads the
    headers only once for each request.
    """
    found = request.get(CLIENT)
    if found is None:
        found = client(
            request.remote or "", request.headers.items(), trusted, local=_is_local(request)
        )
        request[CLIENT] = found
    return found


def _is_local(request: web.Request) -> bool:
    """Whether the request comes over a Unix socket. The missing address of the peer does not show
    this: a client that has reset its connection has no address either.
    """
    sock = request.transport.get_extra_info("socket") if request.transport else None
    return sock is not None and bool(sock.family == socket.AF_UNIX)


def authority_of(request: web.Request, settings: Settings) -> Authority | None:
    """Returns the host and port in the URL that the client used; None if the header with the host
    is malformed.
    """
    return read_authority(client_of(request, settings).host or request.host)


def url_of(request: web.Request, path: str, settings: Settings) -> str:
    """Returns the absolute URL of `path` on this server, as seen by the client."""
    if settings.public_url:
        return settings.public_url + path
    seen = client_of(request, settings)
    return f"{seen.scheme or request.scheme}://{seen.host or request.host}{path}"


def is_https(request: web.Request, settings: Settings) -> bool:
    """Whether the client's URL is an HTTPS URL. For the host of --public-url, the scheme of
    --public-url counts, because the scheme of the request is wrong behind a proxy that is not
    trusted.
    """
    scheme = client_of(request, settings).scheme
    public = read_origin(settings.public_url) if settings.public_url else None
    host = authority_of(request, settings)
    if scheme is None and public and host and public.authority.host == host.host:
        scheme = public.scheme
    return (scheme or request.scheme) == "https"


async def read_body(request: web.Request) -> bytes:
    """Reads the request body. Raises TooLarge if the body exceeds 64 KB, and RequestTimeout if the
    body does not arrive within BODY_WITHIN seconds.
    """
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()
    try:
        if request.content.is_eof():  # small bodies come with their request
            return await request.read()
        async with asyncio.timeout(BODY_WITHIN):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise _too_large() from error
    except TimeoutError as error:
        raise RequestTimeout(
            RefusalCode.BODY_TOO_SLOW, f"the body did not arrive within {BODY_WITHIN:.0f} s"
        ) from error


def _too_large() -> TooLarge:
    return TooLarge(RefusalCode.BODY_TOO_LARGE, "the body is over 64 KB")


def charge(
    limiter: RateLimiter, address: str, text: str, code: RefusalCode = RefusalCode.RATE_LIMITED
) -> None:
    """Counts one request of an address. Raises TooManyRequests if the request exceeds the limit of
    `limiter`.
    """
    wait = limiter.try_take(address, asyncio.get_running_loop().time())
    if wait:
        raise TooManyRequests(code, text, wait)


@contextmanager
def connection_of(
    limiter: ConnectionLimiter, address: str, refusal: TooManyRequests
) -> Iterator[None]:
    """Counts one connection of an address until the context ends. Raises `refusal` if the
    connection exceeds the limit of `limiter`.
    """
    if not limiter.acquire(address):
        raise refusal
    try:
        yield
    finally:
        limiter.release(address)
