"""Which hosts and origins belong to this server, and which other origins may send requests. Pure.

A web page may send requests to every server that its browser reaches, even to a server on the
user's own machine or network. Two headers reveal such requests. With DNS rebinding, the page's own
host name points to the server: the Host header then contains the page's host name, which the server
does not know. Without DNS rebinding, the Origin header contains the page's origin.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from server.settings import Settings

MAX_HOST = 255
"""Maximum length of a Host header, characters."""
CACHED = 1_000
"""Number of parsed headers that are kept, because a client sends the same headers with every
request.
"""
PORTS = {"http": 80, "https": 443}
"""The default port of each scheme."""

_AUTHORITY = re.compile(r"(?:([A-Za-z0-9._-]+)|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Authority:
    """The host and the port of a URL (RFC 3986 §3.2)."""

    host: str
    """A name in lower case without a final dot, or an address without brackets."""
    port: int | None = None
    """Port; None means the default port of the scheme."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def read_authority(text: str) -> Authority | None:
    """Parses a Host header. Returns None if the header is too long, or is not one host with an
    optional port.
    """
    return _parsed_authority(text) if len(text) <= MAX_HOST else None


@lru_cache(CACHED)
def _parsed_authority(text: str) -> Authority | None:
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    name, address, port = match.groups()
    if address and not (":" in address and _is_address(address)):
        return None
    if port and not 0 < int(port) <= 65_535:
        return None
    host = _normal(name or address)
    if not host or host.endswith("."):  # an empty label, as in "." and "a.."
        return None
    return Authority(host, int(port) if port else None)


def _normal(host: str) -> str:
    """Returns an address in its shortest form. Returns a name in lower case and without a final
    dot.
    """
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host.lower().removesuffix(".")
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a page (RFC 6454 §4)."""

    scheme: str
    authority: Authority
    """Host and port of the origin. The default port of the scheme is given as None."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def read_origin(text: str) -> Origin | None:
    """Parses an Origin header or the origin in a setting. Returns None for `null`, and for anything
    else that is not the origin of an HTTP page.
    """
    return _parsed_origin(text) if len(text) <= MAX_HOST + len("https://") else None


@lru_cache(CACHED)
def _parsed_origin(text: str) -> Origin | None:
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    authority = read_authority(rest)
    if authority is None and not rest.isascii():
        authority = _international(rest)
    if scheme not in PORTS or authority is None:
        return None
    return Origin(scheme, _without_default_port(authority, scheme))


def _international(text: str) -> Authority | None:
    """Parses the host and port of a setting. The host may contain letters beyond ASCII."""
    try:
        return read_authority(text.encode("idna").decode())
    except UnicodeError:
        return None


def _without_default_port(authority: Authority, scheme: str) -> Authority:
    return Authority(authority.host) if authority.port == PORTS[scheme] else authority


class KnownHosts:
    """The hosts at which browsers reach this server.

    `names`: host names and addresses; `*.` at the start of a name matches one label. `addresses`:
    further addresses, besides the local address of each connection. With `any_host`, every host is
    known.
    """

    def __init__(
        self, names: Iterable[str], addresses: Iterable[str] = (), *, any_host: bool = False
    ) -> None:
        self._known = set(map(_normal, (*names, *addresses)))
        self.any_host = any_host

    def add(self, names: Iterable[str]) -> None:
        """Adds host names and addresses."""
        self._known.update(map(_normal, names))

    def knows(self, host: str, local: str) -> bool:
        """Whether a host belongs to this server. `host`: in the form of `Authority.host`. `local`:
        the local address of the connection.
        """
        return (
            self.any_host
            or host in self._known
            or is_loopback(host)
            or host == _normal(local)
            or f"*.{host.partition('.')[2]}" in self._known
        )


def known_hosts(
    settings: Settings, certificate: Iterable[str] = (), machine: Iterable[str] = ()
) -> KnownHosts:
    """Returns the hosts of a server with these settings. `certificate`: names in --tls-cert.
    `machine`: names of this machine in its own network, for --lan.

    If the server listens beyond loopback and no name is set, every host is known, because the
    server cannot know at which hosts browsers reach this server.
    """
    named = [*settings.hosts, *certificate]
    if settings.public_url and (public := read_origin(settings.public_url)):
        named.append(public.authority.host)
    if not _is_address(settings.host):
        named.append(settings.host)
    any_host = not settings.on_loopback and not settings.lan and not named
    named += machine if settings.lan else ()
    return KnownHosts(named, [*settings.announce, *settings.udp_hosts], any_host=any_host)


@lru_cache(CACHED)
def is_loopback(host: str) -> bool:
    """Whether `host`, from an Authority, always means the machine on which the client runs."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class Origins:
    """Decides which web pages may send requests: pages of this server, and pages of allowed
    origins.
    """

    def __init__(self, settings: Settings) -> None:
        allowed = settings.cors_origins
        if not allowed and (settings.public_url or not (settings.on_loopback or settings.lan)):
            allowed = ("*",)
        self.all = "*" in allowed
        """Whether pages of every origin may send requests."""
        self._allowed = {read_origin(text) for text in allowed} - {None}
        public = read_origin(settings.public_url) if settings.public_url else None
        self._own = {public} - {None}

    @property
    def own_only(self) -> bool:
        """Whether only pages of this server may send requests."""
        return not self.all and not self._allowed

    def allow(self, text: str, host: Authority) -> bool:
        """Whether a page may send a request. `text`: the Origin header. `host`: the authority in
        the URL of the request.
        """
        if self.all:
            return True
        return read_origin(text) in self._allowed or self.is_own(text, host)

    def is_own(self, text: str, host: Authority) -> bool:
        """Whether `text` is an origin of this server's pages: the origin of --public-url, or the
        origin of the requested URL. `host`: the authority in the URL of the request.
        """
        origin = read_origin(text)
        if origin is None or origin in self._own:
            return origin is not None
        # An attacker in the network can forge a page that comes over plain HTTP. If the server has
        # HTTPS, such a page does not count as a page of this server.
        forged = any(own and own.authority.host == host.host for own in self._own)
        return not forged and origin.authority == _without_default_port(host, origin.scheme)


def frame_ancestors(embed_origins: Iterable[str]) -> str:
    """Returns the source list of `frame-ancestors` (CSP Level 3 §6.4.2) for --embed-origins."""
    origins = list(embed_origins)
    if not origins or "*" in origins:
        return "*"
    return " ".join(sorted(str(origin) for text in origins if (origin := read_origin(text))))
