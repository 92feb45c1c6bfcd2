"""The figures in which the servers are compared, and the targets of microlive. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of figure."""

    title: str
    unit: str
    digits: int = 0
    more: bool = False
    """Whether a larger value is better."""


LOSSES = (5, 10)
"""Shares of a creator's packets that are lost, %."""

KINDS = {
    "creators": Kind("creators a core", "", more=True),
    "creator_memory": Kind("memory a creator", "MB", 1),
    "viewers": Kind("WHEP viewers a core", "", more=True),
    "p50": Kind("delay under load, p50", "ms", 1),
    "p99": Kind("delay under load, p99", "ms", 1),
    "missing": Kind("packets missing under load", "%", 3),
    "viewer_memory": Kind("memory a viewer", "MB", 2),
    "join_p50": Kind("first whole key picture, p50", "ms"),
    "join_p95": Kind("first whole key picture, p95", "ms"),
} | {
    f"loss{share}_{name}": Kind(f"{share} % lost: {title}", unit, digits)
    for share in LOSSES
    for name, title, unit, digits in (
        ("delay", "delay p99 above no loss", "ms", 0),
        ("gap", "longest gap", "ms", 0),
        ("broken", "pictures not decodable", "%", 2),
    )
}


@dataclass(frozen=True, slots=True)
class Case:
    """A measurement that is made on every server."""

    name: str
    kinds: tuple[str, ...]
    """Names of the kinds of figure that a run of this case returns."""


CASES = {
    case.name: case
    for case in (
        Case("creators", ("creators", "creator_memory")),
        Case(
            "viewers",
            ("viewers", "p50", "p99", "missing", "viewer_memory", "join_p50", "join_p95"),
        ),
        Case("loss", tuple(name for name in KINDS if name.startswith("loss"))),
    )
}


@dataclass(frozen=True, slots=True)
class Target:
    """How much better than the best of some peers microlive must be."""

    kind: str
    lead: float = 1.0
    """Smallest allowed ratio of the two values, better ÷ worse."""
    among: frozenset[str] | None = None
    """Keys of the peers; None: all peers."""


GO = frozenset({"mediamtx", "livekit", "broadcast-box"})
"""The peers that are written in Go."""
TARGETS = (
    Target("creators"),
    Target("creators", 1.3, GO),
    Target("viewers", 1.6),
    *(Target(name) for name in KINDS if name not in ("creators", "viewers", "missing")),
)
