"""A minute of fuzzing with a fixed seed; `scripts/fuzz` runs for an hour."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fixtures.requirements import Missing
from tests.fuzz import steps
from tests.fuzz.__main__ import MAY_GROW, TARGETS, Fuzzer, inputs
from tests.fuzz.attacks import ATTACKS
from tests.fuzz.corpus import kept
from tests.fuzz.datagrams import attack
from tests.fuzz.meter import Meter
from tests.fuzz.seeds import SEEDS

MINUTE = 60
"""Seconds for all targets together."""
ATTACK = 5.0
"""Seconds."""


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with Meter(TARGETS) as started:
        yield started


@pytest.mark.parametrize("target", SEEDS)
def test_seeds(target: str, meter: Meter) -> None:
    """Messages of real senders and each of their prefixes pass, and cost little."""
    seeds = list(SEEDS[target]())
    assert seeds
    for seed in seeds:
        cost = meter.measure(target, seed, prefixes=True)
        assert not cost.problem, cost.problem


@pytest.mark.parametrize("target", SEEDS)
def test_kept_inputs(target: str, meter: Meter) -> None:
    """Inputs of earlier runs pass, and cost little."""
    for data in kept(target):
        cost = meter.measure(target, data, most=2 * steps.most)
        assert not cost.problem, cost.problem


@pytest.mark.parametrize(
    ("target", "made"), [pytest.param(*case, id=case[1].__name__) for case in ATTACKS]
)
def test_known_attacks_are_cheap(target: str, made: Callable[[], bytes], meter: Meter) -> None:
    cost = meter.measure(target, made())
    assert not cost.problem, cost.problem


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("atheris") is None:
        raise Missing("needs atheris, which has packages for Python 3.11 to 3.13 on x86-64 Linux")
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def fuzzer(folder: Path) -> Iterator[Fuzzer]:
    with Fuzzer(folder) as started:
        yield started


@pytest.mark.parametrize("target", SEEDS)
def test_nothing_but_errors_on_purpose(target: str, fuzzer: Fuzzer) -> None:
    """No input found in a target's share of the minute raises, takes long or exhausts memory."""
    outcome = fuzzer.run(target, inputs(target), MINUTE // len(SEEDS), seed=1)
    assert outcome.clean, "\n".join(outcome.text.splitlines()[-40:])


def test_the_fuzzer_finds_what_the_meter_objects_to(folder: Path) -> None:
    """An input that only costs too much ends a run, and is saved."""
    with Fuzzer(folder, "tests.fuzz.traps") as fuzzer:
        outcome = fuzzer.run("greedy", [bytes(1)], 10, seed=1)
    assert not outcome.clean and "allocates" in outcome.text
    assert list(folder.glob("greedy-crash-*"))


async def test_random_datagrams_at_a_live() -> None:
    """The session survives, frames arrive in time, and memory does not grow."""
    result = await attack(ATTACK, seed=1)
    assert result.sent > 1_000 and result.frames > 60
    assert result.epochs == {1}
    assert result.longest < 1.5  # a busy machine sends some frames late
    assert result.grown < MAY_GROW
