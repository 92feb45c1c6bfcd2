"""The plan of a world: boxes, cores, traffic and cost for each rule of placement. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.planner.audience import draw_audiences
from scripts.planner.constants import Constants
from scripts.planner.errors import BadInput
from scripts.planner.load import Load, Loads, loads_of
from scripts.planner.placement import Placed, place
from scripts.planner.world import NAMES, Placement, World
from server.feed.chance import Chance

MOST_BOXES = 100_000
TRIES = 12
"""Placements that are tried with more and more boxes."""


@dataclass(frozen=True, slots=True)
class Audiences:
    largest: int
    median: int
    unwatched: int
    """Rooms without a viewer."""


@dataclass(frozen=True, slots=True)
class Plan:
    placement: Placement
    boxes: int
    limit: str
    """The resource that decides the number of boxes."""
    busy: dict[str, float]
    """Cores that are busy all the time, by what they do."""
    cores: float
    """Cores to provide, of which each may be busy for its allowed share."""
    memory_gb: float
    at_origin: float
    """Share of the viewers who watch at the box to which the creator publishes."""
    feeds: float
    inner_feeds: float
    between_gbps: float
    """What boxes get from other boxes."""
    nats_messages: float
    """Copies between boxes that NATS sends, a second."""
    nats_gbps: float
    """What the NATS servers receive and send."""
    nats_cores: float
    nats_boxes: int
    cost_hour: float


@dataclass(frozen=True, slots=True)
class Estimate:
    world: World
    audiences: Audiences
    egress_gbps: float
    ingest_gbps: float
    joins_gbps: float
    """What viewers get when most join, in addition to the egress."""
    egress_hour: float
    """The price of the egress of an hour."""
    plans: tuple[Plan, ...]

    @property
    def chosen(self) -> Plan:
        return next(plan for plan in self.plans if plan.placement == self.world.placement)


def estimate(
    world: World, constants: Constants, placements: Sequence[Placement] = tuple(NAMES)
) -> Estimate:
    """Raises BadInput if a box is too small, or if no number of boxes is enough."""
    loads = loads_of(world, constants)
    chance = Chance(world.seed)
    audiences = draw_audiences(
        world.rooms.count, world.viewers.count, world.viewers.zipf, chance.random
    )
    egress = world.viewers.count * loads.viewer.sent
    egress_hour = egress / 8 * 3600 * world.prices.egress_gb
    return Estimate(
        world,
        Audiences(max(audiences), sorted(audiences)[len(audiences) // 2], audiences.count(0)),
        egress,
        world.rooms.count * loads.creator.received,
        _joins_gbps(world, loads),
        egress_hour,
        tuple(
            _plan(world, constants, loads, audiences, placement, egress_hour)
            for placement in placements
        ),
    )


def _joins_gbps(world: World, loads: Loads) -> float:
    """A join needs the media since the last keyframe, in addition to what comes next."""
    return world.viewers.joins_per_second * world.rooms.keyframe_seconds * loads.viewer.sent


def _plan(
    world: World,
    constants: Constants,
    loads: Loads,
    audiences: Sequence[int],
    placement: Placement,
    egress_hour: float,
) -> Plan:
    rooms, hls = world.rooms.count, sum(map(loads.hls_rooms, audiences))
    fixed = (
        loads.viewer.times(world.viewers.count)
        + loads.creator.times(rooms)
        + loads.hls_room.times(hls)
    )
    fixed += Load(sent=_joins_gbps(world, loads))
    boxes, placed, total = _enough(world, loads, audiences, placement, fixed)
    by_resource = total.boxes(loads.box)
    gbps = placed.feeds * loads.feed.received
    copies = placed.feeds * world.rooms.fps
    published = placed.fed_rooms * loads.feed.received
    nats_cores = copies * constants.nats_copy / 1e6 / world.box.core_share
    nats_boxes = max(
        math.ceil(nats_cores / world.box.cores), math.ceil(gbps / loads.box.sent), int(boxes > 1)
    )
    busy = {
        "viewers": loads.viewer.cpu * world.viewers.count,
        "creators": loads.creator.cpu * rooms,
        "LL-HLS output": loads.hls_room.cpu * hls,
        "feeds": (placed.feeds + placed.inner_feeds) * loads.inner_feed.cpu,
    }
    return Plan(
        placement,
        boxes,
        max(by_resource, key=lambda name: by_resource[name]),
        busy,
        total.cpu / world.box.core_share,
        total.memory,
        placed.at_origin / max(1, world.viewers.count),
        placed.feeds,
        placed.inner_feeds,
        gbps,
        copies,
        published + gbps,
        nats_cores,
        nats_boxes,
        (boxes + nats_boxes) * world.prices.box_hour + egress_hour,
    )


def _enough(
    world: World, loads: Loads, audiences: Sequence[int], placement: Placement, fixed: Load
) -> tuple[int, Placed, Load]:
    """Returns the smallest number of boxes that was found to be enough, the placement and the load
    of all boxes.
    """
    boxes = _whole(fixed, loads)
    for _ in range(TRIES):
        if boxes > MOST_BOXES:
            break
        placed = place(audiences, boxes, world.box.nodes, loads, placement, world.seed)
        total = fixed + loads.feed.times(placed.feeds) + loads.inner_feed.times(placed.inner_feeds)
        needed = _whole(total, loads)
        if not placed.left and needed <= boxes:
            return boxes, placed, total
        more = _whole(loads.viewer.times(placed.left), loads) if placed.left else 0
        boxes = max(needed, boxes + more, boxes + 1)
    raise BadInput(
        f"box: {NAMES[placement]}: more than {boxes - 1:,} boxes of this size would be needed"
    )


def _whole(load: Load, loads: Loads) -> int:
    return max(1, *(math.ceil(number - 1e-9) for number in load.boxes(loads.box).values()))
