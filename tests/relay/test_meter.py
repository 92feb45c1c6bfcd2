"""Which accounts are slowed, by the time that each uses, with a fake clock."""

from collections.abc import Callable

import pytest

from relay.meter import (
    CUT_AFTER,
    EXPIRES,
    HONEST_MAX,
    JOIN_NS,
    MAX_ADDRESSES,
    SECOND,
    YOUNG,
    Account,
    Kind,
    Meter,
    MeterPolicy,
)

STEP = 0.25


class World:
    """A meter, its clock, and accounts that each use a share of the loop."""

    def __init__(self, *, waiting: bool = True) -> None:
        self.now = 100.0
        self.thread_ns = 0
        self.waiting = waiting
        self.meter = Meter(MeterPolicy(), lambda: self.thread_ns)
        self.ended: list[str] = []
        self.shares: dict[Account, float] = {}
        self.meter.sample(self.now, waiting=waiting)

    def open(self, kind: Kind, share: float, address: str = "") -> Account:
        account = self.meter.open(kind, self.now, self.ended.append)
        if address:
            account.move_to(address)
        self.shares[account] = share
        return account

    def clients(self, address: str, number: int, share: float) -> Account:
        """This many clients of one address, which use `share` of the loop together."""
        account = self.meter.client(address, self.now)
        for _ in range(number):
            account.enter(self.now)
        self.shares[account] = share
        return account

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> float:
        """Lets time pass. Returns when `until` became true, in seconds from now."""
        began = self.now
        while self.now - began < seconds and not until():
            for account, share in self.shares.items():
                if not account.slowed:
                    account.spent_ns += round(share * STEP * SECOND)
                    self.thread_ns += round(share * STEP * SECOND)
                if account.spent_ns > account.limit_ns:
                    account.overrun()
            self.now += STEP
            self.meter.sample(self.now, waiting=self.waiting)
        return self.now - began


def test_a_session_that_takes_half_the_loop_is_slowed_and_then_ended() -> None:
    world = World()
    hog = world.open(Kind.CREATOR, 0.5)
    honest = [world.open(Kind.CREATOR, 0.02) for _ in range(5)]
    assert world.run(10, lambda: hog.slowed) <= 2.0
    assert world.run(20, lambda: bool(world.ended)) <= 4 * CUT_AFTER
    assert world.ended == ["used more than 20% of the server's time"]
    assert world.meter.slowed[Kind.CREATOR] >= 1 and world.meter.cut[Kind.CREATOR] == 1
    assert not any(account.slowed for account in honest)
    world.run(10)
    assert world.meter.cut[Kind.CREATOR] == 1, "the session is still being closed"


def test_a_slowed_session_uses_its_share_at_most() -> None:
    world = World()
    hog = world.open(Kind.VIEWER, 0.9)
    for _ in range(5):
        world.open(Kind.VIEWER, 0.001)
    world.run(30)
    assert hog.spent_ns <= 0.35 * 30 * SECOND


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        (Kind.CREATOR, 0.09),  # 4 Mbit/s with 5 % loss, on a core of half the usual speed
        (Kind.VIEWER, 0.02),
    ],
)
def test_an_honest_session_is_never_slowed(kind: Kind, share: float) -> None:
    world = World()
    for _ in range(8):
        world.open(kind, share, "192.0.2.1")
    world.run(600)
    assert world.meter.slowed[kind] == 0 and not world.ended


def test_a_thousand_honest_viewers_behind_one_address_are_never_slowed() -> None:
    """They take a third of the loop, and come within ten seconds."""
    world = World()
    for _ in range(100):
        account = world.clients("192.0.2.1", 10, 0.0)
        account.spent_ns += 10 * JOIN_NS // 2
        world.thread_ns += 10 * JOIN_NS // 2
        world.run(STEP)
    world.shares[account] = 0.33
    for number in range(4):
        world.clients(f"198.51.100.{number}", 10, 0.0033)
    world.run(600)
    assert world.meter.slowed[Kind.CLIENT] == 0


def test_clients_of_an_address_that_cost_far_more_than_others_are_slowed() -> None:
    world = World()
    hog = world.clients("192.0.2.1", 100, 0.6)
    honest = [world.clients(f"198.51.100.{number}", 100, 0.01) for number in range(4)]
    assert world.run(10, lambda: hog.slowed) < 3
    assert not any(account.slowed for account in honest)
    world.run(30)
    assert world.meter.cut[Kind.CLIENT] == 0  # its requests wait; it has no session to end


def test_a_client_that_comes_and_goes_gets_the_allowance_of_one() -> None:
    world = World()
    account = world.meter.client("192.0.2.1", world.now)
    for _ in range(1_000):
        account.enter(world.now)
        account.leave(world.now)
    assert account.credit_ns == JOIN_NS


def test_the_sessions_of_one_network_are_slowed_together() -> None:
    """Each takes less than its share; only those that cost more than an honest one are slowed."""
    world = World()
    hogs = [world.open(Kind.VIEWER, 0.1, f"2001:db8:0:{number:x}::1") for number in range(6)]
    cheap = world.open(Kind.VIEWER, 0.002, "2001:db8:0:ffff::1")
    others = [world.open(Kind.VIEWER, 0.002, f"198.51.100.{number}") for number in range(9)]
    world.run(10, lambda: any(hog.slowed for hog in hogs))
    assert all(hog.slowed for hog in hogs)
    assert not cheap.slowed and not any(other.slowed for other in others)


def test_no_account_is_slowed_while_no_work_waits() -> None:
    world = World(waiting=False)
    hog = world.open(Kind.CREATOR, 0.5)
    world.run(60)
    assert not hog.slowed
    world.waiting = True
    world.run(STEP)
    assert hog.slowed


def test_one_call_that_takes_very_long_is_noticed_at_once() -> None:
    """The account is slowed before the next datagram of the session is read."""
    world = World()
    hog = world.open(Kind.CREATOR, 0.0)
    hog.spent_ns += 800_000_000
    world.thread_ns += 800_000_000
    assert hog.spent_ns > hog.limit_ns
    hog.overrun()
    assert hog.slowed
    world.now += 0.8
    world.meter.sample(world.now, waiting=True)
    assert hog.slowed


def test_many_joins_between_two_samples_are_honest() -> None:
    """The event loop may accept hundreds of connections before it runs the timer of the samples."""
    world = World()
    account = world.clients("192.0.2.1", 500, 0.0)
    account.spent_ns += 500 * JOIN_NS // 2
    world.thread_ns += 500 * JOIN_NS // 2
    assert account.spent_ns > account.limit_ns
    account.overrun()
    assert not account.slowed
    world.run(STEP)
    assert not account.slowed
    account.spent_ns += 4 * SECOND
    world.thread_ns += 4 * SECOND
    account.overrun()
    assert account.slowed


def test_a_pause_of_the_process_is_not_charged() -> None:
    """While the process is stopped, the clock goes on, but not the CPU time of its thread."""
    world = World()
    account = world.open(Kind.CREATOR, 0.02)
    world.run(5)
    account.spent_ns += 1_500_000_000
    world.thread_ns += 1_000_000
    account.overrun()
    assert not account.slowed
    world.now += 1.5
    world.meter.sample(world.now, waiting=True)
    assert not account.slowed and account.rate < 0.05


def test_slowing_ends_with_its_cause() -> None:
    world = World()
    hog = world.open(Kind.CREATOR, 0.4)
    world.run(10, lambda: hog.slowed)
    world.shares[hog] = 0.01
    assert world.run(10, lambda: not hog.slowed) <= 2.0
    world.run(60)
    assert not hog.slowed and not world.ended


def test_the_honest_cost_is_the_median_and_bounded() -> None:
    world = World()
    for share in (0.001, 0.002, 0.15):
        world.open(Kind.VIEWER, share)
    world.run(5)
    assert world.meter.honest[Kind.VIEWER] == pytest.approx(0.002, rel=0.1)
    assert world.meter.honest[Kind.CREATOR] == HONEST_MAX[Kind.CREATOR]


def test_young_creators_count_until_they_are_measured() -> None:
    world = World()
    account = world.open(Kind.CREATOR, 0.02)
    silent = world.open(Kind.CREATOR, 0.0)
    assert world.meter.unmeasured(0.02, world.now) == pytest.approx(0.04)
    world.run(1.5)
    assert world.meter.unmeasured(0.02, world.now) < 0.008
    world.run(YOUNG)
    world.shares[account] = 0.0
    world.run(3)
    assert world.meter.unmeasured(0.02, world.now) == 0.0
    assert not silent.slowed


def test_totals_include_closed_accounts() -> None:
    world = World()
    account = world.open(Kind.CREATOR, 0.1)
    world.run(1)
    account.spent_ns += 5
    world.meter.close(account)
    world.meter.close(account)
    del world.shares[account]
    world.run(1)
    assert world.meter.totals[Kind.CREATOR] == pytest.approx(0.1 * SECOND, rel=0.01)
    assert len(world.meter) == 0


def test_a_closed_account_belongs_to_no_address() -> None:
    world = World()
    account = world.meter.open(Kind.VIEWER, world.now, world.ended.append)
    account.move_to("192.0.2.1")
    account.move_to("192.0.2.2")
    world.meter.close(account)
    account.move_to("192.0.2.3")
    assert not world.meter._groups


def test_an_address_that_is_no_ip_address_is_charged_once() -> None:
    """A Unix socket has no IP address, so its address and its network have the same key."""
    world = World()
    account = world.clients("", 1, 0.15)
    world.run(60)
    assert account.spent_ns > 0 and world.meter.slowed[Kind.CLIENT] == 0
    (group,) = world.meter._groups.values()
    assert (group.accounts, group.members[Kind.CLIENT]) == (1, 1)
    account.leave(world.now)
    world.shares.clear()
    world.run(EXPIRES + 1)
    assert not world.meter._groups


def test_idle_addresses_expire() -> None:
    world = World()
    account = world.clients("192.0.2.1", 1, 0.0)
    world.run(EXPIRES + 1)
    assert len(world.meter) == 1
    account.leave(world.now)
    world.run(EXPIRES + 1)
    assert len(world.meter) == 0 and not world.meter._groups


def test_accounts_of_addresses_are_bounded() -> None:
    world = World()
    for number in range(MAX_ADDRESSES + 10):
        world.meter.client(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", world.now)
    assert len(world.meter) <= MAX_ADDRESSES
    assert len(world.meter._groups) <= 2 * MAX_ADDRESSES
