"""Executes commands to rooms: in the memory of this process, in storage, or in the process that
owns the room.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from relay.errors import Refusal, RefusalCode
from server.errors import Gone, Unavailable
from server.rooms.accepting import Acceptance
from server.rooms.commands.access import Admit
from server.rooms.commands.base import Command, CreatorCommand, OwnerCommand, SocialCommand
from server.rooms.commands.room import (
    AuthorisePublishing,
    DeleteLive,
    Describe,
    End,
    EndByOperator,
    EndSession,
    ReadHealth,
    RequireOpen,
)
from server.rooms.elsewhere import Elsewhere, misdirected
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import State
from server.rooms.moves import Moves
from server.rooms.past_room import PastRoom
from server.rooms.records import RoomRecords, describe_stored
from server.rooms.refusals import gone, over
from server.rooms.requester import require_key
from server.rooms.room import Room
from server.social.author import Requester
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

logger = logging.getLogger(__name__)

Reply = TypeVar("Reply")


class Executor:
    """Executes commands to rooms, whichever process owns them."""

    def __init__(
        self,
        in_memory: RoomsInMemory,
        records: RoomRecords,
        storage: Storage,
        elsewhere: Elsewhere,
        acceptance: Acceptance,
        moves: Moves,
        announce: Callable[[str], None],
        end: Callable[[str], Awaitable[None]],
    ) -> None:
        """`announce`: see PastRoom. `end` ends a room of this process, and returns once the end is
        stored.
        """
        self._in_memory = in_memory
        self._records = records
        self._storage = storage
        self._elsewhere = elsewhere
        self._acceptance = acceptance
        self._moves = moves
        self._announce = announce
        self._end = end

    async def ask(self, name: str, command: Command[Reply]) -> Reply:
        """Executes a command in the process that owns the room, and returns the reply. Raises a
        Refusal if the command is refused.
        """
        arrivals = self._moves.arrivals
        if isinstance(command, EndSession) and arrivals.session(name, command.session):
            require_key(await self._records.find(name), command.key)
            return cast(Reply, await arrivals.end(name))
        if name not in self._in_memory and self._elsewhere.has(name):
            return cast(Reply, await self._ask_elsewhere(name, "", command))
        return cast(Reply, await self._execute(name, command))

    async def execute_here(self, name: str, command: Command[Any]) -> object:
        """Executes a command that another process has received. Raises Misdirected if this process
        does not own the room, or the Refusal of the command.
        """
        await self._moves.settle(name)
        if name not in self._in_memory:
            if self._records.runs_elsewhere(await self._records.find(name)):
                raise misdirected()
        return await self._execute(name, command)

    async def admits_privately(self, name: str, by: Requester, token: str) -> bool:
        """Whether a person may watch a room if the room is private, or would be private. The room
        may have ended, and another process may own the room. `token`: the token of a watch link, or
        empty.
        """
        room = self._in_memory.find(name)
        record = room.record if room else await self._storage.rooms.find(name)
        if record is None:
            return False
        try:
            await self._past(replace(record, visibility="private")).execute(Admit(by, token))
        except Refusal:
            return False
        return True

    async def _execute(self, name: str, command: Command[Any]) -> object:
        room = self._in_memory.find(name)
        record = room.record if room else await self._records.find(name)
        if room is None and self._records.runs_elsewhere(record):
            return await self._ask_elsewhere(name, record.server, command)
        if isinstance(command, CreatorCommand) and not _is_of_owner(record, command):
            require_key(record, command.key)
        present = None if room is None or room.ended else room
        match command:
            case SocialCommand():
                social = present.social if present else self._past(record)
                return await social.execute(command)
            case Describe():
                return room.describe() if room else describe_stored(record, State.ENDED)
            case RequireOpen():
                if present is None:
                    raise gone()
                self._acceptance.require_open()
                return None
            case ReadHealth():
                if present is None:
                    raise gone()
                return present.health()
            case AuthorisePublishing() | EndSession():
                if present is None:
                    raise over()
                if isinstance(command, EndSession):
                    await present.end_session(command.session)
                return None
            case End() | EndByOperator() | DeleteLive():
                await self._finish(name, present, command)
                return None
        raise TypeError(f"unknown command: {command!r}")

    async def _finish(
        self, name: str, present: Room | None, command: End | EndByOperator | DeleteLive
    ) -> None:
        if present is not None and isinstance(command, EndByOperator):
            logger.info("room %s: ended by the operator", name)
            present.ended_by_operator = True
        await self._end(name)
        if isinstance(command, DeleteLive):
            # The room has ended first: at its end, its parts store their last data, which must be
            # deleted too.
            await self._storage.live_data.delete(name)

    async def _ask_elsewhere(self, name: str, server: str, command: Command[Any]) -> object:
        """Executes a command in the process that owns the room. While that process is away,
        executes the commands for which storage is sufficient.
        """
        try:
            return await self._elsewhere.ask(name, server, command)
        except Unavailable as refusal:
            if refusal.code is not RefusalCode.NODE_AWAY:
                raise
            record = await self._records.find(name)
            if isinstance(command, Describe):
                return describe_stored(record, State.AWAY if record.live_at else State.IDLE)
            if isinstance(command, SocialCommand):
                try:
                    return await self._past(record).execute(command)
                except Gone:
                    raise refusal from None
            raise

    def _past(self, record: RoomRecord) -> PastRoom:
        return PastRoom(record, self._storage, self._announce)


def _is_of_owner(record: RoomRecord, command: CreatorCommand[Any]) -> bool:
    """Whether the command has no key and comes from the person who owns the room."""
    return (
        isinstance(command, OwnerCommand)
        and not command.key
        and record.owner is not None
        and command.person == record.owner
    )
