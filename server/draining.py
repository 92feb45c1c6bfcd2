"""Empties the server before it closes, if another server can take its rooms and viewers: creators
publish anew there, and viewers go there a few at a time.
"""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from relay.whep import WhepSessions
from server.http.events import EventsEndpoint
from server.http.watch import WatchEndpoint
from server.rooms.life import State
from server.rooms.registry import Rooms

logger = logging.getLogger(__name__)

LIMIT = 30.0
"""Maximum duration of a drain if no setting gives it, seconds."""
NOTICED = 2.0
"""Seconds for which the TCP ports stay open, so that load balancers notice that `/readyz` fails."""
MOVE_EVERY = 2.0
"""Seconds between two requests to the same creator to move."""
CHECK_EVERY = 0.2
"""Seconds between two checks of which creators still publish."""
LEAVING = 3.0
"""Seconds over which the viewers leave."""
LEAVE_EVERY = 0.05
"""Seconds between two groups of viewers that leave."""


class OtherServers(Protocol):
    """The servers that can take the rooms and the viewers of this server."""

    @property
    def present(self) -> bool:
        """Whether there is another server that takes rooms and viewers."""

    async def leave(self) -> None:
        """Tells the other servers that this server takes no more rooms and viewers."""


class NoOtherServers:
    present = False

    async def leave(self) -> None:
        pass


class Draining:
    """Empties the server. `run()` may be cancelled at any time."""

    def __init__(
        self,
        rooms: Rooms,
        watch: WatchEndpoint,
        events: EventsEndpoint,
        whep: WhepSessions,
        close_ports: Callable[[], Awaitable[None]],
        others: OtherServers,
        limit: float | None,
    ) -> None:
        """`limit`: maximum duration, seconds. If it is None, the server drains for LIMIT seconds at
        most if there is another server, and otherwise not at all. `close_ports` closes the TCP
        ports; open connections stay open.
        """
        self._rooms = rooms
        self._watch = watch
        self._events = events
        self._whep = whep
        self._close_ports = close_ports
        self._others = others
        self._limit = limit

    async def run(self) -> None:
        """Returns once nothing is left that can go to another server, or the time is over."""
        await self._others.leave()
        moving = self._others.present
        self._rooms.acceptance.drain(moving=moving)
        limit = (LIMIT if moving else 0.0) if self._limit is None else self._limit
        if not limit:
            return
        leaving = min(LEAVING, limit / 3)
        logger.info("draining for at most %.0f s%s", limit, ": the lives move" if moving else "")
        try:
            async with asyncio.timeout(limit - leaving if moving else limit):
                if moving:
                    await self._move_creators(min(NOTICED, limit / 3))
                if not self._others.present and self._limit is not None:
                    self._rooms.acceptance.drain(moving=False)
                    await self._wait_for_lives()
        except TimeoutError:
            logger.warning("%d lives are still here", self._lives)
        if self._others.present:
            self._rooms.acceptance.refuse()  # before viewers leave: players reconnect at once
            await self._let_viewers_go(leaving)

    @property
    def _lives(self) -> int:
        return self._rooms.in_memory.states[State.LIVE]

    async def _wait_for_lives(self) -> None:
        while self._lives:  # noqa: ASYNC110 (a change of all rooms has no event)
            await asyncio.sleep(CHECK_EVERY)

    async def _move_creators(self, noticed: float) -> None:
        """Asks the creators to publish elsewhere, again and again until no creator publishes here,
        or no other server is left. Closes the TCP ports after `noticed` seconds.
        """
        now = asyncio.get_running_loop().time
        due, close_at = now(), now() + noticed
        while self._others.present:
            publishing = [room for room in self._rooms.in_memory if room.sessions]
            if now() >= due:
                due = now() + MOVE_EVERY
                for room in publishing:
                    room.ask_to_move()
            if now() >= close_at:
                close_at = math.inf
                await self._close_ports()
            if not publishing and close_at == math.inf:
                return
            await asyncio.sleep(CHECK_EVERY)

    async def _let_viewers_go(self, seconds: float) -> None:
        """Closes the connections of all viewers, in groups and in random order."""
        departures = [
            *self._watch.departures(),
            *self._events.departures(),
            *self._whep.departures(),
        ]
        random.shuffle(departures)
        size = math.ceil(len(departures) * LEAVE_EVERY / seconds)
        while departures:
            for leave in departures[:size]:
                leave()
            del departures[:size]
            await asyncio.sleep(LEAVE_EVERY)
