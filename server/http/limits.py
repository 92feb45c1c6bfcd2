"""Request and connection limits per client address and per network, and the address of a client
behind reverse proxies. Pure: `now` is any monotonic time in seconds.

Addresses are counted by `bucket_key`: a household with an IPv6 /64 counts as one address, like a
household with one IPv4 address. Networks are counted by `network_key`, because one client may have
many addresses: a network may do NETWORK times as much as an address.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from relay.client_address import ClientAddress
from server.http.hosts import read_authority

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NETWORK = 8
"""Ratio of the limit of a network to the limit of an address."""


def bucket_key(address: str) -> str:
    """Returns the part of an address that identifies a client: a whole IPv4 address, or the /64 of
    an IPv6 address. An IPv4 address mapped into IPv6 counts as IPv4. Any other text is returned
    unchanged.
    """
    return _keys(address)[0]


def network_key(address: str) -> str:
    """Returns the network that one client may own: the /24 of an IPv4 address, the /48 of an IPv6
    address. Any other text is returned unchanged.
    """
    return _keys(address)[1]


@lru_cache(maxsize=4_096)
def _keys(address: str) -> tuple[str, str]:
    """Returns the `bucket_key` and the `network_key` of an address."""
    ip = parse_address(address)
    if ip is None:
        return address, address
    if ip.version == 4:
        return str(ip), str(ipaddress.ip_network((int(ip), 24), strict=False))
    return (
        str(ipaddress.ip_network((int(ip), 64), strict=False)),
        str(ipaddress.ip_network((int(ip), 48), strict=False)),
    )


def keys_of(address: str) -> ClientAddress:
    """Returns the keys of an address and its network under which memory and places are counted."""
    return ClientAddress(*_keys(address))


class RateLimiter:
    """Limits the request rate with a token bucket per address: a burst of `limit` requests, then
    one request every `per_seconds / limit` seconds. The bucket of a network holds NETWORK times as
    many tokens.

    Keeps at most `max_keys` buckets of addresses, and as many of networks. The least recently used
    bucket is dropped first, because it is the fullest.
    """

    def __init__(self, limit: int, per_seconds: float, max_keys: int = 10_000) -> None:
        self.limit = limit
        self.per_seconds = per_seconds
        self._addresses = _Buckets(max_keys)
        self._networks = _Buckets(max_keys)

    def try_take(self, address: str, now: float) -> float:
        """Takes a token and returns 0. If no token is left, returns the seconds until the next
        token is available.
        """
        host, network = _keys(address)
        rate = self.limit / self.per_seconds
        wait = max(
            self._addresses.wait(host, now, self.limit, rate),
            self._networks.wait(network, now, NETWORK * self.limit, NETWORK * rate),
        )
        if not wait:
            self._addresses.take(host)
            self._networks.take(network)
        return wait

    def __len__(self) -> int:
        """Returns the number of addresses that have a bucket."""
        return len(self._addresses)


class RequestLimiter:
    """Limits all requests of an address together. The limit grows with the address's open
    connections and with its sessions, so that many honest clients may share an address.
    """

    def __init__(
        self, rate: float, per_connection: float, per_session: float, max_keys: int = 10_000
    ) -> None:
        """`rate`: requests per second that an address may send. `per_connection`, `per_session`:
        further requests per second for each of its connections and sessions.
        """
        self._rate = rate
        self._per_connection = per_connection
        self._per_session = per_session
        self._addresses = _Buckets(max_keys)
        self._networks = _Buckets(max_keys)

    def try_take(
        self,
        address: str,
        now: float,
        connections: tuple[int, int] = (0, 0),
        sessions: tuple[int, int] = (0, 0),
    ) -> float:
        """Takes a token and returns 0. If no token is left, returns the seconds until the next
        token is available. `connections` and `sessions`: their number for the address, and for its
        network.
        """
        host, network = _keys(address)
        allowed = self._allowed(1, connections[0], sessions[0])
        together = self._allowed(NETWORK, connections[1], sessions[1])
        wait = max(
            self._addresses.wait(host, now, BURST_SECONDS * allowed, allowed),
            self._networks.wait(network, now, BURST_SECONDS * together, together),
        )
        if not wait:
            self._addresses.take(host)
            self._networks.take(network)
        return wait

    def _allowed(self, addresses: int, connections: int, sessions: int) -> float:
        return (
            self._rate * addresses
            + self._per_connection * connections
            + self._per_session * sessions
        )


BURST_SECONDS = 5.0
"""Seconds for which an address that made no requests before may exceed its rate: the number of
requests in a burst is the rate times this value.
"""


class _Buckets:
    """The token buckets of one kind of key."""

    def __init__(self, max_keys: int) -> None:
        self._max_keys = max_keys
        self._buckets: dict[str, tuple[float, float]] = {}
        """The buckets by key: number of tokens and time of the last update. The least recently used
        bucket is first.
        """

    def wait(self, key: str, now: float, limit: float, rate: float) -> float:
        """Refills a bucket with `rate` tokens per second, up to `limit`. Returns 0 if it has a
        token, otherwise the seconds until it has one.
        """
        tokens, counted = self._buckets.pop(key, (limit, now))
        tokens = min(limit, tokens + max(0.0, now - counted) * rate)
        if len(self._buckets) >= self._max_keys:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[key] = (tokens, max(now, counted))
        return 0.0 if tokens >= 1 else (1 - tokens) / rate

    def take(self, key: str) -> None:
        """Takes a token from a bucket, after `wait` has returned 0."""
        tokens, counted = self._buckets[key]
        self._buckets[key] = (tokens - 1, counted)

    def __len__(self) -> int:
        return len(self._buckets)


class ConnectionLimiter:
    """Counts the connections of each address and each network. Call `release` once for each
    `acquire` that returned True.

    `acquire` and `release` may also count other amounts, for example bytes. `total`: limit of all
    addresses together, None for no limit.
    """

    def __init__(self, limit: int, total: int | None = None) -> None:
        self.limit = limit
        self.total = total
        self.held = 0
        """Number of connections, or other amount, of all addresses together."""
        self._addresses: dict[str, int] = {}
        self._networks: dict[str, int] = {}

    def acquire(self, address: str, amount: int = 1) -> bool:
        host, network = _keys(address)
        held, together = self._addresses.get(host, 0), self._networks.get(network, 0)
        if (
            held + amount > self.limit
            or together + amount > NETWORK * self.limit
            or (self.total is not None and self.held + amount > self.total)
        ):
            return False
        self._addresses[host] = held + amount
        self._networks[network] = together + amount
        self.held += amount
        return True

    def release(self, address: str, amount: int = 1) -> None:
        """Removes a connection from the count. Raises KeyError if the address has no connection."""
        host, network = _keys(address)
        _subtract(self._addresses, host, amount)
        _subtract(self._networks, network, amount)
        self.held -= amount

    def count(self, address: str) -> tuple[int, int]:
        """Returns the number of connections, or other amount, of the address and of its network."""
        host, network = _keys(address)
        return self._addresses.get(host, 0), self._networks.get(network, 0)

    def __len__(self) -> int:
        """Returns the number of addresses that have a connection."""
        return len(self._addresses)


def _subtract(held: dict[str, int], key: str, amount: int) -> None:
    left = held[key] - amount
    if left:
        held[key] = left
    else:
        del held[key]


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


def client(peer: str, headers: Iterable[tuple[str, str]], trusted: Sequence[IPNetwork]) -> Client:
    """Returns the client behind a connection from `peer`. `headers`: all headers of the request, in
    order.

    Reads the headers of a trusted peer only: `X-Forwarded-For`, `-Proto` and `-Host`, or
    `Forwarded` (RFC 7239) if there is no X-Forwarded-For. X-Forwarded-For has priority, because
    most proxies write this header but pass on a client's Forwarded header unchanged. A proxy that
    writes Forwarded must remove X-Forwarded-For.
    """
    if not is_trusted(peer, trusted):
        return Client(peer)
    values: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        # RFC 9110 §5.3: repeated fields are one list. Some proxies add a field of their own after
        # the client's field.
        values[name] = f"{values[name]},{value}" if name in values else value
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
    while index > 0 and is_trusted(address, trusted):
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


def is_trusted(address: str, trusted: Sequence[IPNetwork]) -> bool:
    """Whether the address belongs to one of the networks."""
    ip = parse_address(address) if trusted else None
    return ip is not None and any(ip in network for network in trusted)
