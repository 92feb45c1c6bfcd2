"""A live that runs in a simulated evening."""

from dataclasses import dataclass, field

from scripts.benchmarks.feed.world import PlannedLive


@dataclass(slots=True)
class Live:
    """A live that runs, with what the server counts."""

    index: int
    """Number of the live in the world."""
    plan: PlannedLive
    tags: tuple[str, ...]
    mood: str
    viewers: int = 0
    arrivals: int = 0
    """People who came within the last minute."""
    reactors: int = 0
    """People who reacted within the last 30 s."""
    answers: int = 0
    """Answers of the creator within the last 5 minutes."""
    impressions: int = 0
    stays: int = 0
    skips: int = 0
    seconds: float = 0.0
    watching: int = 0
    """People who came from the feed and watch now."""
    came: list[int] = field(default_factory=lambda: [0])
    """People who came from the feed, for each interval of the last minute."""
    boost: float = 0.0
    """Hidden: how much more interesting the live is now than usually."""
