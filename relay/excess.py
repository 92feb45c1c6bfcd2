"""The event-loop time that a client used in addition to its permitted share. Pure."""


class Excess:
    """The event-loop time that one account, or all accounts of one address together, used in
    addition to the permitted share. The excess decreases while the use is below the share.
    """

    __slots__ = ("_limit_ns", "ns", "reached")

    def __init__(self, limit_ns: int) -> None:
        self.ns = 0.0
        """The excess, ns. The value is at most twice the limit."""
        self.reached = False
        """Whether the excess exceeded the limit while other work waited. After that, the value
        stays true until the excess has fallen to half of the limit.
        """
        self._limit_ns = limit_ns

    def add(self, ns: float) -> None:
        """Changes the excess by `ns`, which may be negative."""
        self.ns = min(2.0 * self._limit_ns, max(0.0, self.ns + ns))

    def judge(self, waiting: bool) -> None:
        """Updates `reached`. `waiting`: whether other work waits because the loop is busy."""
        self.reached = (
            self.ns > self._limit_ns / 2 if self.reached else waiting and self.ns > self._limit_ns
        )

    def reach(self) -> None:
        """Raises the excess to the limit at once, whether or not other work waits."""
        self.ns = max(self.ns, float(self._limit_ns))
        self.reached = True
