"""What rooms and viewers cost, as the benchmarks measured it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from statistics import median
from typing import Any

from scripts.planner.errors import BadInput

LEAST = 0.001
"""The least that a difference of two measurements counts for."""
SKETCH = "a sketch of a hop over NATS, one core; not part of scripts/bench"


def _constant(value: float, unit: str, command: str, meaning: str) -> float:
    found: float = field(
        default=value, metadata={"unit": unit, "command": command, "meaning": meaning}
    )
    return found


@dataclass(frozen=True, slots=True)
class Constants:
    """The defaults are results on two virtual cores of a shared machine (x86-64, Python 3.11, not
    compiled, November 2026; scripts/README.md). One millisecond a second is 0.1 % of a core.
    """

    websocket: float = _constant(0.215, "ms/s", "bench fanout", "a viewer over WebSocket, 30 fps")
    websocket_tls: float = _constant(
        0.6, "ms/s", "bench fanout", "a viewer over WebSocket with TLS, 30 fps"
    )
    whep: float = _constant(1.02, "ms/s", "bench fanout --path whep", "a viewer over WebRTC")
    hls: float = _constant(
        2.0, "ms/s", "load viewers --path hls", "a viewer over LL-HLS, ten requests a second"
    )
    hls_room: float = _constant(
        20.0, "ms/s", "load viewers --path hls", "the LL-HLS output of a room with such viewers"
    )
    creator: float = _constant(5.0, "ms/s", "bench ingest", "a creator, without recording")
    recording: float = _constant(
        5.0, "ms/s", "bench recording", "the recording of a live: the most that the bar allows"
    )
    feed: float = _constant(0.8, "ms/s", SKETCH, "a room that a node gets from its origin, 30 fps")
    nats_copy: float = _constant(5.0, "µs", SKETCH, "a copy of a message, in the NATS server")
    memory_websocket: float = _constant(19.0, "KB", "bench fanout", "a viewer without TLS")
    memory_tls: float = _constant(84.0, "KB", "bench fanout", "a viewer with TLS")
    memory_room: float = _constant(
        5.0, "MB", "bench ingest", "a room beyond its window: the most that the bar allows"
    )


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: float
    unit: str
    meaning: str
    source: str


def rows(constants: Constants, sources: Mapping[str, str]) -> Iterator[Row]:
    """Yields each constant. `sources`: the file of each constant that does not have its default."""
    for each in fields(constants):
        about = each.metadata
        source = sources.get(each.name, about["command"])
        yield Row(each.name, getattr(constants, each.name), about["unit"], about["meaning"], source)


def with_results(constants: Constants, found: Any, kbps: float) -> tuple[Constants, list[str]]:
    """Returns the constants with the values of one result that `scripts/bench … --json` printed,
    and the names of these constants. `kbps`: the bitrate whose figures are wanted. Raises BadInput.
    """
    try:
        values = dict(_values(found, kbps))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError):
        raise BadInput(
            "these are no results of bench fanout, ingest, recording or growth"
        ) from None
    if not values:
        raise BadInput("contains no valid run")
    if bad := [name for name, value in values.items() if not 0 < value < 1e6]:
        raise BadInput(f"{bad[0]}: {values[bad[0]]:g} is no possible cost")
    return replace(constants, **values), list(values)


def _values(found: Any, kbps: float) -> Iterator[tuple[str, float]]:
    if "runs" in found:
        run = min(_valid(found["runs"]), key=lambda each: abs(each["kbps"] - kbps), default=None)
        if run:
            yield "creator", 10 * run["cpu"]
            yield "memory_room", max(LEAST, run["memory"] - run["window"])
    elif "feeds" in found:
        feeds = list(_valid(found["feeds"]))
        if feeds:
            scale = 30 / found["fps"]
            yield "feed", max(LEAST, scale * median(each["edge_ms"] for each in feeds))
            yield "nats_copy", max(LEAST, median(each["nats_copy_us"] for each in feeds))
    elif "lives" in found:
        yield "recording", max(LEAST, 10 * found["cost"]["median"])
    elif found.get("path") == "whep":
        if crowd := _largest(found["crowds"]):
            yield "whep", 10 * crowd["cpu"] / crowd["viewers"]
    else:
        scale = 30 / found["fps"]
        for variant, cost, memory in (
            ("", "websocket", "memory_websocket"),
            ("TLS", "websocket_tls", "memory_tls"),
        ):
            crowds = [each for each in found["crowds"] if each["variant"] == variant]
            if crowd := _largest(crowds):
                yield cost, scale * 10 * crowd["cpu"] / crowd["viewers"]
                yield memory, max(LEAST, crowd["memory"])


def _valid(found: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in found:
        if each["outcome"] == "fine" and not (each.get("variant") == "asyncio"):
            yield each


def _largest(crowds: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return max(_valid(crowds), key=lambda each: each["viewers"], default=None)
