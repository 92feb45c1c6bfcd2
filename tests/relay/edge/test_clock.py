"""The clock of an origin."""

from relay.edge.clock import EVERY_S, FIRST, KEEP_S, MAX_MEASUREMENTS, OriginClock


def test_the_shortest_round_trip_counts() -> None:
    clock = OriginClock()
    assert clock.ahead == 0
    clock.add(1_000, 1_400, 5_001_200, 0)
    assert clock.ahead == 5_000_000
    clock.add(2_000, 12_000, 5_012_000, 1)
    assert clock.ahead == 5_000_000
    clock.add(3_000, 3_100, 4_003_050, 2)
    assert clock.ahead == 4_000_000


def test_old_measurements_do_not_count() -> None:
    clock = OriginClock()
    clock.add(0, 10, 5_005, 0)
    clock.add(0, 1_000, 9_500, KEEP_S)
    assert clock.ahead == 9_000


def test_a_clock_that_was_set_back() -> None:
    clock = OriginClock()
    clock.add(1_000, 500, 0, 0)
    assert clock.ahead == 0


def test_measurements_are_bounded() -> None:
    clock = OriginClock()
    clock.add(0, 0, 7, 0)
    for _ in range(MAX_MEASUREMENTS):
        clock.add(0, 10, 100, 1)
    assert clock.ahead == 95


def test_the_first_round_has_more_measurements() -> None:
    clock = OriginClock()
    clock.add(0, 100_000, 0, 0)  # the join
    assert clock.due(0) == FIRST - 1
    assert clock.due(0) == clock.due(EVERY_S - 0.1) == 0
    for _ in range(FIRST - 1):
        clock.add(0, 10, 5, 0)
    assert clock.due(EVERY_S) == 1


def test_a_round_without_answers_is_made_again() -> None:
    clock = OriginClock()
    assert clock.due(0) == clock.due(EVERY_S) == FIRST
