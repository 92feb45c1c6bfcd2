"""What the nodes know about the owner of a room. Pure."""

import json
from dataclasses import asdict, dataclass

from server.cluster.node import VERSION


@dataclass(frozen=True, slots=True)
class Owner:
    node: str
    """Id of the node that runs the room."""
    epoch: int
    """Number of this owner, from 1. Each further owner of the room has a higher epoch."""
    stream: str = ""
    """Id of the room's stream, with which the next owner continues."""
    media_time: int = 0
    """Media time when the record was written, µs."""
    state: str = ""
    """State of the room when the record was written."""

    @property
    def name(self) -> str:
        """The name of the node, which stays the same when the node is started again."""
        return self.node.rpartition("-")[0]


def write_owner(owner: Owner) -> bytes:
    return json.dumps({"v": VERSION, **asdict(owner)}, separators=(",", ":")).encode()


def read_owner(data: bytes) -> Owner | None:
    """Returns the owner in a record; None if the record has another format."""
    try:
        found = json.loads(data)
        if found["v"] != VERSION:
            return None
        return Owner(
            str(found["node"]),
            int(found["epoch"]),
            str(found["stream"]),
            int(found["media_time"]),
            str(found["state"]),
        )
    except (ValueError, TypeError, KeyError):
        return None
