"""A minute of fuzzing with a fixed seed; `scripts/fuzz` runs for an hour."""

import importlib.util
from collections.abc import Iterator

import pytest

from tests.fixtures.requirements import Missing
from tests.fuzz.__main__ import MAY_GROW, Fuzzer
from tests.fuzz.datagrams import attack
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

MINUTE = 60
"""Seconds for all targets together."""
ATTACK = 5.0
"""Seconds."""


@pytest.mark.parametrize("target", TARGETS)
def test_seeds(target: str) -> None:
    """Messages of real senders and each of their prefixes pass."""
    seeds = list(SEEDS[target]())
    assert seeds
    for seed in seeds:
        for length in {*range(0, len(seed), max(1, len(seed) // 40)), len(seed)}:
            TARGETS[target](seed[:length])


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzer]:
    if importlib.util.find_spec("atheris") is None:
        raise Missing("needs atheris, which has packages for Python 3.11 to 3.13 on x86-64 Linux")
    with Fuzzer(tmp_path_factory.mktemp("fuzz")) as started:
        yield started


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_but_errors_on_purpose(target: str, fuzzer: Fuzzer) -> None:
    """No input found in a target's share of the minute raises, hangs or exhausts memory."""
    outcome = fuzzer.run(target, MINUTE // len(TARGETS), seed=1)
    assert outcome.clean, "\n".join(outcome.text.splitlines()[-40:])


async def test_random_datagrams_at_a_live() -> None:
    """The session survives, frames arrive in time, and memory does not grow."""
    result = await attack(ATTACK, seed=1)
    assert result.sent > 1_000 and result.frames > 60
    assert result.epochs == {1}
    assert result.longest < 0.5
    assert result.grown < MAY_GROW
