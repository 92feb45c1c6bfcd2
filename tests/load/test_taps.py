"""The taps of simulated viewers."""

import json

import pytest

from scripts.loadgen.taps import MAX_RATE, taps_in_notice, taps_notice
from server.social.taps import read_taps


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0, 10.0, 13.7])
def test_the_mean_is_the_rate(rate: float) -> None:
    taps = [taps_in_notice(rate, number / 1_000) for number in range(1_000)]
    assert sum(taps) / 1_000 / 0.5 == pytest.approx(rate, abs=0.01)


def test_a_hand_has_a_limit() -> None:
    assert taps_in_notice(1_000, 0.5) == MAX_RATE / 2


@pytest.mark.parametrize("taps", [1, 5, 7, 25])
def test_the_server_reads_the_notice(taps: int) -> None:
    notice = json.loads(taps_notice(5_000_000, taps))
    assert notice["type"] == "taps"
    assert sum(number for _, _, number in read_taps(notice, 0, 6_000_000)) == taps
    assert len(taps_notice(1 << 60, taps)) <= 125
