"""A room: one live broadcast of one creator, from the creation of the room to its end."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from relay.callbacks import ignore
from relay.channel.channel import Channel
from relay.channel.owner import ChannelOwner, Notice
from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import RefusalCode
from relay.rtc.receive.sdp import Offer
from relay.stream.stream import Stream
from server.errors import NotFound, TooManyRequests, Unavailable
from server.ingest.session import IngestSession, SessionOwner
from server.rooms.audience import Audience
from server.rooms.beacon import read_beacon
from server.rooms.description import RoomDescription, room_event
from server.rooms.hand_over import HandOver
from server.rooms.health import RoomHealth
from server.rooms.life import TRANSITIONS, RoomEvent, State
from server.rooms.part import RoomContext, SocialTools
from server.rooms.refusals import over
from server.rooms.remote_viewers import RemoteViewers
from server.rooms.social import RoomSocial
from server.storage.rooms import RoomRecord

logger = logging.getLogger(__name__)

OpenChannel = Callable[[str, ChannelOwner], Channel]
OpenSession = Callable[[Stream, Offer, str, SessionOwner], IngestSession]

VIEWERS_INTERVAL = 1.0
"""Minimum seconds between two room events that only report a new number of viewers."""
EXCESS_PAUSE = 10.0
"""Seconds for which a room accepts no new session after a session that has sent too much media."""


@dataclass(frozen=True, slots=True)
class RoomPolicy:
    """Limits of a room. Times are in seconds."""

    idle_ttl: float
    """Time for which a room stays open if it never goes live."""
    away_grace: float
    """Time for which a room stays open while its publisher is absent."""
    max_length: float | None = None
    """Maximum length of a live; None for no maximum."""
    messages_per_second: float = 50.0
    """Maximum number of chat messages that a room accepts per second."""


class RoomObserver(Protocol):
    """An observer of rooms. A room calls its observer synchronously."""

    def room_changed(self, room: "Room", before: State) -> None:
        """Tells the observer that the state of the room has changed. `before`: the former state."""


class Room:
    """A room with its channel, sessions, timers and tasks.

    `close()` stops all of these but does not end the room: the next start of the server restores
    the room.
    """

    def __init__(
        self,
        record: RoomRecord,
        policy: RoomPolicy,
        open_channel: OpenChannel,
        open_session: OpenSession,
        audience: Audience,
        tools: SocialTools,
        observer: RoomObserver,
        *,
        restored: bool = False,
        hand_over: HandOver | None = None,
    ) -> None:
        """`restored`: whether storage knows the room from an earlier process. `hand_over`: with
        what the room goes on, if that process has told this one.
        """
        self.channel = open_channel(record.room, self)
        self._epoch = 0
        if hand_over and hand_over.channel:
            self._go_on(hand_over)
        self._context = RoomContext(
            record, self.channel, tools, self.finish, self._post_description, restored=restored
        )
        self.social = RoomSocial(self._context)
        """The social parts of the room."""
        self.state = State.IDLE if record.live_at is None else State.AWAY
        self.live_since = record.live_at
        self.creator = UNKNOWN
        """Address of the last client that began to publish."""
        self.ended_by_operator = False
        self._policy = policy
        self._open_session = open_session
        self._observer = observer
        self._audience = audience
        self.remote = RemoteViewers(
            record.room, self.social, audience, asyncio.get_running_loop().time
        )
        """The viewers at other nodes."""
        self._loop = asyncio.get_running_loop()
        self._paused_until = 0.0
        self._current: IngestSession | None = None
        self._pending: IngestSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._deadline: asyncio.TimerHandle | None = None
        self._viewers_timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._post_description()
        self._set_deadline()

    def _go_on(self, hand_over: HandOver) -> None:
        """Goes on with the ids and numbers of the former owner. Call this before the first
        event.
        """
        self.channel.go_on(hand_over.channel, hand_over.event)
        self.stream.id = hand_over.stream
        self.stream.skip_to(hand_over.media_time)
        self._epoch = hand_over.epoch

    @property
    def hand_over(self) -> HandOver:
        """With what the next owner of the room goes on."""
        return HandOver(
            self.stream.edge,
            self.stream.id,
            self.channel.id,
            self.channel.newest_event,
            self._epoch,
        )

    @property
    def record(self) -> RoomRecord:
        return self._context.record

    @property
    def name(self) -> str:
        return self.record.room

    @property
    def stream(self) -> Stream:
        """The creator's stream."""
        return self.channel.stream

    @property
    def ended(self) -> bool:
        return self.state is State.ENDED

    @property
    def on_air(self) -> bool:
        """Whether the room is live, or was live and its publisher may return."""
        return self.state in (State.LIVE, State.AWAY)

    @property
    def in_use(self) -> bool:
        """Whether the room has a session, or media of an earlier session."""
        return bool(self._current or self._pending or self.channel.stream.tracks)

    @property
    def sessions(self) -> list[IngestSession]:
        """The session that publishes, if any, and the session that is still connecting, if any."""
        return [session for session in (self._current, self._pending) if session]

    @property
    def players(self) -> Counter[str]:
        """Number of viewers for each kind of player, from the viewers' reports."""
        return self._audience.players(self._loop.time())

    def describe(self) -> RoomDescription:
        return RoomDescription(
            self.name,
            self.record.title,
            self.state,
            self.channel.viewers,
            self.record.created_at,
            self.live_since,
            self.record.visibility,
            self.record.mood,
        )

    def health(self) -> RoomHealth:
        return RoomHealth(
            self.describe(),
            self._current.health() if self._current else None,
            self._audience.health(self.channel.viewers, self._loop.time()),
            self.social.highlights.offer,
        )

    # Publishing

    def publish(self, offer: Offer, creator: ClientAddress = UNKNOWN) -> IngestSession:
        """Opens a session for this offer. The new session replaces the current session once the new
        handshake is complete.

        Raises Conflict if the room has ended, and Unavailable if the server is closing. Raises
        Unavailable or NotAcceptable if the offer needs a transcoder and no transcoder is available,
        and TooManyRequests for some seconds after a session that has sent too much media.
        """
        if self.ended:
            raise over()
        if self._closed:
            raise Unavailable(
                RefusalCode.SERVER_CLOSING, "the server is shutting down: try again in a moment"
            )
        wait = self._paused_until - self._loop.time()
        if wait > 0:
            raise TooManyRequests(
                RefusalCode.BITRATE_TOO_HIGH,
                "the last session sent more than the server accepts: lower the bitrate",
                wait,
            )
        session = self._open_session(self.stream, offer, creator.address, self)
        self.creator = creator
        if self._pending:
            self._spawn(self._pending.close())
        self._pending = session
        self._spawn(self._connect(session))
        return session

    def ask_to_move(self) -> None:
        """Asks the creator to publish anew, which another server will accept. The present session
        goes on meanwhile.
        """
        self.channel.post(b'{"type":"move"}', history=False)

    def session(self, session_id: str) -> IngestSession:
        """Returns the session with this id. Raises NotFound."""
        for session in self.sessions:
            if secrets.compare_digest(session.id.encode(), session_id.encode()):
                return session
        raise NotFound(
            RefusalCode.SESSION_NOT_FOUND,
            "there is no such session: it has ended, or a newer session has replaced it",
        )

    async def end_session(self, session_id: str) -> None:
        """Ends a session; the room then waits for a new session. Raises NotFound."""
        session = self.session(session_id)
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
        if self._pending is session:
            await self._begin(session)
        # Otherwise another session or the room's end has closed this one.

    def welcome(self, session: IngestSession, creator: ClientAddress) -> None:
        """Takes over a connected session, which was opened before this process had the room."""
        session.join(self.stream, self)
        self.creator = creator
        self._spawn(self._begin(session))

    async def _begin(self, session: IngestSession) -> None:
        """Makes a connected session the current one."""
        former, self._current, self._pending = self._current, session, None
        self._epoch += 1
        # A session's media time begins at the age of the room, so that media time also increases
        # across absences and restarts. If the clock was set back, media time begins 100 ms after
        # the live edge.
        age = round((time.time() - self.record.created_at) * 1_000_000)
        logger.info("room %s: session %d connected", self.name, self._epoch)
        session.begin(self._epoch, max(age, self.stream.edge + 100_000))
        if former:
            await former.close()

    def _detach(self, session: IngestSession) -> None:
        if session is self._pending:
            self._pending = None
        elif session is self._current:
            self._current = None
            self.happen(RoomEvent.MEDIA_STOPPED)

    # Sessions. These methods implement SessionOwner.

    def flow_changed(self, session: IngestSession, flowing: bool) -> None:
        if session is self._current:
            self.happen(RoomEvent.MEDIA_CAME if flowing else RoomEvent.MEDIA_STOPPED)

    def session_ended(self, session: IngestSession, reason: str) -> None:
        if session is self._current:
            logger.info("room %s: session %d ended: %s", self.name, self._epoch, reason)
        else:
            logger.info("room %s: %s", self.name, reason)
        if session.excessive:
            self._paused_until = self._loop.time() + EXCESS_PAUSE
            self.channel.forget_media()
        if session in self.sessions:
            self._detach(session)
            self._spawn(session.close())

    # Life

    def finish(self) -> None:
        """Ends the room permanently."""
        self.happen(RoomEvent.FINISHED)

    def happen(self, event: RoomEvent) -> None:
        """Applies an event to the room's state. Does nothing if the room is closed."""
        after = TRANSITIONS.get((self.state, event))
        if after is None or self._closed:
            return
        before, self.state = self.state, after
        if after is State.LIVE and self.live_since is None:
            self.live_since = time.time()
        logger.info("room %s: %s → %s", self.name, before.value, after.value)
        self._set_deadline()
        self._post_description()
        self.social.state_changed(before, after)
        self._observer.room_changed(self, before)

    async def close(self) -> None:
        """Ends every session, timer and task of the room."""
        self._closed = True
        for timer in (self._deadline, self._viewers_timer):
            if timer:
                timer.cancel()
        for session in self.sessions:
            self._spawn(session.close())
        self._current = self._pending = None
        await self.social.close()
        self._context.end = self._context.record_changed = (
            ignore  # otherwise a reference cycle keeps the room in memory
        )
        self.channel.close()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _set_deadline(self) -> None:
        """Starts the timer that ends the room if the room stays idle or away for too long."""
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
        limits = {State.IDLE: self._policy.idle_ttl, State.AWAY: self._policy.away_grace}
        if self.state in limits:
            self._deadline = self._loop.call_later(limits[self.state], self.finish)

    # Viewers. The public methods implement ChannelOwner.

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        self._audience.report(viewer, read_beacon(report), self._loop.time())

    def receive_notice(self, notice: Notice) -> None:
        self.social.receive_notice(notice)

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        self.social.viewer_joined(viewer, person, media)

    def viewer_left(self, viewer: int) -> None:
        self._audience.leave(viewer)
        self.social.viewer_left(viewer)

    def viewers_changed(self, viewers: int) -> None:
        self.social.presence.viewers_changed()
        if self._viewers_timer is None:
            self._viewers_timer = self._loop.call_later(VIEWERS_INTERVAL, self._post_viewers)

    def _post_viewers(self) -> None:
        self._viewers_timer = None
        self._post_description(history=False)

    def _post_description(self, *, history: bool = True) -> None:
        """Sends the room event to every viewer, including viewers that join later."""
        self.channel.post(room_event(self.describe()), key="room", history=history)

    # Tasks

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            logger.error("room %s", self.name, exc_info=task.exception())
