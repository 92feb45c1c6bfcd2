"""A minute of fuzzing with a fixed seed; `scripts/fuzz` runs for an hour."""

import importlib.util
from pathlib import Path

import pytest

from tests.fixtures.requirements import Missing
from tests.fuzz.__main__ import MAY_GROW, fuzz
from tests.fuzz.datagrams import besiege
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

MINUTE = 60
"""Seconds for all targets together."""
SIEGE = 5.0
"""Seconds."""


@pytest.mark.parametrize("target", TARGETS)
def test_seeds(target: str) -> None:
    """What real senders send passes each parser, and so does each of its beginnings."""
    seeds = list(SEEDS[target]())
    assert seeds
    for seed in seeds:
        for length in {*range(0, len(seed), max(1, len(seed) // 40)), len(seed)}:
            TARGETS[target](seed[:length])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.timeout(120)
def test_nothing_but_errors_on_purpose(target: str, tmp_path: Path) -> None:
    """No input found in its share of the minute raises, hangs or takes memory without end."""
    if importlib.util.find_spec("atheris") is None:
        raise Missing("needs atheris, which has packages for Python 3.11 to 3.13 on x86-64 Linux")
    outcome = fuzz(target, tmp_path, MINUTE // len(TARGETS), seed=1)
    assert outcome.clean, "\n".join(outcome.text.splitlines()[-40:])


async def test_random_datagrams_at_a_live() -> None:
    """From strangers and from the creator's own address: the session lives, no picture is late by
    more than this machine is, and memory does not grow.
    """
    siege = await besiege(SIEGE, seed=1)
    assert siege.sent > 1_000 and siege.frames > 60
    assert siege.epochs == {1}
    assert siege.longest < 0.5
    assert siege.grown < MAY_GROW
