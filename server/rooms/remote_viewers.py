"""The viewers of a room at other nodes, as those nodes report them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from relay.channel.owner import Notice
from relay.errors import MessageError
from server.people.person import Person

logger = logging.getLogger(__name__)

MAX_VIEWERS = 100_000
"""Maximum number of viewers at other nodes whom a room knows by name."""


class Audience(Protocol):
    """The social parts of a room."""

    def meet(self, person: Person, network: str = "") -> None: ...

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None: ...

    def viewer_left(self, viewer: int) -> None: ...

    def receive_notice(self, notice: Notice) -> None: ...


class RemoteViewers:
    """Passes to a room what the viewers at other nodes do. Their numbers in the room are negative,
    so that they differ from those of the room's own channel.
    """

    def __init__(self, room: str, audience: Audience) -> None:
        self._room = room
        self._audience = audience
        self._numbers: dict[tuple[str, int], int] = {}
        """The number of each viewer in the room, by node and number at that node."""
        self._last = 0

    def receive(self, node: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Takes what the viewers at a node do. Drops what is malformed."""
        for item in items:
            try:
                self._receive(node, item)
            except (MessageError, KeyError, TypeError, ValueError) as error:
                logger.debug("room %s: node %s says something else: %r", self._room, node, error)

    def forget(self, node: str) -> None:
        """Removes the viewers of a node that is gone."""
        for key in [key for key in self._numbers if key[0] == node]:
            self._audience.viewer_left(self._numbers.pop(key))

    def _receive(self, node: str, item: Mapping[str, Any]) -> None:
        if item["do"] == "begin":
            self.forget(node)
            return
        viewer = node, int(item["viewer"])
        match item["do"]:
            case "join":
                self._join(viewer, item.get("person"), str(item.get("network", "")))
            case "leave":
                if viewer in self._numbers:
                    self._audience.viewer_left(self._numbers.pop(viewer))
            case "notice":
                body, person = item["body"], item.get("by")
                if not isinstance(body, Mapping) or not isinstance(body.get("type"), str):
                    raise MessageError("a notice without a type")
                number = self._numbers.get(viewer, 0)
                self._audience.receive_notice(
                    Notice(number, None if person is None else str(person), int(item["at"]), body)
                )

    def _join(self, viewer: tuple[str, int], described: Any, network: str) -> None:
        if viewer in self._numbers or len(self._numbers) >= MAX_VIEWERS:
            return
        person = _person(described) if described is not None else None
        if person:
            self._audience.meet(person, network)
        self._last -= 1
        self._numbers[viewer] = self._last
        # The numbers of viewers with media come from the channel: the viewers of other nodes count
        # there, as those of WHEP and HLS do.
        self._audience.viewer_joined(self._last, person.id if person else None, False)


def _person(described: Mapping[str, Any]) -> Person:
    handle = described.get("handle")
    return Person(
        str(described["id"]),
        str(described["name"]),
        int(described["colour"]),
        None if handle is None else str(handle),
    )
