"""Request and connection limits per client address and per network. Pure: `now` is any monotonic
time in seconds.

Addresses and networks are counted by the keys of relay/client_address.py. One client may have many
addresses, so each network has a limit too: NETWORK times the limit of an address.
"""

from relay.client_address import keys_of

NETWORK = 8
"""Ratio of the limit of a network to the limit of an address."""
BURST_SECONDS = 5.0
"""Size of a full bucket of a RequestLimiter, as seconds of the allowed rate. For example, an
address that may send 10 requests per second may send 50 requests at once.
"""
MAX_TAKEN = 1_000
"""Maximum number of addresses whose tokens are noted between two calls of `RateLimiter.taken`."""


class RateLimiter:
    """Limits the request rate with a token bucket per address: a burst of `limit` requests, then
    one request every `per_seconds / limit` seconds. The bucket of a network holds NETWORK times as
    many tokens.

    Keeps at most `max_keys` buckets of addresses, and at most `max_keys` buckets of networks. The
    least recently used bucket is dropped first, because this bucket has had the most time to fill
    up.
    """

    def __init__(self, limit: int, per_seconds: float, max_keys: int = 10_000) -> None:
        self._per_seconds = per_seconds
        self.limit = limit
        self._buckets = _ClientBuckets(max_keys)
        self._taken: dict[str, int] | None = None

    @property
    def limit(self) -> int:
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        rate = limit / self._per_seconds
        self._limit = limit
        self._own = float(limit), rate
        self._together = float(NETWORK * limit), NETWORK * rate

    def try_take(self, address: str, now: float) -> float:
        """Takes a token and returns 0. If no token is left, returns the seconds until the next
        token is available.
        """
        wait = self._buckets.try_take(address, now, self._own, self._together)
        taken = self._taken
        if taken is not None and not wait and (len(taken) < MAX_TAKEN or address in taken):
            taken[address] = taken.get(address, 0) + 1
        return wait

    def note_taken(self) -> None:
        """Notes the addresses that take tokens from now on, for `taken`."""
        self._taken = {}

    def taken(self) -> dict[str, int]:
        """Returns how many tokens each address has taken since the last call. Beyond MAX_TAKEN
        addresses, further addresses are missing.
        """
        taken, self._taken = self._taken or {}, {}
        return taken

    def count(self, address: str, amount: int, now: float) -> None:
        """Takes tokens that an address took at another node. The address may then owe as many
        tokens as its bucket holds.
        """
        self._buckets.count(address, amount, now, self._own, self._together)

    def __len__(self) -> int:
        """Returns the number of addresses that have a bucket."""
        return len(self._buckets)


class RequestLimiter:
    """Limits all requests of an address together. The limit grows with the address's open
    connections and with its sessions, so that many honest clients may share an address.
    """

    def __init__(
        self, rate: float, per_connection: float, per_session: float, max_keys: int = 10_000
    ) -> None:
        """`rate`: requests per second that an address may send. `per_connection`, `per_session`:
        further requests per second for each connection and for each session of the address.
        """
        self.rate = rate
        self._per_connection = per_connection
        self._per_session = per_session
        self._buckets = _ClientBuckets(max_keys)

    def try_take(
        self,
        address: str,
        now: float,
        connections: tuple[int, int] = (0, 0),
        sessions: tuple[int, int] = (0, 0),
    ) -> float:
        """Takes a token and returns 0. If no token is left, returns the seconds until the next
        token is available. `connections` and `sessions` are pairs of numbers: the number for the
        address, then the number for the network of the address.
        """
        own = self._allowed(1, connections[0], sessions[0])
        together = self._allowed(NETWORK, connections[1], sessions[1])
        return self._buckets.try_take(
            address, now, (BURST_SECONDS * own, own), (BURST_SECONDS * together, together)
        )

    def _allowed(self, addresses: int, connections: int, sessions: int) -> float:
        return (
            self.rate * addresses
            + self._per_connection * connections
            + self._per_session * sessions
        )


class _ClientBuckets:
    """The token buckets of addresses and of their networks."""

    def __init__(self, max_keys: int) -> None:
        self._addresses = _Buckets(max_keys)
        self._networks = _Buckets(max_keys)

    def try_take(
        self, address: str, now: float, own: tuple[float, float], together: tuple[float, float]
    ) -> float:
        """Takes a token from the bucket of the address and from the bucket of its network, and
        returns 0. If a bucket has no token, takes no token and returns the seconds until both
        buckets have a token. `own`: the size of the address's bucket, and its tokens per second.
        `together`: the same for the network's bucket.
        """
        keys = keys_of(address)
        wait = max(
            self._addresses.wait(keys.address, now, *own),
            self._networks.wait(keys.network, now, *together),
        )
        if not wait:
            self._addresses.take(keys.address)
            self._networks.take(keys.network)
        return wait

    def count(
        self,
        address: str,
        amount: int,
        now: float,
        own: tuple[float, float],
        together: tuple[float, float],
    ) -> None:
        """Takes `amount` tokens, whether or not the buckets have them."""
        keys = keys_of(address)
        self._addresses.wait(keys.address, now, *own)
        self._networks.wait(keys.network, now, *together)
        self._addresses.take(keys.address, amount, least=-own[0])
        self._networks.take(keys.network, amount, least=-together[0])

    def __len__(self) -> int:
        return len(self._addresses)


class _Buckets:
    """The token buckets of one kind of key."""

    def __init__(self, max_keys: int) -> None:
        self._max_keys = max_keys
        self._buckets: dict[str, tuple[float, float]] = {}
        """The number of tokens in each bucket and the time of the bucket's last update, by key. The
        least recently used bucket is first.
        """

    def wait(self, key: str, now: float, limit: float, rate: float) -> float:
        """Refills a bucket with `rate` tokens per second, up to `limit`. Returns 0 if the bucket
        has a token, otherwise the seconds until the bucket has a token.
        """
        tokens, counted = self._buckets.pop(key, (limit, now))
        tokens = min(limit, tokens + max(0.0, now - counted) * rate)
        if len(self._buckets) >= self._max_keys:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[key] = (tokens, max(now, counted))
        return 0.0 if tokens >= 1 else (1 - tokens) / rate

    def take(self, key: str, amount: int = 1, *, least: float = 0.0) -> None:
        """Takes tokens from a bucket, after a call of `wait`. The bucket keeps `least` tokens."""
        tokens, counted = self._buckets[key]
        self._buckets[key] = (max(least, tokens - amount), counted)

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
        keys = keys_of(address)
        held, together = self.count(address)
        if (
            held + amount > self.limit
            or together + amount > NETWORK * self.limit
            or (self.total is not None and self.held + amount > self.total)
        ):
            return False
        self._addresses[keys.address] = held + amount
        self._networks[keys.network] = together + amount
        self.held += amount
        return True

    def release(self, address: str, amount: int = 1) -> None:
        """Removes a connection from the count. Raises KeyError if the address has no connection."""
        keys = keys_of(address)
        _subtract(self._addresses, keys.address, amount)
        _subtract(self._networks, keys.network, amount)
        self.held -= amount

    def count(self, address: str) -> tuple[int, int]:
        """Returns the number of connections, or other amount, of the address and of its network."""
        keys = keys_of(address)
        return self._addresses.get(keys.address, 0), self._networks.get(keys.network, 0)

    def __len__(self) -> int:
        """Returns the number of addresses that have a connection."""
        return len(self._addresses)


def _subtract(held: dict[str, int], key: str, amount: int) -> None:
    left = held[key] - amount
    if left:
        held[key] = left
    else:
        del held[key]
