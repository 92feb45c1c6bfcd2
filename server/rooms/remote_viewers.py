"""The viewers of a room at other nodes, as those nodes report them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from relay.channel.owner import Notice
from relay.errors import MessageError
from server.people.person import Person
from server.rooms.audience import Audience
from server.rooms.beacon import read_beacon

logger = logging.getLogger(__name__)

MAX_VIEWERS = 100_000
"""Maximum number of viewers at other nodes whom a room knows by name."""


class Social(Protocol):
    """The social parts of a room."""

    def meet(self, person: Person, network: str = "") -> None: ...

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None: ...

    def viewer_left(self, viewer: int) -> None: ...

    def receive_notice(self, notice: Notice) -> None: ...


class RemoteViewers:
    """Passes to a room what the viewers at other nodes do. Their numbers in the room are negative,
    so that they differ from those of the room's own channel.
    """

    def __init__(
        self, room: str, social: Social, audience: Audience, now: Callable[[], float]
    ) -> None:
        """`audience` keeps the reports; `now` returns the time for it, seconds."""
        self._audience = audience
        self._now = now
        self._room = room
        self._social = social
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
            self._leave(key)

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
                    self._leave(viewer)
            case "report":
                if viewer in self._numbers and isinstance(item["body"], Mapping):
                    beacon = read_beacon(item["body"])
                    self._audience.take(self._numbers[viewer], beacon, self._now())
            case "notice":
                body, person = item["body"], item.get("by")
                if not isinstance(body, Mapping) or not isinstance(body.get("type"), str):
                    raise MessageError("a notice without a type")
                number = self._numbers.get(viewer, 0)
                self._social.receive_notice(
                    Notice(number, None if person is None else str(person), int(item["at"]), body)
                )

    def _leave(self, viewer: tuple[str, int]) -> None:
        number = self._numbers.pop(viewer)
        self._audience.leave(number)
        self._social.viewer_left(number)

    def _join(self, viewer: tuple[str, int], described: Any, network: str) -> None:
        if viewer in self._numbers or len(self._numbers) >= MAX_VIEWERS:
            return
        person = _person(described) if described is not None else None
        if person:
            self._social.meet(person, network)
        self._last -= 1
        self._numbers[viewer] = self._last
        # The numbers of viewers with media come from the channel: the viewers of other nodes count
        # there, as those of WHEP and HLS do.
        self._social.viewer_joined(self._last, person.id if person else None, False)


def _person(described: Mapping[str, Any]) -> Person:
    handle = described.get("handle")
    return Person(
        str(described["id"]),
        str(described["name"]),
        int(described["colour"]),
        None if handle is None else str(handle),
    )
