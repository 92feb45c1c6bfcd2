"""Measures how much event-loop time each session and each address uses. While other work waits, a
session or an address that uses more than its share is slowed. A session that stays slowed is ended.
Pure: the current time is an argument.

The code that works for a client measures how long it runs, and adds this duration to the `Account`
of the client. `Meter.sample`, called a few times a second, compares the accounts with the share of
the loop that one client may use. An address may use more than this share, because it may have many
clients: each client adds the time that an honest client needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from relay.callbacks import ignore
from relay.client_address import keys_of
from relay.excess import Excess

SECOND = 1_000_000_000
"""One second in ns."""
RATE_OVER: Final = 1.0
"""Time constant of the running mean in `Account.rate`, seconds."""
YOUNG: Final = 3.0
"""Age from which the measured use of a session is reliable, seconds. `Meter.unmeasured` assumes
that a younger session will use the expected share.
"""
UNHEARD: Final = 1.0
"""Age above which `Meter.unmeasured` ignores a session that has received no datagram, seconds."""
CUT_AFTER: Final = 2.0
"""Total time in the slowed state after which a session is ended, seconds. While the session is not
slowed, this total falls by 0.1 s per second.
"""
EXPIRES: Final = 60.0
"""Time without a client after which the account of an address is removed, seconds."""
MAX_ADDRESSES: Final = 10_000
"""Number of address accounts above which accounts without clients are removed early: they do not
wait EXPIRES seconds.
"""
JOIN_NS: Final = 3_000_000
"""Additional time that an address may use for each new client, ns. A new client loads the page and
sends its first requests.
"""


class Kind(Enum):
    """The kind of session or client to which an account belongs."""

    CREATOR = "creator"
    """A WHIP session."""
    VIEWER = "viewer"
    """A WHEP session."""
    CLIENT = "client"
    """The HTTP requests and WebSockets of one address."""


HONEST_MAX: Final = {Kind.CREATOR: 0.06, Kind.VIEWER: 0.01, Kind.CLIENT: 0.001}
"""Upper limit of the assumed cost of an honest client, by kind, as a share of the loop. The assumed
cost is the median cost over all accounts of the kind, or this limit if fewer than MEASURED accounts
are in use.
"""
LEARN_EVERY: Final = 2.0
"""Time between two measurements of the cost of honest clients, seconds."""
NOTABLE: Final = 0.005
"""Share of the loop above which an account is checked individually."""
MEASURED: Final = 3
"""Number of accounts of a kind that must be in use before the cost of an honest client of this kind
is measured.
"""


class Account:
    """The event-loop time that was used by one session, or by all requests of one address.

    The code that works for the client adds the duration of this work to `spent_ns`. If `spent_ns`
    then exceeds `limit_ns`, this code calls `overrun`. While `slowed` is true, this code drops or
    delays each input without processing it, and adds 1 to `shed`.
    """

    __slots__ = (
        "_counted_ns",
        "_excess",
        "_groups",
        "_meter",
        "_on_cut",
        "_peak",
        "_peak_at",
        "_slowed_for",
        "_suspect",
        "clients",
        "credit_ns",
        "kind",
        "limit_ns",
        "opened_at",
        "rate",
        "shed",
        "slowed",
        "spent_ns",
        "used_at",
    )

    def __init__(
        self, kind: Kind, meter: "Meter", now: float, on_cut: Callable[[str], None]
    ) -> None:
        self.kind = kind
        self.opened_at = now
        self.used_at = now
        self.spent_ns = 0
        """Time used since the account was opened, ns."""
        self.limit_ns = meter.limit_ns
        """Value of `spent_ns` above which the account is checked at once."""
        self.slowed = False
        self.shed = 0
        """Number of inputs that were dropped or delayed because the account was slowed."""
        self.rate = 0.0
        """Share of the loop that the account used, averaged over about one second."""
        self.clients = 1 if kind is not Kind.CLIENT else 0
        """Number of clients that use the account now."""
        self.credit_ns = 0
        """Time that the account may still use without being charged, ns. Each new client of an
        address increases this time by JOIN_NS.
        """
        self._meter = meter
        self._on_cut = on_cut
        self._groups: tuple[_Group, ...] = ()
        self._counted_ns = 0
        self._excess = Excess(meter.limit_ns)
        self._slowed_for = 0.0
        self._suspect = False
        self._peak = 0
        self._peak_at = now

    def overrun(self) -> None:
        """Checks the account at once and not at the next sample, because the latest work for its
        client took very long.
        """
        self._meter.check_overrun(self)

    def move_to(self, address: str) -> None:
        """From now on, charges the time of this account also to `address`, and to the network of
        `address`.
        """
        self._meter.move(self, address)

    def enter(self, now: float) -> None:
        """Counts one more client of an address. Call `leave` when the client has gone."""
        self._add_clients(1)
        self.used_at = now
        if now - self._peak_at > EXPIRES:
            self._peak = 0
        if self.clients > self._peak:
            # Add credit only if there are more clients than at any time in the last minute. So a
            # client that leaves and returns brings no new credit.
            self._peak, self._peak_at = self.clients, now
            self.credit_ns += JOIN_NS

    def leave(self, now: float) -> None:
        self._add_clients(-1)
        self.used_at = now

    def _add_clients(self, number: int) -> None:
        self.clients += number
        for group in self._groups:
            group.members[self.kind] += number


class _Group:
    """The accounts of one address or one network."""

    __slots__ = ("accounts", "excess", "key", "members", "used_ns")

    def __init__(self, key: str, limit_ns: int) -> None:
        self.key = key
        self.accounts = 0
        self.members = dict.fromkeys(Kind, 0)
        self.used_ns = 0.0
        self.excess = Excess(limit_ns)


@dataclass(frozen=True, slots=True)
class MeterPolicy:
    share: float = 0.2
    """Share of the loop that a client may use beyond the cost of an honest client."""
    over: float = 2.0
    """Time over which the share is measured, seconds."""


class Meter:
    """All accounts of a process. `thread_ns` returns the CPU time of the event loop's thread. This
    CPU time does not include pauses of the process. A pause must not be charged to the session
    whose datagram happens to be processed when the pause begins.
    """

    def __init__(
        self,
        policy: MeterPolicy | None = None,
        thread_ns: Callable[[], int] | None = None,
    ) -> None:
        """If `thread_ns` is None, the time for which the process was paused is charged like time
        that was used.
        """
        self.policy = policy or MeterPolicy()
        self.limit_ns = round(self.policy.share * self.policy.over * SECOND)
        self.honest = dict(HONEST_MAX)
        """Cost of an honest client by kind, as a share of the loop."""
        self.totals = dict.fromkeys(Kind, 0)
        """Time used by all accounts of a kind, including closed accounts, ns."""
        self.slowed = dict.fromkeys(Kind, 0)
        """Number of times that an account became slowed."""
        self.cut = dict.fromkeys(Kind, 0)
        """Number of sessions that were ended because they used too much event-loop time."""
        self._thread_ns = thread_ns
        self._accounts: dict[Kind, dict[Account, None]] = {kind: {} for kind in Kind}
        self._learned_at = 0.0
        self._addresses: dict[str, Account] = {}
        self._groups: dict[str, _Group] = {}
        self._sampled_at: float | None = None
        self._thread_sampled = 0

    def __len__(self) -> int:
        return sum(map(len, self._accounts.values()))

    def open(self, kind: Kind, now: float, on_cut: Callable[[str], None]) -> Account:
        """Opens the account of a session; `close` removes it. `on_cut` is called with the reason
        when the session must end.
        """
        account = Account(kind, self, now, on_cut)
        self._accounts[kind][account] = None
        return account

    def close(self, account: Account) -> None:
        """Removes an account. Does nothing if the account is already removed."""
        accounts = self._accounts[account.kind]
        if account in accounts:
            del accounts[account]
            self.totals[account.kind] += account.spent_ns - account._counted_ns
            account._counted_ns = account.spent_ns
            self._leave_groups(account)
            account._on_cut = ignore

    def client(self, address: str, now: float) -> Account:
        """Returns the account that is charged for the requests from `address`. Opens the account if
        necessary. Accounts without clients are removed after a minute.
        """
        key = keys_of(address).address
        account = self._addresses.get(key)
        if account is None:
            if len(self._addresses) >= MAX_ADDRESSES:
                self._expire(now, 0.0)
            account = self.open(Kind.CLIENT, now, ignore)
            self.move(account, address)
            self._addresses[key] = account
        return account

    def move(self, account: Account, address: str) -> None:
        if account not in self._accounts[account.kind]:
            return  # a closed account must not keep a group
        self._leave_groups(account)
        keys = keys_of(address)
        # If the address is not an IP address, both keys are equal, and the account has one group.
        groups = tuple(
            self._groups.setdefault(key, _Group(key, self.limit_ns))
            for key in dict.fromkeys((keys.address, keys.network))
        )
        for group in groups:
            group.accounts += 1
            group.members[account.kind] += account.clients
        account._groups = groups

    def unmeasured(self, expected: float, now: float) -> float:
        """Returns the load that creators' sessions younger than YOUNG seconds will probably add, as
        a share of the loop. `expected`: share of the loop that one creator's session will use.
        """
        return sum(
            max(0.0, expected - account.rate)
            for account in self._accounts[Kind.CREATOR]
            if now - account.opened_at < (YOUNG if account.spent_ns else UNHEARD)
        )

    # Sampling

    def sample(self, now: float, *, waiting: bool) -> None:
        """Reads the time that each account used since the last call, and decides which accounts are
        slowed. `waiting`: whether other work waits because the loop is busy.

        Calls `on_cut` of each session that must end.
        """
        before, self._sampled_at = self._sampled_at, now
        thread_used = self._take_thread_time()
        # The first call cannot know the interval since the last call. Assume a very long interval,
        # so that no account exceeds its share.
        seconds = 3_600.0 if before is None else now - before
        if seconds <= 0:
            return
        learns = now - self._learned_at >= LEARN_EVERY
        notable, total = self._count(seconds, learns)
        # If the process was suspended, the measured times include the suspension. All accounts
        # together cannot have used more time than the thread, so the times are scaled down.
        scale = 1.0 if thread_used is None or total <= thread_used else thread_used / total
        for account, used in notable:
            self._charge(account, used * scale, seconds)
        if learns:
            self._learned_at = now
        self._fill_groups(seconds, waiting)
        self._judge([account for account, _ in notable], seconds, waiting)
        self._expire(now, EXPIRES)

    def _count(self, seconds: float, learns: bool) -> tuple[list[tuple[Account, int]], int]:
        """Reads the time that each account used since the last sample. Returns the accounts that
        used much time or are suspect, each with the time that it used, and the total time of all
        accounts. Times are in ns.

        Accounts that used little need no further check, so they are not returned. This saves time:
        with thousands of accounts, this method alone takes a few ms.
        """
        notable: list[tuple[Account, int]] = []
        much, length = NOTABLE * seconds * SECOND, seconds * SECOND
        weight, everything = min(1.0, seconds / RATE_OVER), 0
        for kind, accounts in self._accounts.items():
            total, rates = 0, []
            for account in accounts:
                used = account.spent_ns - account._counted_ns
                if used:
                    total += used
                    account._counted_ns = account.spent_ns
                    if used > much or account._suspect:
                        notable.append((account, used))
                    else:
                        account.rate += (used / length - account.rate) * weight
                        for group in account._groups:
                            group.used_ns += used
                    if learns:
                        rates.append(used / length / max(1, account.clients))
                elif account._suspect:
                    notable.append((account, 0))
                elif account.rate:
                    account.rate = account.rate * (1.0 - weight) if account.rate > 1e-6 else 0.0
            self.totals[kind] += total
            everything += total
            if learns:
                self._learn(kind, rates)
        return notable, everything

    def _charge(self, account: Account, used: float, seconds: float) -> None:
        """Charges `used` (ns), minus the credit of the account, to the account and its groups."""
        share = max(0.0, used / (seconds * SECOND))
        account.rate += (share - account.rate) * min(1.0, seconds / RATE_OVER)
        counted = max(0.0, used - account.credit_ns)
        account.credit_ns = max(0, account.credit_ns - round(max(0.0, used)))
        for group in account._groups:
            group.used_ns += counted
        allowed = self.policy.share + self.honest[account.kind] * account.clients
        account._excess.add(counted - allowed * seconds * SECOND)
        account._suspect = account._excess.ns > 0

    def _learn(self, kind: Kind, rates: list[float]) -> None:
        if len(rates) >= MEASURED:
            rates.sort()
            self.honest[kind] = min(HONEST_MAX[kind], rates[len(rates) // 2])
        else:
            self.honest[kind] = HONEST_MAX[kind]

    def _fill_groups(self, seconds: float, waiting: bool) -> None:
        share = self.policy.share * seconds * SECOND
        for group in self._groups.values():
            if group.used_ns > share or group.excess.ns:
                honest = sum(self.honest[kind] * number for kind, number in group.members.items())
                group.excess.add(group.used_ns - share - honest * seconds * SECOND)
                group.excess.judge(waiting)
            group.used_ns = 0.0

    def _judge(self, accounts: list[Account], seconds: float, waiting: bool) -> None:
        for account in accounts:
            account._excess.judge(waiting)
            honest = 2.0 * self.honest[account.kind] * max(1, account.clients)
            shared = account.rate > honest and any(
                group.excess.reached for group in account._groups
            )
            self._slow(account, account._excess.reached or shared)
            if account.slowed:
                account._slowed_for += seconds
                if account._slowed_for >= CUT_AFTER:
                    self._cut(account)
            elif account._slowed_for:
                account._slowed_for = max(0.0, account._slowed_for - seconds / 10)
            account._suspect = account._suspect or account.slowed or account._slowed_for > 0

    def check_overrun(self, account: Account) -> None:
        """Slows an account at once if the CPU time that the account used since the last sample
        exceeds the limit. Many viewers of one address may join between two samples. Therefore, the
        limit includes the credit of the account, and the CPU time that its clients may use if they
        are honest.
        """
        since = account.spent_ns - account._counted_ns
        if self._thread_ns is not None:
            thread = max(0, self._thread_ns() - self._thread_sampled)
            if since > thread:
                account.spent_ns -= since - thread
                since = thread
        others = self.honest[account.kind] * max(0, account.clients - 1)
        limit = self.limit_ns + account.credit_ns + round(others * self.policy.over * SECOND)
        if since <= limit:
            account.limit_ns = account._counted_ns + limit
            return
        account.limit_ns = account.spent_ns + self.limit_ns
        account._excess.reach()
        account._suspect = True
        self._slow(account, True)

    def _slow(self, account: Account, slowed: bool) -> None:
        if slowed and not account.slowed:
            self.slowed[account.kind] += 1
        account.slowed = slowed

    def _cut(self, account: Account) -> None:
        if account.kind is Kind.CLIENT:
            return  # each request of an address is refused or delayed by itself
        if account._on_cut is ignore:
            return  # the session is already being ended
        self.cut[account.kind] += 1
        on_cut, account._on_cut = account._on_cut, ignore
        on_cut(f"used more than {self.policy.share:.0%} of the server's time")

    def _take_thread_time(self) -> int | None:
        """Returns the CPU time of the thread since the last call, ns; None if unknown."""
        if self._thread_ns is None:
            return None
        before, self._thread_sampled = self._thread_sampled, self._thread_ns()
        return self._thread_sampled - before

    # Bounds

    def _leave_groups(self, account: Account) -> None:
        for group in account._groups:
            group.members[account.kind] -= account.clients
            group.accounts -= 1
            if not group.accounts:
                del self._groups[group.key]
        account._groups = ()

    def _expire(self, now: float, idle: float) -> None:
        """Removes each address account without clients that was not used for `idle` seconds."""
        gone = [
            key
            for key, account in self._addresses.items()
            if not account.clients and not account.slowed and now - account.used_at >= idle
        ]
        for key in gone:
            self.close(self._addresses.pop(key))
