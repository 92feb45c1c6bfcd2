"""Candidates for the tests of the ranking."""

from typing import Any

from server.feed.features import Candidate

NOW = 1_800_000_000.0


def live(number: int, **features: Any) -> Candidate:
    """Returns a live that many people saw. `features` replace the usual ones."""
    usual: dict[str, Any] = {
        "kind": "live",
        "item": f"live {number}",
        "creator": f"creator {number}",
        "began": NOW - 900,
        "viewers": 10,
        "impressions": 100,
        "stays": 40,
        "skips": 40,
        "seconds": 2_000.0,
    }
    return Candidate(**{**usual, **features})
