"""The address of a client, also behind reverse proxies. Pure."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.http.hosts import read_authority
from server.setting_types import IPNetwork

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Client:
    """The address of a client, and the scheme and host of the URL that the client used. `scheme`
    and `host` are None unless a trusted proxy sent them.
    """

    address: str
    scheme: str | None = None
    """`http` or `https`."""
    host: str | None = None
    """Host name of the URL. Includes the port unless it is the default port of the scheme."""


def client(
    peer: str,
    headers: Iterable[tuple[str, str]],
    trusted: Sequence[IPNetwork],
    *,
    local: bool = False,
) -> Client:
    """Returns the client behind a connection from `peer`. `headers`: all headers of the request, in
    order. `peer` is empty if the connection has ended already. `local`: whether the request comes
    over a Unix socket: from this process, which passes on a request of another node, or from the
    operator. Its headers are trusted.

    Reads the headers of a trusted peer only: `X-Forwarded-For`, `-Proto` and `-Host`, or
    `Forwarded` (RFC 7239) if there is no X-Forwarded-For. X-Forwarded-For has priority, because
    most proxies write this header but pass on a client's Forwarded header unchanged. A proxy that
    writes Forwarded must remove X-Forwarded-For.
    """
    if not local and not is_in(peer, trusted):
        return Client(peer)
    values: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        # RFC 9110 §5.3: repeated fields are one list. Some proxies add a field of their own after
        # the client's field.
        values[name] = f"{values[name]},{value}" if name in values else value
    if local:
        return Client(
            values.get("x-forwarded-for", ""),
            _scheme(values.get("x-forwarded-proto", "")),
            _host(values.get("x-forwarded-host", "")),
        )
    if "x-forwarded-for" not in values and "forwarded" in values:
        return _forwarded(peer, values["forwarded"], trusted)
    return Client(
        client_address(peer, values.get("x-forwarded-for"), trusted),
        _scheme(values.get("x-forwarded-proto", "").split(",")[0]),
        _host(values.get("x-forwarded-host", "").split(",")[-1]),
    )


def client_address(peer: str, forwarded_for: str | None, trusted: Sequence[IPNetwork]) -> str:
    """Returns the client's address: the rightmost address that does not belong to a trusted proxy.
    A client can forge the addresses further left. `forwarded_for`: value of X-Forwarded-For.
    """
    return _walk(peer, forwarded_for.split(",") if forwarded_for else [], trusted)[0]


def _walk(peer: str, hops: Sequence[str], trusted: Sequence[IPNetwork]) -> tuple[str, int]:
    """Returns the client's address and its index in `hops`. The index is `len(hops)` if the client
    is the peer itself.
    """
    address, index = peer, len(hops)
    while index > 0 and is_in(address, trusted):
        ip = parse_address(hops[index - 1])
        if ip is None:  # "unknown" or an obfuscated name (RFC 7239 §6.3)
            break
        address, index = str(ip), index - 1
    return address, index


def _forwarded(peer: str, value: str, trusted: Sequence[IPNetwork]) -> Client:
    elements = [_pairs(element) for element in _split(value, ",")]
    address, index = _walk(peer, [element.get("for", "") for element in elements], trusted)
    if index == len(elements):
        return Client(address)
    return Client(
        address, _scheme(elements[index].get("proto", "")), _host(elements[index].get("host", ""))
    )


def _pairs(element: str) -> dict[str, str]:
    """Parses one element of a Forwarded header (RFC 7239 §4), such as
    `for=192.0.2.60;proto=https;host="example.org:8443"`.
    """
    pairs = {}
    for pair in _split(element, ";"):
        name, _, value = pair.partition("=")
        pairs[name.strip().lower()] = re.sub(
            r"\\(.)", r"\1", value.strip().removeprefix('"').removesuffix('"')
        )
    return pairs


def _split(value: str, separator: str) -> list[str]:
    """Splits at each separator outside of quoted strings (RFC 9110 §5.6.4)."""
    parts, quoted, escaped = [""], False, False
    for character in value:
        if character == separator and not quoted:
            parts.append("")
            continue
        parts[-1] += character
        if character == '"' and not escaped:
            quoted = not quoted
        escaped = quoted and character == "\\" and not escaped
    return parts


def _scheme(value: str) -> str | None:
    name = value.strip().lower()
    scheme = {"ws": "http", "wss": "https"}.get(name, name)  # some proxies send ws or wss
    return scheme if scheme in ("http", "https") else None


def _host(value: str) -> str | None:
    host = value.strip()
    return host if read_authority(host) else None


def parse_address(text: str) -> IPAddress | None:
    """Parses an address from a header, with or without quotes, brackets, port and zone. An IPv4
    address mapped into IPv6 becomes IPv4.
    """
    text = text.strip().strip('"')
    if match := re.fullmatch(r"\[([^\]]+)\](:\d+)?", text):
        text = match[1]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


def is_in(address: str, networks: Sequence[IPNetwork]) -> bool:
    """Whether the address belongs to one of the networks."""
    ip = parse_address(address) if networks else None
    return ip is not None and any(ip in network for network in networks)
