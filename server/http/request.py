"""Who asks, and by which URL they reached us: through trusted proxies, or directly."""

from aiohttp import web

from server.http.limits import Client, client
from server.settings import Settings


def client_of(request: web.Request, settings: Settings) -> Client:
    """The client's address, and scheme and host where a trusted proxy told them."""
    return client(request.remote or "", request.headers.items(), settings.trusted_proxies)


def url_of(request: web.Request, path: str, settings: Settings) -> str:
    """An absolute URL of this server, as the client reaches it."""
    if settings.public_url:
        return settings.public_url + path
    seen = client_of(request, settings)
    return f"{seen.scheme or request.scheme}://{seen.host or request.host}{path}"
