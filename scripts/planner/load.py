"""What one viewer, one creator and one feed take of a box. Pure."""

from dataclasses import dataclass

from scripts.planner.constants import Constants
from scripts.planner.errors import BadInput
from scripts.planner.world import World


@dataclass(frozen=True, slots=True)
class Load:
    """Shares of the resources of a box. `cpu`: cores; `sent`, `received`: Gbps; `memory`: GB."""

    cpu: float = 0.0
    sent: float = 0.0
    received: float = 0.0
    memory: float = 0.0

    def __add__(self, other: "Load") -> "Load":
        return Load(
            self.cpu + other.cpu,
            self.sent + other.sent,
            self.received + other.received,
            self.memory + other.memory,
        )

    def times(self, number: float) -> "Load":
        return Load(
            self.cpu * number, self.sent * number, self.received * number, self.memory * number
        )

    def boxes(self, box: "Load") -> dict[str, float]:
        """Returns how many boxes this load takes, by resource."""
        return {
            "cores": self.cpu / box.cpu,
            "NIC, sending": self.sent / box.sent,
            "NIC, receiving": self.received / box.received,
            "memory": self.memory / box.memory,
        }


@dataclass(frozen=True, slots=True)
class Loads:
    box: Load
    """What a box can carry."""
    viewer: Load
    """The mean of all paths, without the LL-HLS output of the rooms."""
    creator: Load
    """With the recording."""
    hls_room: Load
    """The LL-HLS output of a room, at its origin."""
    hls_share: float
    """Share of the viewers who use LL-HLS."""
    feed: Load
    """A room that a node gets from another box."""
    inner_feed: Load
    """A room that a node gets from another node of its box."""

    def hls_rooms(self, viewers: int) -> float:
        """Returns the probability that a room with so many viewers has one who uses LL-HLS."""
        return 1 - (1 - self.hls_share) ** viewers if self.hls_share else 0.0


def loads_of(world: World, constants: Constants) -> Loads:
    """Raises BadInput if a box cannot carry one viewer or one creator."""
    box, rooms, paths = world.box, world.rooms, world.viewers.paths
    messages = rooms.fps / 30
    gbps = rooms.kbps / 1e6 * (1 + box.overhead)
    media = rooms.kbps / 8e6  # GB a second
    viewer = Load(
        cpu=(
            messages * paths.websocket * constants.websocket
            + messages * paths.websocket_tls * constants.websocket_tls
            + paths.whep * constants.whep
            + paths.hls * constants.hls
        )
        / 1e3,
        sent=gbps,
        memory=(
            (paths.websocket + paths.whep) * constants.memory_websocket
            + (paths.websocket_tls + paths.hls) * constants.memory_tls
        )
        / 1e6,
    )
    creator = Load(
        cpu=(constants.creator + rooms.recorded * constants.recording) / 1e3,
        received=gbps,
        memory=constants.memory_room / 1e3 + media * rooms.window_seconds,
    )
    inner = Load(cpu=messages * constants.feed / 1e3, memory=media * rooms.keyframe_seconds)
    loads = Loads(
        box=Load(
            cpu=box.cores * box.core_share,
            sent=box.nic_gbps * box.nic_share,
            received=box.nic_gbps * box.nic_share,
            memory=box.memory_gib * box.memory_share * 1.024**3,
        ),
        viewer=viewer,
        creator=creator,
        hls_room=Load(cpu=constants.hls_room / 1e3),
        hls_share=paths.hls,
        feed=inner + Load(received=gbps),
        inner_feed=inner,
    )
    _check(loads, box.nodes)
    return loads


KEYS = {
    "cores": "box.cores",
    "NIC, sending": "box.nic_gbps",
    "NIC, receiving": "box.nic_gbps",
    "memory": "box.memory_gib",
}


def _check(loads: Loads, nodes: int) -> None:
    viewer = loads.viewer + loads.feed + loads.inner_feed.times(nodes - 1)
    for what, load in (("viewer", viewer), ("creator", loads.creator)):
        for resource, boxes in load.boxes(loads.box).items():
            if boxes > 1:
                raise BadInput(
                    f"{KEYS[resource]}: a box is too small for one {what}; it would need "
                    f"{boxes:.3g} times as much"
                )
