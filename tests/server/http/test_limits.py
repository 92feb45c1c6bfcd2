"""Property tests of the token bucket, and the counts of connections."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.client_address import keys_of
from server.http.limits import (
    BURST_SECONDS,
    NETWORK,
    ConnectionLimiter,
    RateLimiter,
    RequestLimiter,
)


def test_a_burst_then_one_at_a_time() -> None:
    limiter = RateLimiter(3, 60)
    assert [limiter.try_take("192.0.2.1", 100) for _ in range(3)] == [0, 0, 0]
    assert limiter.try_take("192.0.2.1", 100) == pytest.approx(20)
    assert limiter.try_take("192.0.2.1", 115) == pytest.approx(5)
    assert limiter.try_take("192.0.2.1", 120) == 0
    assert limiter.try_take("192.0.2.1", 120) > 0
    assert limiter.try_take("192.0.2.2", 120) == 0


@given(
    limit=st.integers(1, 50),
    per_seconds=st.floats(0.1, 1e5),
    steps=st.lists(st.floats(0, 100), max_size=200),
)
def test_never_more_than_the_limit_and_what_flowed_in(
    limit: int, per_seconds: float, steps: list[float]
) -> None:
    limiter, now, allowed = RateLimiter(limit, per_seconds), 0.0, 0
    for step in steps:
        now += step
        allowed += limiter.try_take("192.0.2.1", now) == 0
    assert allowed <= limit + now * limit / per_seconds + 1e-6


@given(limit=st.integers(1, 50), per_seconds=st.floats(0.1, 1e5), start=st.floats(0, 1e5))
def test_waiting_as_long_as_asked_is_enough(limit: int, per_seconds: float, start: float) -> None:
    limiter = RateLimiter(limit, per_seconds)
    while not (wait := limiter.try_take("192.0.2.1", start)):
        pass
    assert limiter.try_take("192.0.2.1", start + wait + 1e-6) == 0  # rounding


def test_time_that_goes_back_gives_nothing() -> None:
    limiter = RateLimiter(1, 10)
    assert limiter.try_take("192.0.2.1", 100) == 0
    assert limiter.try_take("192.0.2.1", 50) > 0
    assert limiter.try_take("192.0.2.1", 105) > 0
    assert limiter.try_take("192.0.2.1", 110) == 0


def test_the_table_is_bounded_and_forgets_who_was_silent_longest() -> None:
    limiter = RateLimiter(1, 1e9, max_keys=3)
    for number in range(3):
        assert limiter.try_take(f"192.0.2.{number}", number) == 0
    assert limiter.try_take("192.0.2.0", 3) > 0  # used again: 192.0.2.1 is the next to be dropped
    assert limiter.try_take("192.0.2.9", 4) == 0
    assert limiter.try_take("192.0.2.0", 5) > 0
    assert limiter.try_take("192.0.2.1", 6) == 0
    assert len(limiter) == 3


@pytest.mark.parametrize(
    ("network", "address"),
    [("2001:db8::/48", "2001:db8:0:{:x}::1"), ("192.0.2.0/24", "192.0.2.{}")],
)
def test_a_network_may_do_eight_times_as_much_as_an_address(network: str, address: str) -> None:
    """This holds for any number of its addresses. Another network has its own limit."""
    rates, connections = RateLimiter(2, 60), ConnectionLimiter(2)
    addresses = [address.format(number) for number in range(100)]
    assert {keys_of(one).network for one in addresses} == {network}
    assert sum(not rates.try_take(one, 0.0) for one in addresses for _ in range(3)) == 2 * NETWORK
    assert sum(connections.acquire(one) for one in addresses for _ in range(3)) == 2 * NETWORK
    assert not rates.try_take("203.0.113.1", 0.0) and connections.acquire("203.0.113.1")
    connections.release(addresses[0])
    assert connections.acquire(addresses[50])


def test_a_refused_request_takes_no_token_of_the_network() -> None:
    limiter = RateLimiter(1, 60)
    for _ in range(100):
        limiter.try_take("192.0.2.1", 0.0)
    assert sum(not limiter.try_take(f"192.0.2.{n}", 0.0) for n in range(2, 20)) == NETWORK - 1


def test_other_amounts_and_all_addresses_together() -> None:
    limiter = ConnectionLimiter(100, total=150)
    assert limiter.acquire("192.0.2.1", 80) and not limiter.acquire("192.0.2.1", 21)
    assert limiter.acquire("198.51.100.1", 70) and not limiter.acquire("203.0.113.1", 1)
    assert (limiter.held, limiter.count("192.0.2.1")) == (150, (80, 80))
    limiter.release("192.0.2.1", 80)
    assert limiter.acquire("203.0.113.1", 80) and len(limiter) == 2


def test_requests_of_many_honest_clients_behind_one_address() -> None:
    """A thousand LL-HLS viewers, seven requests a second each, are not limited; one client that
    makes as many is.
    """
    limiter, one = RequestLimiter(50, 5, 10), RequestLimiter(50, 5, 10)
    refused = many = 0
    for tick in range(600):
        now = tick / 10
        for _ in range(700):
            many += bool(limiter.try_take("192.0.2.1", now, (1_000, 1_000), (900, 900)))
            refused += bool(one.try_take("192.0.2.1", now, (1, 1)))
    assert many == 0
    assert 600 * 700 - refused <= 55 * (60 + BURST_SECONDS)


def test_connections_are_counted_and_given_back() -> None:
    limiter = ConnectionLimiter(2)
    assert limiter.acquire("192.0.2.1") and limiter.acquire("192.0.2.1")
    assert not limiter.acquire("192.0.2.1")
    assert limiter.acquire("192.0.2.2")
    limiter.release("192.0.2.1")
    assert limiter.acquire("192.0.2.1")
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        limiter.release(address)
    assert len(limiter) == 0
    with pytest.raises(KeyError):
        limiter.release("192.0.2.1")
