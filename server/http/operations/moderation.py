"""Operations for the moderation of a room."""

from relay.errors import RefusalCode as Code
from server.http.moderation import (
    BanBody,
    BanList,
    ChangeRoomBody,
    HeldList,
    ModerationLog,
    ModeratorList,
    MuteBody,
    MuteList,
    WordList,
    WordsBody,
)
from server.http.operations.operation import Operation
from server.http.operations.refusals import (
    JSON_BODY,
    MESSAGE,
    MODERATION_BODY,
    MODERATOR,
    MODERATOR_ON,
    OVER,
    ROOM,
    Refusals,
    merged,
)
from server.rooms.commands.moderation import Ban, Mute, RoomSettingsReply
from server.social.chat_settings import SettingsDescription

BAD_PERSON: Refusals = {422: (Code.BAD_MODERATION,)}
PROTECTED: Refusals = {409: (Code.CANNOT_MODERATE,)}
"""Refusal of an action against the creator, or of a moderator's action against a moderator."""

OPERATIONS = (
    Operation(
        "PATCH",
        "/api/rooms/{room}",
        "Change the title, who may watch, or the settings of the chat",
        {200: (RoomSettingsReply,)},
        merged(MODERATOR_ON, MODERATION_BODY),
        body=ChangeRoomBody,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/settings",
        "The settings of the chat that are in force",
        {200: (SettingsDescription,)},
        merged(ROOM, OVER),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/mutes",
        "The mutes that are in force",
        {200: (MuteList,)},
        MODERATOR_ON,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/mutes/{person}",
        "Mute a person for 1 or 10 minutes",
        {200: (Mute,)},
        merged(MODERATOR_ON, MODERATION_BODY, PROTECTED),
        body=MuteBody,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/mutes/{person}",
        "End a mute",
        {204: ()},
        merged(MODERATOR_ON, BAD_PERSON),
    ),
    Operation(
        "GET", "/api/rooms/{room}/bans", "The bans that are in force", {200: (BanList,)}, MODERATOR
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/bans/{person}",
        "Ban a person from this live, or from every live of the creator",
        {200: (Ban,)},
        merged(MODERATOR_ON, MODERATION_BODY, PROTECTED, {409: (Code.TOO_MANY_BANS,)}),
        body=BanBody,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/bans/{person}",
        "End a ban",
        {204: ()},
        merged(MODERATOR, BAD_PERSON),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/moderators",
        "The moderators of the creator",
        {200: (ModeratorList,)},
        MODERATOR,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/moderators/{person}",
        "Make a person a moderator of the creator",
        {204: ()},
        merged(MODERATOR, BAD_PERSON, PROTECTED, {409: (Code.TOO_MANY_MODERATORS,)}),
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/moderators/{person}",
        "Remove a moderator",
        {204: ()},
        merged(MODERATOR, BAD_PERSON, PROTECTED),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/words",
        "The words that hold a message back",
        {200: (WordList,)},
        MODERATOR,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/words",
        "Replace the words that hold a message back",
        {200: (WordList,)},
        merged(MODERATOR, JSON_BODY, {422: (Code.BAD_WORDS,)}),
        body=WordsBody,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/shield",
        "Raise the shield for ten minutes",
        {200: (SettingsDescription,)},
        MODERATOR_ON,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/shield",
        "Lower the shield",
        {200: (SettingsDescription,)},
        MODERATOR_ON,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/held",
        "The messages that wait for a decision",
        {200: (HeldList,)},
        MODERATOR_ON,
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/held/{n}",
        "Show a held message to everyone",
        {204: ()},
        merged(MODERATOR_ON, MESSAGE),
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/held/{n}",
        "Reject a held message",
        {204: ()},
        merged(MODERATOR_ON, MESSAGE),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/log",
        "The log of the moderators' actions, for the creator",
        {200: (ModerationLog,)},
        MODERATOR,
        query=("before",),
    ),
)
