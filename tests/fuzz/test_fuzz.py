"""A minute of fuzzing, the same one each time; `scripts/fuzz` goes on for an hour."""

import importlib.util
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.fuzz.__main__ import MAY_GROW, Outcome, fuzz
from tests.fuzz.datagrams import besiege
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

MINUTE = 60
SIEGE = 5.0


@pytest.mark.parametrize("target", TARGETS)
def test_seeds(target: str) -> None:
    """What real senders send passes each parser, and so does each of its beginnings."""
    seeds = list(SEEDS[target]())
    assert seeds
    for seed in seeds:
        for length in {*range(0, len(seed), max(1, len(seed) // 40)), len(seed)}:
            TARGETS[target](seed[:length])


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Outcome]]]:
    """What comes of each target that is to be tried, two at a time: each begins with seconds in
    which Python does nothing but start.
    """
    tests = [
        item
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.originalname == "test_nothing_but_errors_on_purpose"
    ]
    chosen = [str(test.callspec.params["target"]) for test in tests]
    with ThreadPoolExecutor(2) as executor:
        folder = tmp_path_factory.mktemp("fuzz")
        yield {
            target: executor.submit(fuzz, target, folder, MINUTE // len(TARGETS), seed=1)
            for target in chosen
        }


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no package for this machine"
)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.timeout(120)
def test_nothing_but_errors_on_purpose(target: str, outcomes: dict[str, Future[Outcome]]) -> None:
    """No input found in its share of the minute raises, hangs or takes memory without end."""
    outcome = outcomes[target].result()
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
