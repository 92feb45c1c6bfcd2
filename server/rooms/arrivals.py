"""Creators who publish here to a room that another process owns. They connect first, and only then
does this process take the room, so that viewers miss as little as possible.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from secrets import compare_digest
from typing import Protocol

from relay.client_address import ClientAddress
from relay.rtc.receive.sdp import Offer
from relay.stream.stream import Stream
from relay.stream.window import Window
from server.errors import RequestRefused
from server.ingest.session import IngestSession
from server.rooms.room import OpenSession, Room
from server.storage.errors import StorageError
from server.storage.rooms import RoomRecord

logger = logging.getLogger(__name__)

Take = Callable[[str], Awaitable[Room]]


class Publishable(Protocol):
    """A room to which a creator may publish here."""

    @property
    def name(self) -> str: ...

    @property
    def on_air(self) -> bool:
        """Whether the room is on air in this process."""

    @property
    def sessions(self) -> Sequence[IngestSession]: ...

    def publish(self, offer: Offer, creator: ClientAddress) -> IngestSession:
        """Opens a session for this offer. Raises a Refusal."""


class Arrival:
    """A creator who arrives at a room that another process owns. Implements Publishable."""

    on_air = False

    def __init__(self, record: RoomRecord, arrivals: "Arrivals") -> None:
        self.record = record
        self._arrivals = arrivals
        self._session: IngestSession | None = None

    @property
    def name(self) -> str:
        return self.record.room

    @property
    def sessions(self) -> Sequence[IngestSession]:
        return (self._session,) if self._session else ()

    def publish(self, offer: Offer, creator: ClientAddress) -> IngestSession:
        self._session = self._arrivals.open(self, offer, creator)
        return self._session

    # SessionOwner

    def flow_changed(self, session: IngestSession, flowing: bool) -> None:
        """Does nothing: the session publishes only after the room has taken it over."""

    def session_ended(self, session: IngestSession, reason: str) -> None:
        logger.info("room %s: %s", self.name, reason)
        self._arrivals.leave(self)


class Arrivals:
    """The creators who arrive. A new arrival at a room replaces the former one."""

    def __init__(self, open_session: OpenSession, take: Take) -> None:
        """`take` makes this process the owner of a room."""
        self._open_session = open_session
        self._take = take
        self._arrivals: dict[str, tuple[Arrival, asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for _, task in self._arrivals.values():
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def session(self, room: str, session: str) -> IngestSession | None:
        """Returns the session with this id, if its creator arrives at the room."""
        found = self._arrivals.get(room)
        sessions = found[0].sessions if found else ()
        return next(
            (each for each in sessions if compare_digest(each.id.encode(), session.encode())), None
        )

    def open(self, arrival: Arrival, offer: Offer, creator: ClientAddress) -> IngestSession:
        """Opens a session, which the room takes over once it is connected."""
        stream = Stream(arrival.name, Window(0, 0))  # stands for the room's until then
        session = self._open_session(stream, offer, creator.address, arrival)
        self._leave(arrival.name)
        task = asyncio.get_running_loop().create_task(self._connect(arrival, session, creator))
        self._arrivals[arrival.name] = arrival, task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return session

    async def end(self, room: str) -> None:
        """Ends the session of the creator who arrives at a room."""
        if room in self._arrivals:
            task = self._arrivals[room][1]
            self._leave(room)
            await asyncio.wait([task])

    def leave(self, arrival: Arrival) -> None:
        """Ends an arrival whose creator has left."""
        found = self._arrivals.get(arrival.name)
        if found and found[0] is arrival:
            self._leave(arrival.name)

    def _leave(self, room: str) -> None:
        found = self._arrivals.pop(room, None)
        if found:
            found[1].cancel()

    async def _connect(
        self, arrival: Arrival, session: IngestSession, creator: ClientAddress
    ) -> None:
        name, taken = arrival.name, False
        try:
            await session.connect()
            room = await self._take(name)
            room.welcome(session, creator)
            taken = True
        except ConnectionError as error:
            logger.info("room %s: no connection: %s", name, error)
        except (RequestRefused, StorageError) as error:
            logger.warning("room %s: not taken: %s", name, error)
        finally:
            found = self._arrivals.get(name)
            if found and found[0] is arrival:
                del self._arrivals[name]
            if not taken:
                await session.close()
