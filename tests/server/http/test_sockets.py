"""The count of sockets of each address."""

import pytest

from relay.errors import RefusalCode
from server.errors import TooManyRequests
from server.http.limits import NETWORK
from server.http.sockets import STANDBYS, SocketLimiter

ADDRESS = "192.0.2.1"
REFUSAL = TooManyRequests(RefusalCode.TOO_MANY_CONNECTIONS, "too many connections", 5)


def test_five_standbys_count_as_one_socket() -> None:
    limiter = SocketLimiter(2)
    playing = limiter.open(ADDRESS, REFUSAL)
    standbys = [limiter.open(ADDRESS, REFUSAL, held=True) for _ in range(STANDBYS)]
    assert (limiter.count(ADDRESS), limiter.standbys, len(limiter)) == ((2, 2), STANDBYS, 1)
    for held in (False, True):
        with pytest.raises(TooManyRequests):
            limiter.open(ADDRESS, REFUSAL, held=held)
    assert not standbys[0].hold(False) and standbys[0].hold(True)
    with playing:
        assert playing.hold(True)
        assert limiter.count(ADDRESS) == (2, 2)
        assert standbys[0].hold(False)
        assert not playing.hold(False)
    for socket in standbys:
        with socket:
            pass
    assert (limiter.count(ADDRESS), limiter.standbys, len(limiter)) == ((0, 0), 0, 0)


def test_the_sockets_of_a_network_are_limited_too() -> None:
    limiter = SocketLimiter(1)
    for number in range(NETWORK * STANDBYS):
        limiter.open(f"192.0.2.{number}", REFUSAL, held=True)
    with pytest.raises(TooManyRequests):
        limiter.open("192.0.2.200", REFUSAL, held=True)
    limiter.open("198.51.100.1", REFUSAL)


def test_the_end_of_a_socket_gives_back_what_it_counts_then() -> None:
    limiter = SocketLimiter(1)
    with limiter.open(ADDRESS, REFUSAL) as socket:
        socket.hold(True)
        with limiter.open(ADDRESS, REFUSAL, held=True) as other:
            assert not other.hold(False)
    with limiter.open(ADDRESS, REFUSAL):
        assert limiter.standbys == 0
