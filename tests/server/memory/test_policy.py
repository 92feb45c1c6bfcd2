"""The rules of the memory budget."""

from hypothesis import given
from hypothesis import strategies as st

from relay.client_address import UNKNOWN, ClientAddress
from server.memory import policy
from server.memory.policy import (
    ADDRESS_SHARE,
    CRITICAL,
    LEAST_PLAYLIST_BYTES,
    LEAST_SECONDS,
    LEAST_WINDOW_BYTES,
    MEBIBYTE,
    NETWORK_SHARE,
    NEWEST_SECONDS,
    RELAXED,
    STRAINED,
    Live,
    Needs,
    excessive_viewers,
    playlist_bytes,
    window_limits,
    window_seconds,
)

BUDGET = 512 * MEBIBYTE
HOME = ClientAddress("192.0.2.1", "192.0.2.0/24")
NEIGHBOUR = ClientAddress("192.0.2.2", "192.0.2.0/24")
OTHER = ClientAddress("198.51.100.1", "198.51.100.0/24")


def test_the_length_of_windows() -> None:
    assert window_seconds(0, 90) == window_seconds(RELAXED, 90) == 90
    assert round(window_seconds((RELAXED + STRAINED) / 2, 90), 6) == (90 + LEAST_SECONDS) / 2
    assert round(window_seconds(STRAINED, 90), 6) == LEAST_SECONDS
    assert window_seconds(CRITICAL, 90) == window_seconds(7, 90) == NEWEST_SECONDS
    assert [window_seconds(use, 0.5) for use in (0, RELAXED, STRAINED, CRITICAL)] == [0.5] * 4


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0.1, 600))
def test_more_use_never_makes_windows_or_playlists_longer(
    first: float, second: float, longest: float
) -> None:
    less, more = sorted((first, second))
    assert longest >= window_seconds(less, longest) >= window_seconds(more, longest) > 0
    assert playlist_bytes(less, 1 << 24) >= playlist_bytes(more, 1 << 24)


def test_the_size_of_playlists() -> None:
    most = 24 * MEBIBYTE
    assert playlist_bytes(RELAXED, most) == most
    assert playlist_bytes(STRAINED, most) == playlist_bytes(3, most) == LEAST_PLAYLIST_BYTES
    assert playlist_bytes(3, MEBIBYTE) == MEBIBYTE


def test_windows_of_lives_that_fit_have_the_usual_limit() -> None:
    lives = [Live(HOME, MEBIBYTE, MEBIBYTE) for _ in range(50)]
    assert window_limits(lives, BUDGET, 64 * MEBIBYTE) == [64 * MEBIBYTE] * 50


def test_one_live_has_a_budget() -> None:
    """Memory of the live besides its window counts too."""
    (limit,) = window_limits([Live(OTHER, 0, 100 * MEBIBYTE)], BUDGET, 64 * MEBIBYTE)
    assert limit == 28 * MEBIBYTE
    (limit,) = window_limits([Live(OTHER, 0, 900 * MEBIBYTE)], BUDGET, 64 * MEBIBYTE)
    assert limit == LEAST_WINDOW_BYTES
    (limit,) = window_limits([Live(OTHER, 0, 0)], 100 * MEBIBYTE, 64 * MEBIBYTE)
    assert limit == 25 * MEBIBYTE


def test_an_address_above_its_share_shortens_only_its_own_windows() -> None:
    mine = [Live(HOME, 30 * MEBIBYTE, 4 * MEBIBYTE) for _ in range(8)]
    limits = window_limits([*mine, Live(OTHER, 30 * MEBIBYTE, 0)], BUDGET, 64 * MEBIBYTE)
    share = round(ADDRESS_SHARE * BUDGET)
    assert limits == [(share - 32 * MEBIBYTE) // 8] * 8 + [64 * MEBIBYTE]
    assert sum(limits[:8]) + 32 * MEBIBYTE <= share


def test_a_network_above_its_share_shortens_the_windows_of_all_its_addresses() -> None:
    lives = [Live(ClientAddress(f"192.0.2.{n}", HOME.network), 50 * MEBIBYTE, 0) for n in range(8)]
    limits = window_limits([*lives, Live(OTHER, 0, 0)], BUDGET, 64 * MEBIBYTE)
    assert limits == [round(NETWORK_SHARE * BUDGET) // 8] * 8 + [64 * MEBIBYTE]


def test_creators_without_a_known_address_share_no_budget() -> None:
    lives = [Live(UNKNOWN, 60 * MEBIBYTE, 0) for _ in range(20)]
    assert window_limits(lives, BUDGET, 64 * MEBIBYTE) == [64 * MEBIBYTE] * 20


def accepted(creators: list[ClientAddress], other: int = 100 * MEBIBYTE) -> int:
    """The number of creators that fit, one after the other."""
    needs = Needs(other, 4_000_000)
    for number, creator in enumerate(creators):
        if not needs.fits(creator, BUDGET):
            return number
        needs.add(Live(creator, 0, 0))
    return len(creators)


def distinct(count: int) -> list[ClientAddress]:
    return [ClientAddress(f"10.{n}.0.1", f"10.{n}.0.0/24") for n in range(count)]


def test_creators_are_refused_before_the_least_windows_exceed_the_budget() -> None:
    """Fifty creators of one address fit into 512 MiB."""
    least = Needs(0, 4_000_000)
    least.add(Live(UNKNOWN, 0, 0))
    most = accepted(distinct(500))
    assert most == Needs(100 * MEBIBYTE, 4_000_000).places(BUDGET)
    assert Needs(BUDGET, 4_000_000).places(BUDGET) == 0
    assert most == (CRITICAL * BUDGET - 100 * MEBIBYTE) // least.total
    assert 50 <= accepted([HOME] * 500) == ADDRESS_SHARE * BUDGET // least.total < most
    mixed = [HOME, NEIGHBOUR] * 250
    assert accepted([HOME] * 500) < accepted(mixed) <= NETWORK_SHARE * BUDGET // least.total
    assert accepted([OTHER], other=BUDGET) == 0
    assert accepted([UNKNOWN] * 500) == most


def test_a_live_that_sends_more_needs_more() -> None:
    less, more = Needs(0, 4_000_000), Needs(0, 4_000_000)
    less.add(Live(HOME, 0, 0, bitrate=1_000_000))
    more.add(Live(HOME, 0, 5 * MEBIBYTE, bitrate=8_000_000))
    assert more.total > 2 * less.total
    assert more.total >= policy.OVERHEAD * (5 * MEBIBYTE + 1_000_000 * LEAST_SECONDS)


def test_viewers_are_closed_by_what_waits_for_their_address() -> None:
    """The viewers with the most waiting bytes are closed first, and no more than needed."""
    half, small = BUDGET // 16, BUDGET // 100
    assert excessive_viewers([(HOME, half), (HOME, half), (OTHER, half)], BUDGET) == []
    waiting = [(HOME, small), (HOME, 2 * half), (OTHER, half), (HOME, small)]
    assert excessive_viewers(waiting, BUDGET) == [1]
    crowd = [(ClientAddress(f"192.0.2.{n}", HOME.network), half) for n in range(6)]
    assert len(excessive_viewers(crowd, BUDGET)) == 2
