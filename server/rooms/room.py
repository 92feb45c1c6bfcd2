"""A room: one creator's live, from the first frame to the end."""

import asyncio
import json
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from enum import Enum
from typing import Any

from relay.channel.channel import Notice
from relay.channel.hub import Hub
from relay.errors import MessageError, RefusalCode
from relay.rtc.receive.sdp import Offer
from relay.rtc.udp import UdpPort
from relay.stream.stream import Stream
from server.errors import Conflict, Unavailable
from server.ingest.counters import IngestCounters
from server.ingest.session import IngestSession
from server.ingest.transcoders import Transcoders
from server.rooms.audience import Audience
from server.rooms.beacon import Beacon, read_beacon
from server.settings import Settings
from server.storage.database import RoomRecord

logger = logging.getLogger(__name__)

VIEWERS_EVERY = 1.0
"""Seconds between two events that only tell how many are watching."""


class State(Enum):
    IDLE = "idle"
    LIVE = "live"
    AWAY = "away"
    ENDED = "ended"


class Happening(Enum):
    MEDIA_CAME = 1
    MEDIA_WENT = 2
    """Nothing to show for 5 s, or the session closed."""
    FINISHED = 3
    """The creator ended it, or did not come back in time."""


TRANSITIONS: dict[tuple[State, Happening], State] = {
    (State.IDLE, Happening.MEDIA_CAME): State.LIVE,
    (State.IDLE, Happening.FINISHED): State.ENDED,
    (State.LIVE, Happening.MEDIA_WENT): State.AWAY,
    (State.LIVE, Happening.FINISHED): State.ENDED,
    (State.AWAY, Happening.MEDIA_CAME): State.LIVE,
    (State.AWAY, Happening.FINISHED): State.ENDED,
}
"""The whole life of a room; what is not here changes nothing."""


class Room:
    """Owns its sessions, timers and tasks; `close()` ends them all and leaves the room to come back
    after a restart.
    """

    def __init__(
        self,
        record: RoomRecord,
        hub: Hub,
        port: UdpPort,
        settings: Settings,
        transcoders: Transcoders,
        counters: IngestCounters,
        on_change: Callable[["Room", State], None],
        on_beacon: Callable[[Beacon, Beacon | None], None] | None = None,
    ) -> None:
        self.record = record
        self.channel = hub.open(record.room, self)
        self.state = State.IDLE if record.live_at is None else State.AWAY
        self.live_since = record.live_at
        self._port = port
        self._settings = settings
        self._transcoders = transcoders
        self._counters = counters
        self._on_change = on_change
        self._on_beacon = on_beacon
        self._audience = Audience()
        self._loop = asyncio.get_running_loop()
        self._epoch = 0
        self._current: IngestSession | None = None
        self._pending: IngestSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._deadline: asyncio.TimerHandle | None = None
        self._viewers_timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._tell()
        self._arm()

    @property
    def name(self) -> str:
        return self.record.room

    @property
    def stream(self) -> Stream:
        """What the creator publishes."""
        return self.channel.stream

    @property
    def ended(self) -> bool:
        return self.state is State.ENDED

    @property
    def on_air(self) -> bool:
        """Live, or expected back."""
        return self.state in (State.LIVE, State.AWAY)

    @property
    def sessions(self) -> list[IngestSession]:
        """The one that publishes, and the one that is about to take over."""
        return [session for session in (self._current, self._pending) if session]

    @property
    def players(self) -> Counter[str]:
        """How many viewers play with what, by their beacons."""
        return self._audience.players(self._loop.time())

    def describe(self) -> dict[str, Any]:
        """The room as the API and the room event tell it."""
        return {
            "room": self.name,
            "title": self.record.title,
            "state": self.state.value,
            "viewers": self.channel.viewers,
            "created_at": self.record.created_at,
            "live_since": self.live_since,
        }

    def health(self) -> dict[str, Any]:
        """What the creator is told once a second: the room, how its media arrives (None while
        nobody publishes), and what viewers see.
        """
        ingest = self._current.health() if self._current else None
        return {
            "room": self.describe(),
            "ingest": asdict(ingest) if ingest else None,
            "audience": self._audience.describe(self.channel.viewers, self._loop.time()),
        }

    # Publishing

    def publish(self, offer: Offer) -> IngestSession:
        """A session for this offer. It takes the room over in the moment its handshake is complete;
        until then the present one goes on.

        Raises Unavailable or NotAcceptable where the offer's video would have to be transcoded and
        cannot be; Conflict in a room that has ended, Unavailable in one that is closed, where
        nobody would end the session.
        """
        if self.ended:
            raise Conflict(RefusalCode.ROOM_ENDED, "this room has ended: create another")
        if self._closed:
            raise Unavailable(
                RefusalCode.SERVER_CLOSING, "the server is shutting down: try again in a moment"
            )
        session = IngestSession(
            secrets.token_urlsafe(16),
            self.stream,
            self._port,
            offer,
            bitrate_cap=self._settings.remb,
            transcoders=self._transcoders,
            counters=self._counters,
            owner=self,
        )
        if self._pending:
            self._spawn(self._pending.close())
        self._pending = session
        self._spawn(self._connect(session))
        return session

    def find_session(self, session_id: str) -> IngestSession | None:
        return next(
            (
                session
                for session in self.sessions
                if secrets.compare_digest(session.id, session_id)
            ),
            None,
        )

    async def end_session(self, session: IngestSession) -> None:
        """The creator stopped publishing (WHIP DELETE). The room waits for another session for a
        while.
        """
        self._detach(session)
        await session.close()

    async def _connect(self, session: IngestSession) -> None:
        try:
            await session.connect()
        except Exception as error:
            if isinstance(error, ConnectionError):
                logger.info("room %s: no connection: %s", self.name, error)
            else:
                logger.exception("room %s: the handshake failed", self.name)
            self._detach(session)
            await session.close()
            return
        if self._pending is not session:
            return  # overtaken, ended or deleted meanwhile; whoever did that closes it
        former, self._current, self._pending = self._current, session, None
        self._epoch += 1
        # Media time is the room's age, so that it goes on through absences and restarts; the margin
        # keeps it ascending.
        age = round((time.time() - self.record.created_at) * 1_000_000)
        session.begin(self._epoch, max(age, self.stream.edge + 100_000))
        logger.info("room %s: session %d connected", self.name, self._epoch)
        if former:
            await former.close()

    def _detach(self, session: IngestSession) -> None:
        if session is self._pending:
            self._pending = None
        elif session is self._current:
            self._current = None
            self._happen(Happening.MEDIA_WENT)

    # Sessions (SessionOwner)

    def flow_changed(self, session: IngestSession, flowing: bool) -> None:
        if session is self._current:
            self._happen(Happening.MEDIA_CAME if flowing else Happening.MEDIA_WENT)

    def session_ended(self, session: IngestSession, reason: str) -> None:
        logger.info("room %s: %s", self.name, reason)
        if session in self.sessions:
            self._detach(session)
            self._spawn(session.close())

    # Life

    def finish(self) -> None:
        """Ends the room for good."""
        self._happen(Happening.FINISHED)

    async def close(self) -> None:
        """Ends every session, timer and task."""
        self._closed = True
        for timer in (self._deadline, self._viewers_timer):
            if timer:
                timer.cancel()
        for session in self.sessions:
            self._spawn(session.close())
        self._current = self._pending = None
        self.channel.close()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _happen(self, happening: Happening) -> None:
        after = TRANSITIONS.get((self.state, happening))
        if after is None or self._closed:
            return
        before, self.state = self.state, after
        if after is State.LIVE and self.live_since is None:
            self.live_since = time.time()
        logger.info("room %s: %s → %s", self.name, before.value, after.value)
        self._arm()
        self._tell()
        self._on_change(self, before)

    def _arm(self) -> None:
        """Sets how long the room may stay in its state."""
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
        patience = {State.IDLE: self._settings.idle_ttl, State.AWAY: self._settings.away_grace}.get(
            self.state
        )
        if patience is not None:
            self._deadline = self._loop.call_later(patience, self.finish)

    # Viewers (ChannelOwner)

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        beacon = read_beacon(report)
        before = self._audience.last(viewer)
        if self._audience.report(viewer, beacon, self._loop.time()) and self._on_beacon:
            self._on_beacon(beacon, before)

    def receive_notice(self, notice: Notice) -> None:
        raise MessageError(f"no notice of type {notice.body['type']!r}")

    def viewer_left(self, viewer: int) -> None:
        self._audience.leave(viewer)

    def viewers_changed(self, viewers: int) -> None:
        if self._viewers_timer is None:
            self._viewers_timer = self._loop.call_later(VIEWERS_EVERY, self._tell_viewers)

    def _tell_viewers(self) -> None:
        self._viewers_timer = None
        self._tell(history=False)

    def _tell(self, *, history: bool = True) -> None:
        body = json.dumps({"type": "room", **self.describe()}).encode()
        self.channel.post(body, key="room", history=history)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            logger.error("room %s", self.name, exc_info=task.exception())
