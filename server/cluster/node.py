"""What a node tells the others about itself. Pure."""

import json
from dataclasses import asdict, dataclass

VERSION = 1
"""Version of the messages and records of this program."""


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    """Name of the node, a hyphen and 8 random characters, which are new at each start."""
    url: str | None = None
    """The URL at which viewers reach this node; None if they reach it only through a balancer."""
    load: float = 0.0
    """Share of the capacity that is used, 0 to 1."""
    capacity: int = 0
    """Number of viewers for which the node has room; 0 if unknown."""
    draining: bool = False
    """Whether the node takes no new rooms and viewers."""
    version: int = VERSION
    understands: tuple[int, ...] = (VERSION,)
    """The versions of messages that the node understands."""

    @property
    def name(self) -> str:
        return self.id.rpartition("-")[0]

    @property
    def speaks_ours(self) -> bool:
        """Whether the node understands the messages of this program."""
        return VERSION in self.understands


def write_node(node: Node) -> bytes:
    return json.dumps(asdict(node), separators=(",", ":")).encode()


def read_node(data: bytes) -> Node | None:
    """Returns the node in a record; None if the record has another format. Fields of later versions
    are ignored.
    """
    try:
        found = json.loads(data)
        node = Node(
            str(found["id"]),
            None if found.get("url") is None else str(found["url"]),
            float(found.get("load", 0.0)),
            int(found.get("capacity", 0)),
            bool(found.get("draining", False)),
            int(found["version"]),
            tuple(int(one) for one in found["understands"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return node if node.name else None
