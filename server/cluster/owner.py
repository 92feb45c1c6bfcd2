"""What the nodes know about the owner of a room. Pure."""

import json
from dataclasses import dataclass, field

from server.cluster.node import VERSION
from server.rooms.hand_over import HandOver, read_hand_over


@dataclass(frozen=True, slots=True)
class Owner:
    node: str
    """Id of the node that runs the room."""
    epoch: int
    """Number of this owner, from 1. Each further owner of the room has a higher epoch."""
    state: str = ""
    """State of the room when the record was written."""
    room: HandOver = field(default_factory=HandOver)
    """With what the next owner goes on, when the record was written."""

    @property
    def name(self) -> str:
        """The name of the node, which stays the same when the node is started again."""
        return self.node.rpartition("-")[0]


def write_owner(owner: Owner) -> bytes:
    fields = {
        "v": VERSION,
        "node": owner.node,
        "epoch": owner.epoch,
        "state": owner.state,
        "room": owner.room.to_json(),
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def read_owner(data: bytes) -> Owner | None:
    """Returns the owner in a record; None if the record has another format."""
    try:
        found = json.loads(data)
        if found["v"] != VERSION:
            return None
        return Owner(
            str(found["node"]),
            int(found["epoch"]),
            str(found["state"]),
            read_hand_over(found["room"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
