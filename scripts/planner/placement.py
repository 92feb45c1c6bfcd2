"""Where viewers watch, and which boxes get a room from another box for them. Pure.

A box has several nodes behind one address. A viewer who comes to a box lands at any of its nodes,
so a room with many viewers at a box runs at many of its nodes: each of them takes a feed. One copy
of the feed crosses the network for all nodes of a box.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from scripts.planner.load import Loads
from scripts.planner.world import Placement
from server.feed.chance import Chance

WAVES = 4
"""The viewers of a room come in up to this many groups, in turn with those of other rooms."""


@dataclass(slots=True)
class Placed:
    """The result of a placement."""

    feeds: float = 0.0
    """Rooms that a box gets from another box, counted for each box."""
    inner_feeds: float = 0.0
    """Rooms that further nodes get within a box, counted for each node."""
    fed_rooms: float = 0.0
    """Rooms that at least one other box gets."""
    at_origin: float = 0.0
    """Viewers who watch at the box to which the creator publishes."""
    left: int = 0
    """Viewers for whom no box had room."""


def place(
    audiences: Sequence[int], boxes: int, nodes: int, loads: Loads, rule: Placement, seed: int
) -> Placed:
    """Places the viewers of all rooms on `boxes` boxes of `nodes` nodes each."""
    if rule == "any":
        return _expected(audiences, boxes, nodes)
    return _Simulation(audiences, boxes, nodes, loads, rule, seed).run()


def _expected(audiences: Sequence[int], boxes: int, nodes: int) -> Placed:
    """Returns the expectation if each viewer comes to a box by chance, each as likely."""
    placed = Placed()
    for viewers, rooms in Counter(audiences).items():
        feeds = (boxes - 1) * spread(boxes, viewers)
        placed.feeds += rooms * feeds
        placed.inner_feeds += rooms * ((boxes * nodes - 1) * spread(boxes * nodes, viewers) - feeds)
        placed.fed_rooms += rooms * (1 - boxes**-viewers)
        placed.at_origin += rooms * viewers / boxes
    return placed


def spread(places: int, viewers: int) -> float:
    """Returns the probability that one of `places` places has at least one of `viewers` viewers who
    each come to any place.
    """
    return 1.0 - (1.0 - 1.0 / places) ** viewers


class _Box:
    __slots__ = ("cpu", "memory", "number", "sent")

    def __init__(self, number: int, loads: Loads) -> None:
        self.number = number
        self.cpu, self.sent, self.memory = loads.box.cpu, loads.box.sent, loads.box.memory


class _Room:
    __slots__ = ("at", "home", "origin", "waiting")

    def __init__(self, origin: _Box, waiting: int) -> None:
        self.origin = origin
        self.home = origin
        """The box that viewers try first."""
        self.waiting = waiting
        self.at: dict[int, tuple[_Box, int]] = {}
        """The boxes that have viewers of the room, with the number of viewers."""


class _Simulation:
    def __init__(
        self,
        audiences: Sequence[int],
        boxes: int,
        nodes: int,
        loads: Loads,
        rule: Placement,
        seed: int,
    ) -> None:
        self._loads, self._nodes = loads, nodes
        self._boxes = [_Box(number, loads) for number in range(boxes)]
        self._placed = Placed()
        chance = Chance(seed)
        order = list(audiences)
        for last in range(len(order) - 1, 0, -1):  # Fisher and Yates
            other = chance.below(last + 1)
            order[last], order[other] = order[other], order[last]
        self._rooms = []
        for number, viewers in enumerate(order):
            origin = self._boxes[number % boxes]  # creators come to all boxes alike
            origin.cpu -= loads.creator.cpu + loads.hls_room.cpu * loads.hls_rooms(viewers)
            origin.memory -= loads.creator.memory
            room = _Room(origin, viewers)
            if rule == "warm":
                room.home = self._boxes[chance.below(boxes)]
            if viewers:
                self._rooms.append(room)
        self._emptiest = [(-self._space(box), box.number) for box in self._boxes]
        heapify(self._emptiest)

    def run(self) -> Placed:
        for wave in range(WAVES, 0, -1):
            for room in self._rooms:
                if room.waiting:
                    coming = -(-room.waiting // wave)
                    room.waiting -= coming
                    self._place(room, coming)
        for room in self._rooms:
            at_origin = room.at.get(room.origin.number)
            self._placed.at_origin += at_origin[1] if at_origin else 0
            self._placed.fed_rooms += len(room.at) > (at_origin is not None)
        return self._placed

    def _place(self, room: _Room, viewers: int) -> None:
        viewers -= self._fill(room, room.home, viewers)
        if viewers:
            for box, _ in list(room.at.values()):
                viewers -= self._fill(room, box, viewers)
                if not viewers:
                    return
        while viewers and (emptiest := self._emptiest_box()):
            viewers -= self._fill(room, emptiest, viewers)
        self._placed.left += viewers

    def _fill(self, room: _Room, box: _Box, viewers: int) -> int:
        """Places as many of the viewers in the box as fit. Returns their number."""
        loads, nodes = self._loads, self._nodes
        present = room.at.get(box.number)
        before = present[1] if present else 0
        fits = min(viewers, self._space(box))
        if fits <= 0:
            return 0
        origin = box is room.origin
        carriers = (nodes - origin) * (spread(nodes, before + fits) - spread(nodes, before))
        first = not before and not origin
        self._placed.feeds += first
        self._placed.inner_feeds += carriers - first
        box.cpu -= fits * loads.viewer.cpu + carriers * loads.inner_feed.cpu
        box.sent -= fits * loads.viewer.sent
        box.memory -= fits * loads.viewer.memory + carriers * loads.inner_feed.memory
        room.at[box.number] = (box, before + fits)
        return fits

    def _space(self, box: _Box) -> int:
        """Returns how many viewers of one room the box can still take. Leaves space for a feed of
        each node.
        """
        viewer = self._loads.viewer
        feeds = self._loads.inner_feed
        return math.floor(
            min(
                (box.cpu - self._nodes * feeds.cpu) / viewer.cpu,
                box.sent / viewer.sent,
                (box.memory - self._nodes * feeds.memory) / viewer.memory,
            )
        )

    def _emptiest_box(self) -> _Box | None:
        """Returns the box that can take most viewers, or None if all are full."""
        while self._emptiest:
            space, number = self._emptiest[0]
            now = self._space(self._boxes[number])
            if now == -space:
                return self._boxes[number] if now > 0 else None
            heappop(self._emptiest)
            heappush(self._emptiest, (-now, number))
        return None
