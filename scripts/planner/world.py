"""The world of a plan: rooms, viewers, boxes and prices, as a TOML file describes them. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scripts.planner.errors import BadInput

Placement = Literal["origin", "warm", "any"]
PLACEMENTS: tuple[Placement, ...] = ("origin", "warm", "any")
NAMES: dict[Placement, str] = {
    "origin": "origin first",
    "warm": "warm first",
    "any": "any node",
}
MOST_ROOMS, MOST_VIEWERS = 1_000_000, 1_000_000_000
"""A million rooms take about half a minute to place."""
SHARES = 1e-6
"""The shares of the paths may differ from 1 by this much."""

Share = Annotated[float, Field(ge=0, le=1)]
SomeShare = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0, lt=1e9)]
Amount = Annotated[float, Field(ge=0, lt=1e9)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Rooms(_Part):
    count: Annotated[int, Field(ge=1, le=MOST_ROOMS)]
    """Rooms that are live at the same time."""
    kbps: Positive
    """Bitrate of a live: video and audio."""
    fps: Annotated[float, Field(ge=1, le=240)] = 30
    """Frames, and so messages, a second."""
    keyframe_seconds: Annotated[float, Field(gt=0, le=60)] = 2
    """Time between two keyframes. A join needs the media since the last one."""
    window_seconds: Annotated[float, Field(ge=0, le=3600)] = 90
    """Media of a room that its origin keeps in memory (`--window-seconds`)."""
    recorded: Share = 1
    """Share of the rooms that are recorded."""


class Paths(_Part):
    """Shares of the viewers on each path."""

    websocket_tls: Share = 0
    websocket: Share = 0
    """Over a proxy on another machine that terminates TLS."""
    whep: Share = 0
    hls: Share = 0

    @model_validator(mode="after")
    def _is_whole(self) -> "Paths":
        total = self.websocket_tls + self.websocket + self.whep + self.hls
        if abs(total - 1) > SHARES:
            raise ValueError(f"the shares must add up to 1, not {total:g}")
        return self


class Viewers(_Part):
    count: Annotated[int, Field(ge=0, le=MOST_VIEWERS)]
    """Viewers of all rooms."""
    zipf: Annotated[float, Field(ge=0, le=4)] = 0
    """Exponent of Zipf's law: the audience of room n is proportional to n to the power of minus
    this number. With 0, all rooms expect the same audience.
    """
    joins_per_second: Amount = 0
    """Viewers who join at the worst moment."""
    paths: Paths = Paths(websocket_tls=1)


class Box(_Part):
    cores: Annotated[int, Field(ge=1, le=1024)]
    memory_gib: Positive
    nic_gbps: Positive
    processes: Annotated[int | None, Field(ge=1, le=1024)] = None
    """Nodes of a box that share its address (`--processes`). [default: one for each core]"""
    core_share: SomeShare = 0.6
    """Share of each core that may be busy. For delays below 20 ms (p99), use 0.5."""
    nic_share: SomeShare = 0.7
    memory_share: SomeShare = 0.6
    overhead: Share = 0.04
    """What the network adds to the bitrate, as a share of it."""

    @property
    def nodes(self) -> int:
        return self.processes or self.cores


class Prices(_Part):
    currency: Annotated[str, Field(max_length=8)] = "USD"
    box_hour: Amount = 0
    egress_gb: Amount = 0
    """A gigabyte (10^9 bytes) that leaves for viewers."""


class World(_Part):
    title: Annotated[str, Field(min_length=1, max_length=100)]
    rooms: Rooms
    viewers: Viewers
    box: Box
    prices: Prices = Prices()
    placement: Placement = "origin"
    """`origin`: viewers watch at the origin of the room until it is full, then at a box that has
    the room, then at the emptiest. `warm`: the same, but the first viewer of a room comes to any
    box, and the origin is no better than others. `any`: viewers watch at any box.
    """
    seed: Annotated[int, Field(ge=0, le=1 << 63)] = 1
    """Audiences and places are drawn from this number."""


def parse_world(found: Mapping[str, Any]) -> World:
    """Returns the world that a TOML file describes. Raises BadInput, which names the key."""
    try:
        return World.model_validate(found)
    except ValidationError as error:
        # A misspelt key is also missing under its right name: name the misspelt one.
        errors = error.errors(include_url=False)
        first = min(errors, key=lambda each: each["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{key}: {_words(first['type'], first['msg'])}") from None


def _words(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "there is no such key"
        case "missing":
            return "this key is missing"
    words = message.removeprefix("Value error, ").removeprefix("Input ")
    return words[0].lower() + words[1:]
