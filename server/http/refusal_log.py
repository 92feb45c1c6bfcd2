"""Log lines about refused requests, for the operator. Pure: `now` in seconds."""

from server.http.limits import RateLimiter

LOGGED = frozenset({401, 403, 429})
"""Statuses of the refusals that are logged. The causes of these refusals are wrong secrets and
exceeded limits of addresses.
"""
PER_ADDRESS, IN_ALL, INTERVAL = 5, 60, 60.0
"""Maximum numbers of log lines in INTERVAL seconds: PER_ADDRESS lines that concern the same
address, and IN_ALL lines in total.
"""


class RefusalLog:
    """Decides which refusals get a log line, so that a client cannot fill the log."""

    def __init__(self) -> None:
        self._addresses = RateLimiter(PER_ADDRESS, INTERVAL)
        self._all = RateLimiter(IN_ALL, INTERVAL)
        self._left_out = 0

    def line(
        self, status: int, code: str, address: str, method: str, route: str, now: float
    ) -> str | None:
        """Returns the log line for a refusal; None if the refusal is not logged. `route`: the path
        of the route, not of the request, because a request's path may contain secrets.
        """
        if status not in LOGGED:
            return None
        if self._addresses.try_take(address, now) or self._all.try_take("", now):
            self._left_out += 1
            return None
        more = f" ({self._left_out} earlier refusals were not logged)" if self._left_out else ""
        self._left_out = 0
        return f"refused {address or 'a client'} with {status} {code}: {method} {route}{more}"
