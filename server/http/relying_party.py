"""Finds the relying party of a request: the site to which the passkeys of the browser belong."""

from aiohttp import web

from server.http.hosts import read_origin
from server.http.request import authority_of, is_https, url_of
from server.people.sign_in import RelyingParty, relying_party
from server.settings import Settings


def relying_party_of(request: web.Request, settings: Settings) -> RelyingParty | None:
    """Returns the relying party for a request; None if browsers allow no passkeys at the requested
    URL.
    """
    host = authority_of(request, settings)
    site = read_origin(url_of(request, "", settings))
    if host is None or site is None or site.authority.host != host.host:
        # The browser uses a host of the server that is not the host of --public-url.
        site = read_origin(f"{'https' if is_https(request, settings) else 'http'}://{host}")
    if site is None:
        return None
    return relying_party(site.scheme, site.authority.host, str(site))
