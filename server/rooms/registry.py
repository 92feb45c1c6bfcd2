"""The registry of all rooms. It creates, finds and ends rooms, and restores the rooms after a
restart of the server.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from relay.channel.hub import Hub
from relay.errors import RefusalCode
from server.errors import Forbidden, Misdirected, Unavailable
from server.ingest.session import IngestSession
from server.rooms.accepting import Acceptance
from server.rooms.arrivals import Arrival, Publishable
from server.rooms.audience import Audience
from server.rooms.beacon import Beacon
from server.rooms.commands.base import Command
from server.rooms.commands.room import AuthorisePublishing
from server.rooms.description import NewRoom
from server.rooms.elsewhere import Alone, Elsewhere, misdirected
from server.rooms.executor import Executor
from server.rooms.hand_over import HandOver
from server.rooms.idle_rooms import IdleRooms
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import State
from server.rooms.listing import Listing
from server.rooms.moderation_changes import ModerationChanges
from server.rooms.moves import Moves
from server.rooms.part import SocialTools
from server.rooms.records import RoomRecords
from server.rooms.refusals import gone
from server.rooms.requester import require_key
from server.rooms.room import OpenSession, Room, RoomObserver, RoomPolicy
from server.rooms.stored_changes import StoredChanges
from server.rooms.watching import Watched
from server.social.chat_settings import ChatSettings
from server.social.counters import SocialCounters
from server.social.moderation import BANNED_BY_OPERATOR_TEXT
from server.social.room_settings import RoomSettings
from server.storage.errors import StorageUnavailable
from server.storage.keys import hash_key, new_key, new_room_id
from server.storage.rooms import RoomExists, RoomRecord
from server.storage.storage import Storage

logger = logging.getLogger(__name__)

Reply = TypeVar("Reply")

MAX_ROOMS = 10_000
"""Maximum number of rooms that have not ended."""
RETRY_FULL = 60.0
"""Seconds that a client must wait after it was refused because there are too many rooms."""


class Rooms:
    """The registry of rooms. Rooms that have not ended are in memory and in storage. Ended rooms
    are only in storage, until they are purged.
    """

    def __init__(
        self,
        storage: Storage,
        hub: Hub,
        open_session: OpenSession,
        policy: RoomPolicy,
        on_beacon: Callable[[Beacon, Beacon | None], None],
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """`on_beacon` is called with each viewer's report and the previous report on the same
        connection (None for the first report). `elsewhere`: the rooms of other processes; None if
        this process cannot reach other processes.
        """
        self._elsewhere: Elsewhere = elsewhere or Alone()
        self._storage = storage
        self._hub = hub
        self._open_session = open_session
        self._policy = policy
        self._on_beacon = on_beacon
        self.social = SocialCounters()
        self._changes = ModerationChanges(storage.moderation, shared=storage.rooms.server != "")
        self._social_tools = SocialTools(
            storage,
            self.social,
            self._changes,
            max_length=policy.max_length,
            messages_per_second=policy.messages_per_second,
        )
        self.acceptance = Acceptance()
        self._rooms: dict[str, Room] = {}
        self.in_memory = RoomsInMemory(self._rooms)
        self.listing = Listing(self.in_memory, storage.rooms, self._elsewhere)
        self._records = RoomRecords(storage.rooms)
        self.moves = Moves(
            self.in_memory,
            storage.rooms,
            self._elsewhere,
            self.acceptance,
            hub,
            open_session,
            self._restore,
            self._forget,
        )
        self.executor = Executor(
            self.in_memory,
            self._records,
            storage,
            self._elsewhere,
            self.acceptance,
            self.moves,
            self._changes.announce,
            self._end,
        )
        self._idle = IdleRooms()
        self._stored = StoredChanges()
        self._endings: dict[str, asyncio.Task[None]] = {}
        self._observers: list[RoomObserver] = []

    def observe(self, observer: RoomObserver) -> None:
        """Tells the observer about each change of a room's state from now on."""
        self._observers.append(observer)

    async def open(self) -> None:
        """Restores the stored rooms that have not ended. A room that was live waits for its
        publisher.
        """
        for record in await self._storage.rooms.unended():
            self._restore(record, await self._elsewhere.restore(record.room))
        self._changes.open()

    async def create(
        self,
        title: str,
        address: str = "",
        length: float | None = None,
        *,
        owner: str | None = None,
        visibility: str = "public",
        mood: str = "",
    ) -> NewRoom:
        """Creates a room for the client at `address`. `length`: length of the live in seconds; None
        if the live has no end. `owner`: the person to whom the room belongs; None if a program
        creates the room. `mood`: see RoomDescription. Raises Unavailable if there are too many
        rooms or the server is closing, and Forbidden if the operator has banned the owner.
        """
        self.acceptance.require_new()
        self._require_space()
        settings = await self._first_settings(owner)
        key = new_key()
        record = RoomRecord(
            new_room_id(),
            title,
            hash_key(key),
            time.time(),
            address=address,
            owner=owner,
            visibility=visibility,
            length_s=length,
            settings=settings,
            mood=mood,
        )
        record = await self._store_new(record)
        if self.acceptance.refusing:  # no client gets the key, so the room must not be restored
            await self._storage.rooms.end(record.room, time.time())
        self.acceptance.require_open()
        return NewRoom(self._add(record).describe(), key)

    def _require_space(self) -> None:
        if len(self._rooms) > MAX_ROOMS // 2:
            self._idle.end_oldest(time.time())
        if len(self._rooms) >= MAX_ROOMS:
            raise Unavailable(
                RefusalCode.TOO_MANY_ROOMS,
                "there are too many rooms at the moment: try again later",
                RETRY_FULL,
            )

    async def _store_new(self, record: RoomRecord) -> RoomRecord:
        """Stores a room, with another name if another room has its name."""
        while True:
            try:
                await self._storage.rooms.add(record)
            except RoomExists:
                record = replace(record, room=new_room_id())
            else:
                return record

    async def _first_settings(self, owner: str | None) -> str:
        """Returns the settings of a new room: the settings that the owner chose for all lives.
        Raises Forbidden if the operator has banned the owner.
        """
        if owner is None:
            return RoomSettings().to_json()
        if await self._storage.bans.holds_everywhere(owner, time.time()):
            raise Forbidden(RefusalCode.BANNED_BY_OPERATOR, BANNED_BY_OPERATOR_TEXT)
        links = await self._storage.moderation.links(owner)
        return RoomSettings(ChatSettings(links=links)).to_json()

    async def require_ready(self) -> None:
        """Checks that the server accepts new rooms and sessions. Raises Unavailable while the
        server is draining or closing, or can reach no other node and has no room of its own, and
        StorageError if the database cannot be read.
        """
        self.acceptance.require_new()
        if self._elsewhere.cut_off and not self._rooms:
            raise Unavailable(
                RefusalCode.NODE_AWAY, "this server cannot reach the others: try again in a moment"
            )
        await self._storage.rooms.find("")

    async def ask(self, name: str, command: Command[Reply]) -> Reply:
        """Executes a command in the process that owns the room (see Executor)."""
        return await self.executor.ask(name, command)

    async def publishable(self, name: str, key: str) -> Publishable:
        """Returns the room for a creator who wants to publish here. If another process owns the
        room, this process takes it once the creator is connected. Raises the refusals of
        AuthorisePublishing and `local`, and Misdirected.
        """
        if name not in self._rooms:
            record = await self._records.find(name)
            if self._records.runs_elsewhere(record) or self._elsewhere.has(name):
                require_key(record, key)
                self.acceptance.require_new()
                if not self._elsewhere.can_take:
                    raise misdirected(record.server)
                return Arrival(record, self.moves.arrivals)
        await self.ask(name, AuthorisePublishing(key))
        return await self.local(name)

    async def session(self, name: str, key: str, session: str) -> IngestSession:
        """Returns a publishing session of this process. Raises the refusals of AuthorisePublishing
        and `local`, and NotFound.
        """
        if found := self.moves.arrivals.session(name, session):
            require_key(await self._records.find(name), key)
            return found
        await self.ask(name, AuthorisePublishing(key))
        return (await self.local(name)).session(session)

    def knows(self, name: str) -> bool:
        """Whether the room is in the memory of this process, or known to be in that of another."""
        return name in self._rooms or self._elsewhere.has(name)

    async def local(self, name: str) -> Room:
        """Returns the Room object, which gives access to media and sessions. Raises NotFound if the
        room does not exist, Gone if the room has ended, or Unavailable while the server is closing.
        """
        self.acceptance.require_open()
        room = self._rooms.get(name)
        if room is not None and not room.ended:
            return room
        await self._records.require_here(name)
        raise gone()

    async def watch(self, name: str) -> Watched:
        """Returns what viewers need of a room, whichever process owns it. Raises the refusals of
        `local`, Misdirected, and Unavailable if the owner does not answer.
        """
        self.acceptance.require_open()
        await self.moves.settle(name)
        room = self._rooms.get(name)
        if room is not None and not room.ended:
            return Watched(room.channel, room.social.meet)
        if not self._elsewhere.has(name):
            record = await self._records.find(name)
            if not self._records.runs_elsewhere(record):
                raise gone()
        try:
            return await self._elsewhere.watch(name)
        except Misdirected:
            await self._records.require_here(name)  # names the server in its refusal
            raise

    async def require_open(self, name: str) -> None:
        """Raises Gone if the room has ended, NotFound if it does not exist, in any process."""
        await self._records.require_open(name)

    def receive_from_node(self, name: str, node: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Takes what the viewers of a room at another node do."""
        if (room := self._rooms.get(name)) and not room.ended:
            room.remote.receive(node, items)

    def forget_node(self, node: str) -> None:
        """Removes the viewers at a node that is gone."""
        for room in self._rooms.values():
            room.remote.forget(node)

    def forget_person(self, person: str) -> None:
        """Removes the data of a deleted person from memory, and ends the person's rooms."""
        for room in list(self._rooms.values()):
            room.social.forget_person(person)
            if room.record.owner == person:
                room.finish()

    def watch_moderation(self, changed: Callable[[str], None]) -> None:
        """Calls `changed` with the creator of each change of moderation in other processes."""
        self._changes.watch(changed)

    def announce_moderation(self, creator: str) -> None:
        """Makes the rooms of a creator read the decisions of moderators. If `creator` is OPERATOR,
        all rooms read the decisions.
        """
        self._changes.announce(creator)

    def refuse_new(self) -> None:
        """Makes the server refuse new rooms, sessions and viewers. Call `close()` afterwards."""
        self.acceptance.refuse()
        self._stored.give_up()

    async def close(self) -> None:
        """Closes every room and its sessions. The next start of the server restores the rooms."""
        self.refuse_new()
        await self.moves.close()
        await asyncio.gather(*(room.close() for room in self._rooms.values()))
        await self._changes.close()
        await self._stored.close()

    async def _end(self, name: str) -> None:
        """Ends the room. Returns once the end is stored."""
        room = self._rooms.get(name)
        if room:
            room.finish()
        if name in self._endings:
            await asyncio.shield(self._endings[name])

    # Rooms. `room_changed` implements RoomObserver.

    def room_changed(self, room: Room, before: State) -> None:
        self._idle.remove(room)
        if room.state is State.ENDED:
            self._endings[room.name] = self._stored.start(self._remove(room))
            self._endings[room.name].add_done_callback(lambda _: self._endings.pop(room.name))
        elif before is State.IDLE and room.live_since is not None:
            self._stored.store(partial(self._storage.rooms.set_live, room.name, room.live_since))
        for observer in self._observers:
            try:
                observer.room_changed(room, before)
            except Exception:  # an error of one observer must not affect the room
                logger.exception("room %s: %s failed", room.name, type(observer).__name__)

    def _restore(self, record: RoomRecord, hand_over: HandOver) -> Room:
        return self._add(record, restored=True, hand_over=hand_over)

    def _add(
        self, record: RoomRecord, *, restored: bool = False, hand_over: HandOver | None = None
    ) -> Room:
        """`hand_over`: with what the room goes on if another process has had it."""
        audience = Audience(self._on_beacon)
        room = Room(
            record,
            self._policy,
            self._hub.open,
            self._open_session,
            audience,
            self._social_tools,
            self,
            restored=restored,
            hand_over=hand_over,
        )
        self._rooms[record.room] = room
        if room.state is State.IDLE:
            self._idle.add(room)
        self._elsewhere.opened(room)
        return room

    def _forget(self, name: str) -> Room | None:
        room = self._rooms.pop(name, None)
        if room is not None:
            self._idle.remove(room)
        return room

    async def _remove(self, room: Room) -> None:
        now, figures = time.time(), room.social.presence.figures
        store_end = partial(
            self._storage.rooms.end,
            room.name,
            now,
            peak=figures.peak,
            people=figures.people,
            duration_s=None if room.live_since is None else now - room.live_since,
        )
        try:
            await room.social.conclude()
            await store_end()
        except StorageUnavailable:
            self._stored.repeat(store_end)
            raise
        finally:
            # Viewers first get the room event, which says that the room has ended. Only then does
            # their channel end.
            self._rooms.pop(room.name, None)
            self._hub.end(room.name)
            self._elsewhere.closed(room.name)
            await room.close()
