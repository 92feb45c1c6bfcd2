"""How much is measured. Pure."""

from dataclasses import dataclass

from scripts.benchmarks.peers.kinds import CASES

ROUNDS, SECONDS = 3, 15.0
"""A run with fewer rounds or a shorter measured time is marked as short."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of the load, and how often and how long it is measured."""

    creators: int = 60
    viewers: int = 150
    joins: int = 30
    """Number of the viewers who arrive one by one, and whose first picture is timed."""
    seconds: float = SECONDS
    """Measured time of each run."""
    rounds: int = ROUNDS
    disturbed: bool = False
    """Whether runs count in which other programs used the generator's core too."""
    cases: tuple[str, ...] = tuple(CASES)

    @property
    def short(self) -> bool:
        return self.rounds < ROUNDS or self.seconds < SECONDS
