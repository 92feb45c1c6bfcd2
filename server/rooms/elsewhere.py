"""The rooms that other processes own, as the registry of this process sees them."""

from typing import Any, Protocol

from relay.errors import RefusalCode
from server.errors import Misdirected
from server.rooms.commands.base import Command
from server.rooms.hand_over import HandOver
from server.rooms.life import State
from server.rooms.room import Room
from server.rooms.watching import Watched


class Elsewhere(Protocol):
    """The other processes that share the database."""

    @property
    def can_take(self) -> bool:
        """Whether this process can take rooms from others at present."""

    @property
    def cut_off(self) -> bool:
        """Whether this process cannot reach the others at present."""

    def has(self, room: str) -> bool:
        """Whether another process is known to own the room."""

    async def ask(self, room: str, server: str, command: Command[Any]) -> object:
        """Executes a command in the process that owns the room. `server`: the owner according to
        the database, or empty. Raises Misdirected if this process cannot reach others, Unavailable
        if the owner does not answer, or the Refusal of the owner.
        """

    def owner(self, room: str) -> str | None:
        """Returns the id in the database of the server that owns a room, this one or another; None
        if it is unknown.
        """

    def state(self, room: str) -> State | None:
        """Returns the state of a room of another process; None if it is unknown."""

    async def watch(self, room: str) -> Watched:
        """Returns a copy of a room that another process owns. Raises a Refusal."""

    async def restore(self, room: str) -> HandOver:
        """Makes this process the owner of a room that it owned before it was started again."""

    async def take(self, room: str) -> HandOver:
        """Makes this process the owner of a room. Returns once the former owner has let go of the
        room or does not answer. Raises Misdirected or Unavailable.
        """

    def opened(self, room: Room) -> None:
        """Takes note of a room that this process owns from now on."""

    def closed(self, name: str) -> None:
        """Takes note that the channel of a room of this process has ended or moved."""


class Alone:
    """Stands for the other processes if this process cannot reach any."""

    can_take = False
    cut_off = False

    def has(self, room: str) -> bool:
        return False

    async def ask(self, room: str, server: str, command: Command[Any]) -> object:
        raise misdirected(server)

    def owner(self, room: str) -> str | None:
        return None

    def state(self, room: str) -> State | None:
        return None

    async def watch(self, room: str) -> Watched:
        raise misdirected()

    async def restore(self, room: str) -> HandOver:
        return HandOver()

    async def take(self, room: str) -> HandOver:
        raise misdirected()

    def opened(self, room: Room) -> None:
        pass

    def closed(self, name: str) -> None:
        pass


def misdirected(server: str = "") -> Misdirected:
    """`server`: id of the server that runs the room."""
    return Misdirected(
        RefusalCode.ROOM_ELSEWHERE, "another server with the same database runs this room", server
    )
