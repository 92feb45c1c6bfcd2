"""All commands to a room, by name. Pure."""

from server.rooms.commands import (
    access,
    chat,
    countdown,
    highlights,
    moderation,
    polls,
    replay,
    reports,
    room,
    summary,
    timeline,
)
from server.rooms.commands.base import Command

COMMANDS: dict[str, type[Command[object]]] = {
    command.name: command
    for command in (
        *room.COMMANDS,
        *chat.COMMANDS,
        *polls.COMMANDS,
        *countdown.COMMANDS,
        *summary.COMMANDS,
        *timeline.COMMANDS,
        *highlights.COMMANDS,
        *replay.COMMANDS,
        *moderation.COMMANDS,
        *reports.COMMANDS,
        *access.COMMANDS,
    )
}
"""Every command. Each module of commands has a tuple of the same name with its own commands."""
