"""A token bucket. Pure; `now` in seconds."""


class TokenBucket:
    """Allows `burst` units at once, then `rate` units per second."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = 0.0

    def take(self, now: float, units: int = 1) -> bool:
        """Takes `units` tokens. Returns False, and takes none, if the bucket has fewer than `units`
        tokens.
        """
        # This code runs for each packet, so it avoids calls of `_fill`, `min` and `max`.
        elapsed, self._at, tokens = now - self._at, now, self._tokens
        if elapsed > 0.0:
            tokens += elapsed * self._rate
        if tokens > self._burst:
            tokens = self._burst
        if tokens < units:
            self._tokens = tokens
            return False
        self._tokens = tokens - units
        return True

    def holds(self, now: float) -> bool:
        """Whether the bucket has at least one token."""
        self._fill(now)
        return self._tokens >= 1

    def take_some(self, now: float, units: int) -> int:
        """Takes up to `units` tokens. Returns the number of tokens taken."""
        self._fill(now)
        taken = min(units, int(self._tokens))
        self._tokens -= taken
        return taken

    def _fill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
