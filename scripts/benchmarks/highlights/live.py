"""A scripted live: what happens, and how its viewers react. Pure. All times are media time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

BOT = "bot"
BOT_PER_SECOND = 50
"""Maximum taps of a person in a second that a server counts (server/social/taps.py)."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one viewer did within one second."""

    at: int
    """Media time that the viewer's page reported, µs."""
    person: str
    taps: int
    """Number of taps; 0 for a message in the chat."""


@dataclass(frozen=True, slots=True)
class ScriptedLive:
    seed: int
    first: int
    """First second of the live."""
    seconds: int
    """Length of the live."""
    keyframes: tuple[int, ...]
    """Times of the keyframes, µs."""
    known: tuple[float, ...]
    """Times of the events that viewers want to see again, seconds."""
    reactions: tuple[Reaction, ...]
    """The reactions in the order in which they reached the server."""

    def with_bot(self, taps: int, first: int) -> "ScriptedLive":
        """Returns this live with one more viewer. From the second `first` on, this viewer taps
        `taps` times altogether, as fast as the server counts.
        """
        bot = [
            Reaction((first + number) * 1_000_000, BOT, BOT_PER_SECOND)
            for number in range(taps // BOT_PER_SECOND)
        ]
        return replace(self, reactions=tuple(_merged(self.reactions, bot)))


def _merged(reactions: Iterable[Reaction], bot: list[Reaction]) -> Iterator[Reaction]:
    """Yields the reactions of both lists by time. The order within each list does not change."""
    sent = 0
    for reaction in reactions:
        while sent < len(bot) and bot[sent].at <= reaction.at:
            yield bot[sent]
            sent += 1
        yield reaction
    yield from bot[sent:]
