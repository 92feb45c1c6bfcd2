"""Operations for rooms, their summaries and their watch links."""

from relay.errors import RefusalCode as Code
from server.http.export import ExportBody
from server.http.operations.operation import EXPORTED, SVG, Operation
from server.http.operations.refusals import (
    CLOSING,
    CREATOR_ON,
    EXPORTED_FILE,
    FULL,
    JSON_BODY,
    KEY,
    LOOKUP,
    MODERATION_BODY,
    MODERATOR,
    NOT_ENDED,
    OVER,
    ROLE,
    ROOM,
    STORAGE,
    STORED_PERSON,
    merged,
)
from server.http.payloads import CreateRoom, CreateRoomAnswer, OEmbed, RoomList
from server.http.replay import KeepReplay
from server.http.timeline import TimelineBody
from server.http.watch_links import AddLinkBody, LinkDescription, LinkList
from server.recordings.replay import Replay
from server.rooms.commands.countdown import CountdownEnd
from server.rooms.commands.highlights import BestMoments
from server.rooms.description import RoomDescription
from server.rooms.health import RoomHealth
from server.social.summary import PublicSummary, Summary

CREATOR = merged(ROOM, STORED_PERSON, {403: (Code.CREATOR_ONLY,)})
"""Refusals of operations for the creator alone, which are possible after the end of the live too.
"""
END = merged(KEY, ROLE, ROOM, {401: (Code.SIGNED_OUT,)})
"""Refusals of requests that end a room."""

OPERATIONS = (
    Operation("GET", "/api/rooms", "Rooms on air, most watched first", {200: (RoomList,)}),
    Operation(
        "POST",
        "/api/rooms",
        "Create a room. Needs the create token if the server requires it",
        {201: (CreateRoomAnswer,)},
        merged(
            JSON_BODY,
            STORAGE,
            CLOSING,
            FULL,
            {
                401: (Code.MISSING_KEY, Code.SIGNED_OUT),
                403: (Code.WRONG_TOKEN,),
                422: (
                    Code.BAD_TITLE,
                    Code.TITLE_TOO_LONG,
                    Code.BAD_LENGTH,
                    Code.BAD_MOOD,
                ),
                429: (Code.TOO_MANY_ROOMS, Code.TOO_MANY_PEOPLE),
                503: (Code.TOO_MANY_ROOMS,),
            },
        ),
        body=CreateRoom,
    ),
    Operation(
        "GET",
        "/api/oembed",
        "Describe a public page of this server for other sites (oembed.com)",
        {200: (OEmbed,)},
        merged(STORAGE, LOOKUP),
        query=("url", "maxwidth", "maxheight", "format"),
    ),
    Operation("GET", "/api/rooms/{room}", "A room, ended or not", {200: (RoomDescription,)}, ROOM),
    Operation("DELETE", "/api/rooms/{room}", "End a room for good", {204: ()}, END, key=True),
    Operation(
        "DELETE",
        "/api/rooms/{room}/data",
        "End a room for good and delete all that belongs to it",
        {204: ()},
        END,
        key=True,
    ),
    Operation("GET", "/api/rooms/{room}/qr.svg", "QR code of the watch URL", {200: (SVG,)}, ROOM),
    Operation(
        "GET",
        "/api/rooms/{room}/health",
        "The health of the live, for its creator",
        {200: (RoomHealth,)},
        merged(KEY, ROOM, OVER),
        key=True,
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/minutes",
        "Add a minute to the length of the live, as the creator",
        {200: (CountdownEnd,)},
        merged(CREATOR_ON, {409: (Code.NO_COUNTDOWN, Code.LENGTH_AT_MAXIMUM)}),
        key=True,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/summary",
        "The summary of an ended live: for the creator everything, for others the public part",
        {200: (Summary, PublicSummary)},
        merged(ROOM, {409: (Code.ROOM_NOT_ENDED,)}),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/timeline",
        "The messages and reactions of a part of a running or ended live, by media time",
        {200: (TimelineBody,)},
        ROOM,
        query=("from", "to"),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/highlights",
        "The best moments: of a running live for its creator, of a recorded live for all",
        {200: (BestMoments,)},
        merged(ROOM, {403: (Code.CREATOR_ONLY,)}),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/replay",
        "What is kept of the live",
        {200: (Replay,)},
        ROOM,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/replay",
        "Choose what is kept of the live, as the creator",
        {200: (Replay,)},
        merged(CREATOR, JSON_BODY, {404: (Code.NO_REPLAY,), 422: (Code.BAD_KEEP,)}),
        body=KeepReplay,
        key=True,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/replay",
        "Delete what was recorded of the live, as the creator",
        {204: ()},
        CREATOR,
        key=True,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/export",
        "The files of an ended live, for its creator",
        {200: (ExportBody,)},
        merged(ROOM, NOT_ENDED, {403: (Code.CREATOR_ONLY,)}),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/export/{file}",
        "One file of an ended live, for its creator",
        {200: EXPORTED},
        merged(ROOM, EXPORTED_FILE, {403: (Code.CREATOR_ONLY,)}),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/links",
        "The watch links of the room",
        {200: (LinkList,)},
        MODERATOR,
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/links",
        "Make a watch link for a private room",
        {201: (LinkDescription,)},
        merged(MODERATOR, MODERATION_BODY, {409: (Code.TOO_MANY_LINKS,)}),
        body=AddLinkBody,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/links/{link}",
        "Revoke a watch link",
        {204: ()},
        merged(MODERATOR, {404: (Code.LINK_NOT_FOUND,)}),
    ),
)
