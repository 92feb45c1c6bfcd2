"""Random numbers from a seed."""

from collections import Counter

import pytest

from server.feed.chance import Chance


def test_the_same_seed_gives_the_same_numbers() -> None:
    # The first output of SplitMix64 with seed 0 is 0xE220A8397B1DCDAF.
    assert Chance(0).random() == (0xE220A8397B1DCDAF >> 11) / (1 << 53)
    assert Chance(7).random() != Chance(8).random()
    assert 0 <= Chance(-1).random() < 1
    assert 0 <= Chance(10**40).random() < 1


def test_all_numbers_are_equally_frequent() -> None:
    chance = Chance(1)
    counts = Counter(chance.below(10) for _ in range(10_000))
    assert all(counts[number] == pytest.approx(1_000, rel=0.15) for number in range(10))
