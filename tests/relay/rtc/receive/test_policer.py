"""How a publisher is asked for less, and when it counts as excessive."""

from collections.abc import Callable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive.policer import OVER_FOR, BitratePolicer

CAP, LIMIT, STEP = 4_000_000, 8_000_000, 0.2
Rate = Callable[[float, int], float]
"""The bitrate (bit/s) that a publisher sends, from the time (s) and the requested bitrate."""


def run(rate: Rate, seconds: float = 30) -> Iterator[tuple[float, BitratePolicer]]:
    """Yields the time and the policer after each measurement."""
    policer, received = BitratePolicer(CAP, LIMIT, 0), 0.0
    for step in range(round(seconds / STEP)):
        now = (step + 1) * STEP
        received += rate(step * STEP, policer.request) * STEP / 8
        policer.measure(round(received), now)
        yield now, policer


def constant(bitrate: float) -> Rate:
    return lambda now, request: bitrate


def cut_at(rate: Rate) -> float | None:
    """The time at which the publisher counts as excessive."""
    return next((round(now, 3) for now, policer in run(rate) if policer.excessive), None)


def test_an_honest_creator_is_never_policed() -> None:
    """It sends at the cap with 5 % retransmissions, and with a keyframe of 300 KB every two
    seconds.
    """

    def sends(now: float, _: int) -> float:
        key = 300_000 * 8 / STEP if round(now / STEP) % 10 == 0 else 0
        return 1.05 * (CAP - 1_200_000) + key

    assert all(policer.request == CAP and not policer.excessive for _, policer in run(sends, 600))


def test_a_flood_is_cut_the_sooner_the_larger_it_is() -> None:
    found = [cut_at(constant(bitrate)) for bitrate in (50e6, 17e6, 12e6, 8.1e6)]
    assert found == [1.6, 1.6, 2.0, OVER_FOR]


def test_up_to_the_limit_nobody_is_cut() -> None:
    assert cut_at(constant(LIMIT)) is None


def test_a_creator_who_follows_the_request_is_not_cut() -> None:
    """The bitrate jumps from 1 to 20 Mbit/s. The creator obeys the request a second later."""

    def creator() -> Rate:
        requests: list[int] = []

        def sends(now: float, request: int) -> float:
            requests.append(request)
            if now < 5:
                return 1_000_000
            return 20_000_000 if now < 6 else requests[-6]

        return sends

    seen = [policer.request for _, policer in run(creator())]
    assert min(seen) < CAP / 2, "a lower bitrate is requested"
    assert seen[-1] == CAP, "and the usual one again"
    assert cut_at(creator()) is None


def test_a_burst_after_a_stalled_network_is_not_cut() -> None:
    """Ten seconds of media arrive within half a second, then the usual bitrate."""
    assert cut_at(lambda now, _: 80_000_000 if now < 0.5 else 0.9 * CAP) is None


def test_pauses_do_not_save_a_flood() -> None:
    """Two seconds of 50 Mbit/s alternate with one second of silence."""
    found = cut_at(lambda now, _: 50_000_000 if now % 3 < 2 else 0)
    assert found is not None and found <= 4.5


def test_a_pause_of_the_process_is_not_the_creators_fault() -> None:
    """Two measurements at once count as one."""
    policer = BitratePolicer(CAP, LIMIT, 0)
    policer.measure(0, 1.5)
    policer.measure(750_000, 1.51)
    policer.measure(850_000, 1.7)
    assert policer.request == CAP and not policer.excessive


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 10_000_000)), max_size=50))
def test_the_request_stays_in_its_bounds(steps: list[tuple[float, int]]) -> None:
    policer, now, received = BitratePolicer(CAP, LIMIT, 0), 0.0, 0
    for elapsed, size in steps:
        now, received = now + elapsed, received + size
        policer.measure(received, now)
        assert 150_000 <= policer.request <= CAP
