"""Decides who may read and change the replay of a live, while the live runs and afterwards."""

from server.rooms.commands.replay import ChangeReplay, ReadReplay, ReplayReader
from server.rooms.part import CommandHandlers, RoomPart
from server.social.author import Author, Role


class RoomReplay(RoomPart):
    """The replay of an open room."""

    def command_handlers(self) -> CommandHandlers:
        return replay_handlers()


def replay_handlers() -> CommandHandlers:
    """Returns the handlers of the commands about replays, which need no data of the room."""
    return {ReadReplay: _read, ChangeReplay: _change}


async def _read(author: Author, _: ReadReplay) -> ReplayReader:
    return ReplayReader(author.role.includes(Role.CREATOR))


async def _change(_: Author, __: ChangeReplay) -> None:
    """Does nothing: the room has checked the role of the sender."""
