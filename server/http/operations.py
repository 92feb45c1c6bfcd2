"""The operations of the HTTP interface, with their answers and refusals. Tests compare OPERATIONS
with the server's routes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.errors import RefusalCode as Code
from relay.hls.endpoint import MEDIA, PLAYLIST
from relay.websocket.viewer import CLOSE_CODES
from server.http.admin import AdminBlocks, AdminRooms, BlockAnswer, BlockRequest
from server.http.admin_moderation import (
    BanRequest,
    OperatorBanAnswer,
    OperatorBans,
    OperatorDecision,
    OperatorReport,
    OperatorReports,
)
from server.http.admin_people import AdminPeople, NewKeyAnswer, NewKeyRequest
from server.http.arrival import SignedIn
from server.http.chat import MessageBody, MessageList, PinBody, PostMessageBody
from server.http.codes import Recover, RecoveryAnswer, TransferAnswer, UseTransfer
from server.http.devices import DeviceList
from server.http.follows import Followers, Follows, Profile
from server.http.hidden import HiddenList
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
from server.http.payloads import Config, CreateRoom, CreateRoomAnswer, RoomList, ServerHealth
from server.http.people import ChangeMe, HandleAnswer, Me, TakeHandle
from server.http.polls import AskQuestion, GiveVote
from server.http.reports import (
    AnswerReportBody,
    DecideReportBody,
    MakeReportBody,
    OwnReports,
    ReportList,
)
from server.http.sign_in import (
    NewPasskeyAnswer,
    NewPasskeyBody,
    PasskeyList,
    SignInBody,
)
from server.http.signalling import SDP, SDP_FRAGMENT
from server.http.watch_links import AddLinkBody, LinkDescription, LinkList
from server.rooms.commands.countdown import CountdownEnd
from server.rooms.commands.moderation import Ban, Mute, RoomSettingsReply
from server.rooms.commands.polls import PollView
from server.rooms.commands.reports import Report
from server.rooms.description import RoomDescription
from server.rooms.health import RoomHealth
from server.social.chat_settings import SettingsDescription
from server.social.summary import PublicSummary, Summary

JSON, TEXT, SVG = "application/json", "text/plain", "image/svg+xml"
EVENT_STREAM = "text/event-stream"

Content = type[Any] | str | None
"""Content of a request or an answer: a type for JSON, a media type for any other content, None for
no content.
"""
Refusals = Mapping[int, tuple[Code, ...]]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the HTTP interface: one method of one path."""

    method: str
    path: str
    summary: str
    answers: Mapping[int, tuple[Content, ...]]
    """Content by status. Contains only the statuses below 400."""
    refusals: Refusals = field(default_factory=dict)
    body: Content = None
    key: bool = False
    """Whether the operation needs a bearer token."""
    query: tuple[str, ...] = ()
    close_codes: Refusals = field(default_factory=dict)
    """Reasons for which the server closes the WebSocket, by close code."""


def merged(*tables: Refusals) -> Refusals:
    """Merges tables of refusals. Returns all codes for each status, without duplicates."""
    found: dict[int, tuple[Code, ...]] = {}
    for table in tables:
        for status, codes in table.items():
            known = found.get(status, ())
            found[status] = known + tuple(code for code in codes if code not in known)
    return found


ALWAYS: Refusals = {
    400: (Code.BAD_REQUEST,),
    403: (Code.ADDRESS_BLOCKED, Code.FOREIGN_ORIGIN, Code.FOREIGN_NETWORK),
    404: (Code.NOT_FOUND,),
    405: (Code.METHOD_NOT_ALLOWED,),
    421: (Code.UNKNOWN_HOST,),
    429: (Code.RATE_LIMITED, Code.TOO_MANY_CONNECTIONS),
    500: (Code.INTERNAL_ERROR,),
}
"""Refusals that every path can return."""
STORAGE: Refusals = {503: (Code.STORAGE_UNAVAILABLE,)}
CLOSING: Refusals = {503: (Code.SERVER_CLOSING,)}
FULL: Refusals = {503: (Code.SERVER_FULL,)}
LOOKUP: Refusals = {429: (Code.RATE_LIMITED,)}
ACCESS: Refusals = {
    403: (
        Code.WRONG_KEY,
        Code.BANNED,
        Code.PRIVATE_ROOM,
        Code.LINK_EXPIRED,
        Code.LINK_REVOKED,
    )
}
"""Refusals of everything that belongs to a room that the client may not watch."""
ROOM = merged({404: (Code.ROOM_NOT_FOUND,), 421: (Code.ROOM_ELSEWHERE,)}, STORAGE, LOOKUP, ACCESS)
OVER: Refusals = {410: (Code.ROOM_ENDED,)}
ROOM_ON = merged(ROOM, CLOSING, OVER)
BODY: Refusals = {408: (Code.BODY_TOO_SLOW,), 413: (Code.BODY_TOO_LARGE,)}
PERSON = merged(STORAGE, LOOKUP, {401: (Code.SIGNED_OUT,), 403: (Code.FOREIGN_ORIGIN,)})
"""Refusals of requests that need a person."""
WRITER = merged(BODY, {400: (Code.NOT_JSON,), 429: (Code.TOO_MANY_PEOPLE,)})
"""Further refusals of requests that store something about a person."""
STORED: Refusals = {429: (Code.TOO_MANY_PEOPLE,)}
"""Further refusal of requests that store a guest."""
CREDENTIAL: Refusals = {
    403: (Code.WRONG_CREDENTIAL, Code.WRONG_CHALLENGE),
    409: (Code.NO_PASSKEYS_HERE,),
    422: (Code.BAD_CREDENTIAL,),
}
"""Refusals of the answer of a passkey."""
TYPED: Refusals = {403: (Code.WRONG_CODE,)}
NAME: Refusals = {422: (Code.BAD_NAME, Code.NAME_TOO_LONG, Code.NAME_RESERVED)}
KEY: Refusals = {401: (Code.MISSING_KEY,), 403: (Code.WRONG_KEY,)}
ROLE: Refusals = {403: (Code.CREATOR_ONLY, Code.MODERATORS_ONLY)}
CREATOR = merged(PERSON, {403: (Code.WRONG_KEY, Code.CREATOR_ONLY), 429: (Code.TOO_MANY_PEOPLE,)})
"""Refusals of commands that need a role in the room."""
MESSAGE: Refusals = {404: (Code.MESSAGE_NOT_FOUND,)}
ADMIN: Refusals = {
    401: (Code.MISSING_KEY,),
    403: (Code.WRONG_TOKEN,),
    429: (Code.RATE_LIMITED,),
}

MODERATOR = merged(ROOM, PERSON, ROLE, {429: (Code.TOO_MANY_PEOPLE,)})
"""Refusals of what moderators may read and do, also after the end of the room."""
MODERATION_BODY = merged(BODY, {400: (Code.NOT_JSON,), 422: (Code.BAD_MODERATION,)})
REPORT_BODY = merged(BODY, {400: (Code.NOT_JSON,), 422: (Code.BAD_REPORT,)})
BAD_PERSON: Refusals = {422: (Code.BAD_MODERATION,)}
SIGNALLING_BODY = merged(BODY, {400: (Code.BODY_NOT_UTF8,), 415: (Code.WRONG_CONTENT_TYPE,)})
TRICKLE = merged(SIGNALLING_BODY, {400: (Code.NOT_SDP_FRAGMENT,), 422: (Code.NO_ICE_RESTART,)})
WHIP = merged(KEY, ROOM, {409: (Code.ROOM_ENDED,)})
SESSION: Refusals = {404: (Code.SESSION_NOT_FOUND,)}

OPERATIONS = (
    Operation("GET", "/api/config", "What a page needs to know of the server", {200: (Config,)}),
    Operation("GET", "/api/health", "How busy the server is", {200: (ServerHealth,)}),
    Operation("GET", "/api/openapi.json", "This document", {200: (JSON,)}),
    Operation(
        "GET",
        "/api/me",
        "The person of this browser. A browser without a cookie becomes a guest",
        {200: (Me,)},
        PERSON,
    ),
    Operation(
        "PATCH",
        "/api/me",
        "Change the name or the language",
        {200: (Me,)},
        merged(PERSON, WRITER, NAME, {422: (Code.BAD_LANGUAGE,)}),
        body=ChangeMe,
    ),
    Operation(
        "PUT",
        "/api/me/handle",
        "Take or change the handle",
        {200: (HandleAnswer,)},
        merged(PERSON, WRITER, NAME, {409: (Code.HANDLE_TAKEN,)}),
        body=TakeHandle,
    ),
    Operation(
        "GET",
        "/api/me/follows",
        "Whom the person of this browser follows. No other person can read this list",
        {200: (Follows,)},
        PERSON,
    ),
    Operation(
        "PUT",
        "/api/follows/{person}",
        "Follow a person",
        {200: (Followers,)},
        merged(
            PERSON,
            {
                404: (Code.PERSON_NOT_FOUND,),
                409: (Code.TOO_MANY_FOLLOWS,),
                422: (Code.NOT_YOURSELF,),
                429: (Code.TOO_MANY_PEOPLE,),
            },
        ),
    ),
    Operation(
        "DELETE",
        "/api/follows/{person}",
        "Follow a person no longer",
        {200: (Followers,)},
        merged(PERSON, {404: (Code.PERSON_NOT_FOUND,), 429: (Code.TOO_MANY_PEOPLE,)}),
    ),
    Operation(
        "GET",
        "/api/handles/{handle}",
        "The holder of a handle: followers and lives",
        {200: (Profile,)},
        merged(STORAGE, LOOKUP, {404: (Code.HANDLE_NOT_FOUND,)}),
    ),
    Operation(
        "DELETE",
        "/api/me",
        "Delete the person, some days later",
        {200: (SignedIn,)},
        merged(PERSON, STORED),
    ),
    Operation(
        "POST",
        "/api/me/restore",
        "Undo the deletion of the person",
        {200: (SignedIn,)},
        merged(PERSON, STORED),
    ),
    Operation(
        "GET",
        "/api/me/data",
        "Everything that is stored about the person",
        {200: (JSON,)},
        merged(PERSON, STORED, {429: (Code.TOO_MANY_DOWNLOADS,)}),
    ),
    Operation(
        "GET",
        "/api/me/devices",
        "Where the person is signed in",
        {200: (DeviceList,)},
        merged(PERSON, STORED),
    ),
    Operation(
        "DELETE",
        "/api/me/devices",
        "Sign out every other device",
        {204: ()},
        merged(PERSON, STORED),
    ),
    Operation(
        "DELETE",
        "/api/me/devices/{device}",
        "Sign out one device",
        {204: ()},
        merged(PERSON, STORED, {404: (Code.DEVICE_NOT_FOUND,)}),
    ),
    Operation(
        "GET",
        "/api/me/hidden",
        "Whom the person hides",
        {200: (HiddenList,)},
        merged(PERSON, STORED),
    ),
    Operation(
        "PUT",
        "/api/me/hidden/{person}",
        "Hide a person for oneself",
        {204: ()},
        merged(PERSON, STORED, {404: (Code.PERSON_NOT_FOUND,), 409: (Code.TOO_MANY_HIDDEN,)}),
    ),
    Operation(
        "DELETE",
        "/api/me/hidden/{person}",
        "Show a person again",
        {204: ()},
        merged(PERSON, STORED),
    ),
    Operation(
        "POST",
        "/api/me/passkeys/options",
        "Options for a new passkey (WebAuthn Level 3 §5.4)",
        {200: (JSON,)},
        merged(PERSON, STORED, {409: (Code.NO_PASSKEYS_HERE, Code.TOO_MANY_PASSKEYS)}),
    ),
    Operation(
        "POST",
        "/api/me/passkeys",
        "Register a new passkey",
        {201: (NewPasskeyAnswer,)},
        merged(
            PERSON,
            WRITER,
            CREDENTIAL,
            {409: (Code.TOO_MANY_PASSKEYS, Code.PASSKEY_EXISTS)},
        ),
        body=NewPasskeyBody,
    ),
    Operation(
        "GET",
        "/api/me/passkeys",
        "The passkeys of the person",
        {200: (PasskeyList,)},
        merged(PERSON, STORED),
    ),
    Operation(
        "DELETE",
        "/api/me/passkeys/{id}",
        "Remove a passkey",
        {204: ()},
        merged(PERSON, STORED, {404: (Code.PASSKEY_NOT_FOUND,)}),
    ),
    Operation(
        "POST",
        "/api/sign-in/options",
        "Options for the sign-in with a passkey (WebAuthn Level 3 §5.5)",
        {200: (JSON,)},
        merged(PERSON, {409: (Code.NO_PASSKEYS_HERE,)}),
    ),
    Operation(
        "POST",
        "/api/sign-in",
        "Sign in with a passkey",
        {200: (SignedIn,)},
        merged(PERSON, BODY, CREDENTIAL, {400: (Code.NOT_JSON,)}),
        body=SignInBody,
    ),
    Operation(
        "POST",
        "/api/me/transfers",
        "A code that carries the person to another device",
        {201: (TransferAnswer,)},
        merged(PERSON, STORED),
    ),
    Operation(
        "POST",
        "/api/transfers",
        "Use such a code",
        {200: (SignedIn,)},
        merged(PERSON, BODY, TYPED, {400: (Code.NOT_JSON,), 422: (Code.BAD_CODE,)}),
        body=UseTransfer,
    ),
    Operation(
        "POST",
        "/api/me/recovery",
        "A new recovery code",
        {201: (RecoveryAnswer,)},
        merged(PERSON, STORED, {409: (Code.NO_HANDLE,)}),
    ),
    Operation(
        "POST",
        "/api/recover",
        "Use the recovery code of a handle",
        {200: (SignedIn,)},
        merged(PERSON, BODY, NAME, TYPED, {400: (Code.NOT_JSON,), 422: (Code.BAD_CODE,)}),
        body=Recover,
    ),
    Operation("GET", "/api/rooms", "Rooms on air, most watched first", {200: (RoomList,)}),
    Operation(
        "POST",
        "/api/rooms",
        "Create a room. A token is needed where the server is configured so",
        {201: (CreateRoomAnswer,)},
        merged(
            BODY,
            STORAGE,
            {
                400: (Code.NOT_JSON,),
                401: (Code.MISSING_KEY, Code.SIGNED_OUT),
                403: (Code.WRONG_TOKEN,),
                422: (Code.BAD_TITLE, Code.TITLE_TOO_LONG, Code.BAD_LENGTH),
                429: (Code.TOO_MANY_ROOMS, Code.TOO_MANY_PEOPLE),
                503: (Code.TOO_MANY_ROOMS, Code.SERVER_CLOSING, Code.SERVER_FULL),
            },
        ),
        body=CreateRoom,
    ),
    Operation("GET", "/api/rooms/{room}", "A room, ended or not", {200: (RoomDescription,)}, ROOM),
    Operation(
        "DELETE",
        "/api/rooms/{room}",
        "End a room for good",
        {204: ()},
        merged(KEY, ROLE, ROOM, {401: (Code.SIGNED_OUT,)}),
        key=True,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/data",
        "End a room for good and delete all that belongs to it",
        {204: ()},
        merged(KEY, ROLE, ROOM, {401: (Code.SIGNED_OUT,)}),
        key=True,
    ),
    Operation("GET", "/api/rooms/{room}/qr.svg", "QR code of the watch URL", {200: (SVG,)}, ROOM),
    Operation(
        "GET",
        "/api/rooms/{room}/health",
        "How the live goes, for its creator",
        {200: (RoomHealth,)},
        merged(KEY, ROOM, OVER),
        key=True,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/events",
        "The room's events without a WebSocket (relay/PROTOCOL.md)",
        {200: (EVENT_STREAM,)},
        ROOM_ON,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/messages",
        "The history of the chat, of an ended room too: the last messages, or a part of the others",
        {200: (MessageList,)},
        merged(ROOM, {403: (Code.WRONG_KEY,)}),
        query=("before", "after", "limit"),
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/messages",
        "Write a message. 200 if it was accepted before",
        {200: (MessageBody,), 201: (MessageBody,)},
        merged(
            ROOM,
            OVER,
            PERSON,
            WRITER,
            MESSAGE,
            {
                403: (
                    Code.WRONG_KEY,
                    Code.MUTED,
                    Code.BANNED,
                    Code.BANNED_BY_OPERATOR,
                    Code.CHAT_OFF,
                    Code.FOLLOWERS_ONLY,
                    Code.KNOWN_ONLY,
                ),
                422: (Code.BAD_MESSAGE, Code.EMPTY_MESSAGE, Code.MESSAGE_TOO_LONG),
                429: (Code.SLOW_MODE, Code.CHAT_CROWDED),
            },
        ),
        body=PostMessageBody,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/messages/{n}",
        "Remove an own message or, for moderators, any message",
        {204: ()},
        merged(ROOM, OVER, PERSON, WRITER, MESSAGE, ROLE, {403: (Code.WRONG_KEY,)}),
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/messages/{n}/restore",
        "Show a removed message again, some seconds after its removal at most",
        {204: ()},
        merged(
            ROOM,
            OVER,
            PERSON,
            WRITER,
            MESSAGE,
            ROLE,
            {403: (Code.WRONG_KEY,), 409: (Code.UNDO_OVER,)},
        ),
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/pin",
        "Pin a message, instead of the pinned one",
        {204: ()},
        merged(
            ROOM,
            OVER,
            PERSON,
            WRITER,
            MESSAGE,
            ROLE,
            {403: (Code.WRONG_KEY,), 422: (Code.BAD_MESSAGE,)},
        ),
        body=PinBody,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/pin",
        "Unpin the pinned message",
        {204: ()},
        merged(ROOM, OVER, PERSON, WRITER, ROLE, {403: (Code.WRONG_KEY,)}),
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/notices",
        "A notice of a viewer that has an event stream",
        {200: (JSON,), 204: ()},
        merged(
            BODY,
            ROOM_ON,
            {400: (Code.BAD_NOTICE,), 404: (Code.SESSION_NOT_FOUND,)},
        ),
        body=JSON,
        query=("viewer",),
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/polls",
        "Ask a question, as the creator",
        {201: (PollView,)},
        merged(
            BODY,
            CREATOR,
            ROOM,
            OVER,
            {
                400: (Code.NOT_JSON, Code.BAD_POLL),
                409: (Code.POLL_OPEN, Code.TOO_MANY_POLLS),
                422: (Code.BAD_POLL,),
            },
        ),
        body=AskQuestion,
        key=True,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/polls",
        "The poll that the room shows, and the own vote",
        {200: (PollView,)},
        merged(ROOM, OVER),
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/polls/{poll}/vote",
        "Vote, or change the own vote",
        {200: (PollView,)},
        merged(
            PERSON,
            WRITER,
            ROOM,
            OVER,
            {
                400: (Code.NOT_JSON,),
                404: (Code.POLL_NOT_FOUND,),
                409: (Code.POLL_CLOSED,),
                422: (Code.NO_SUCH_ANSWER,),
                503: (Code.POLL_FULL,),
            },
        ),
        body=GiveVote,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/polls/{poll}",
        "Close a poll, as the creator",
        {200: (PollView,)},
        merged(CREATOR, ROOM, OVER, {404: (Code.POLL_NOT_FOUND,), 409: (Code.POLL_CLOSED,)}),
        key=True,
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/minutes",
        "Add a minute to the length of the live, as the creator",
        {200: (CountdownEnd,)},
        merged(CREATOR, ROOM, OVER, {409: (Code.NO_COUNTDOWN, Code.LENGTH_AT_MAXIMUM)}),
        key=True,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/summary",
        "The summary of an ended live: for the creator everything, for others the public part",
        {200: (Summary, PublicSummary)},
        merged(ROOM, {403: (Code.WRONG_KEY,), 409: (Code.ROOM_NOT_ENDED,)}),
    ),
    Operation(
        "PATCH",
        "/api/rooms/{room}",
        "Change the title, who may watch, or the settings of the chat",
        {200: (RoomSettingsReply,)},
        merged(MODERATOR, OVER, MODERATION_BODY),
        body=ChangeRoomBody,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/settings",
        "What holds in the chat",
        {200: (SettingsDescription,)},
        merged(ROOM, OVER),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/mutes",
        "The mutes that are in force",
        {200: (MuteList,)},
        merged(MODERATOR, OVER),
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/mutes/{person}",
        "Mute a person for 1 or 10 minutes",
        {200: (Mute,)},
        merged(MODERATOR, OVER, MODERATION_BODY, {409: (Code.CANNOT_MODERATE,)}),
        body=MuteBody,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/mutes/{person}",
        "End a mute",
        {204: ()},
        merged(MODERATOR, OVER, BAD_PERSON),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/bans",
        "The bans that are in force",
        {200: (BanList,)},
        MODERATOR,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/bans/{person}",
        "Ban a person from this live, or from every live of the creator",
        {200: (Ban,)},
        merged(
            MODERATOR,
            OVER,
            MODERATION_BODY,
            {409: (Code.CANNOT_MODERATE, Code.TOO_MANY_BANS)},
        ),
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
        merged(MODERATOR, BAD_PERSON, {409: (Code.CANNOT_MODERATE, Code.TOO_MANY_MODERATORS)}),
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/moderators/{person}",
        "Make a person no longer a moderator",
        {204: ()},
        merged(MODERATOR, BAD_PERSON, {409: (Code.CANNOT_MODERATE,)}),
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
        merged(MODERATOR, BODY, {400: (Code.NOT_JSON,), 422: (Code.BAD_WORDS,)}),
        body=WordsBody,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/shield",
        "Raise the shield for ten minutes",
        {200: (SettingsDescription,)},
        merged(MODERATOR, OVER),
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/shield",
        "Lower the shield",
        {200: (SettingsDescription,)},
        merged(MODERATOR, OVER),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/held",
        "The messages that wait for a decision",
        {200: (HeldList,)},
        merged(MODERATOR, OVER),
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/held/{n}",
        "Show a held message to everyone",
        {204: ()},
        merged(MODERATOR, OVER, MESSAGE),
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/held/{n}",
        "Reject a held message",
        {204: ()},
        merged(MODERATOR, OVER, MESSAGE),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/log",
        "What moderators did in the room, for the creator",
        {200: (ModerationLog,)},
        MODERATOR,
        query=("before",),
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/reports",
        "Report a message, a person or the room",
        {201: (Report,)},
        merged(ROOM, PERSON, WRITER, MESSAGE, REPORT_BODY),
        body=MakeReportBody,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/reports",
        "The reports about messages and people of the room",
        {200: (ReportList,)},
        MODERATOR,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/reports/{id}",
        "Decide on a report",
        {200: (Report,)},
        merged(
            MODERATOR,
            REPORT_BODY,
            {404: (Code.REPORT_NOT_FOUND,), 409: (Code.REPORT_DECIDED,)},
        ),
        body=DecideReportBody,
    ),
    Operation(
        "GET",
        "/api/me/reports",
        "The reports that the person made, and those about the person",
        {200: (OwnReports,)},
        PERSON,
    ),
    Operation(
        "PUT",
        "/api/reports/{id}/answer",
        "Answer a report about oneself, once",
        {200: (Report,)},
        merged(
            PERSON,
            WRITER,
            REPORT_BODY,
            {404: (Code.REPORT_NOT_FOUND,), 409: (Code.REPORT_ANSWERED,)},
        ),
        body=AnswerReportBody,
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
    Operation(
        "GET",
        "/ws/{room}",
        "Watch over a WebSocket (relay/PROTOCOL.md)",
        {101: ()},
        merged(ROOM_ON, FULL, {400: (Code.HELLO_TOO_LONG,), 403: (Code.BANNED,)}),
        query=("media", "codecs", "player"),
        close_codes=merged(
            {1002: (Code.BAD_REQUEST,)},
            *({number: (code,)} for code, number in CLOSE_CODES.items()),
        ),
    ),
    Operation(
        "POST",
        "/whip/{room}",
        "Publish (RFC 9725)",
        {201: (SDP,)},
        merged(
            WHIP,
            SIGNALLING_BODY,
            {
                400: (Code.NOT_SDP,),
                406: (Code.NO_COMMON_CODEC, Code.NO_TRANSCODING),
                422: (Code.NO_VIDEO, Code.UNUSABLE_OFFER),
                429: (Code.BITRATE_TOO_HIGH,),
                503: (
                    Code.SERVER_CLOSING,
                    Code.SERVER_FULL,
                    Code.OUT_OF_MEMORY,
                    Code.TOO_MANY_TRANSCODERS,
                ),
            },
        ),
        body=SDP,
        key=True,
    ),
    Operation("GET", "/whip/{room}", "Reserved (RFC 9725 §4.1)", {204: ()}, ROOM_ON),
    Operation("OPTIONS", "/whip/{room}", "What may be posted", {204: ()}),
    Operation(
        "PATCH",
        "/whip/{room}/{session}",
        "Send candidates (trickle ICE)",
        {204: ()},
        merged(WHIP, CLOSING, SESSION, TRICKLE),
        body=SDP_FRAGMENT,
        key=True,
    ),
    Operation(
        "DELETE",
        "/whip/{room}/{session}",
        "End the session",
        {200: ()},
        merged(WHIP, SESSION),
        key=True,
    ),
    Operation("GET", "/whip/{room}/{session}", "Reserved (RFC 9725 §4.1)", {204: ()}, ROOM_ON),
    Operation("OPTIONS", "/whip/{room}/{session}", "What may be patched", {204: ()}),
    Operation(
        "POST",
        "/whep/{room}",
        "Play over WebRTC (draft-ietf-wish-whep)",
        {201: (SDP,)},
        merged(
            ROOM_ON,
            SIGNALLING_BODY,
            {
                400: (Code.NOT_SDP,),
                406: (Code.NO_COMMON_CODEC,),
                409: (Code.ROOM_NOT_LIVE,),
                422: (Code.UNUSABLE_OFFER,),
                429: (Code.TOO_MANY_SESSIONS,),
                503: (Code.SERVER_CLOSING, Code.SERVER_FULL),
            },
        ),
        body=SDP,
    ),
    Operation("GET", "/whep/{room}", "Whether there is such a room", {200: (SDP,)}, ROOM_ON),
    Operation("OPTIONS", "/whep/{room}", "What may be posted", {204: ()}),
    Operation(
        "PATCH",
        "/whep/{room}/{session}",
        "Send candidates (trickle ICE)",
        {204: ()},
        merged(ROOM_ON, SESSION, TRICKLE, {422: (Code.NO_COUNTER_OFFER,)}),
        body=SDP_FRAGMENT,
    ),
    Operation(
        "DELETE",
        "/whep/{room}/{session}",
        "End the session",
        {200: ()},
        merged(ROOM_ON, SESSION),
    ),
    Operation(
        "GET", "/whep/{room}/{session}", "Whether there is such a room", {200: (SDP,)}, ROOM_ON
    ),
    Operation("OPTIONS", "/whep/{room}/{session}", "What may be patched", {204: ()}),
    Operation(
        "GET",
        "/hls/{room}/{path}",
        "LL-HLS: index.m3u8, live.m3u8 and the media that they list",
        {200: (PLAYLIST, MEDIA)},
        merged(
            ROOM_ON,
            {
                400: (Code.BAD_DIRECTIVE, Code.TOO_FAR_AHEAD),
                404: (Code.FILE_NOT_FOUND,),
                429: (Code.TOO_MANY_REQUESTS,),
                503: (
                    Code.ROOM_NOT_LIVE,
                    Code.NOTHING_NEW,
                    Code.SERVER_FULL,
                    Code.TOO_MANY_REQUESTS,
                    Code.TOO_MANY_STREAMS,
                ),
            },
        ),
        query=("_HLS_msn", "_HLS_part"),
    ),
    Operation(
        "GET",
        "/api/admin/rooms",
        "Every room that has not ended, with its creator's address, for the operator",
        {200: (AdminRooms,)},
        ADMIN,
        key=True,
    ),
    Operation(
        "DELETE",
        "/api/admin/rooms/{room}",
        "End any room for good",
        {204: ()},
        merged(ADMIN, ROOM),
        key=True,
    ),
    Operation(
        "GET", "/api/admin/blocks", "The blocked networks", {200: (AdminBlocks,)}, ADMIN, key=True
    ),
    Operation(
        "POST",
        "/api/admin/blocks",
        "Block an address or a network for a time",
        {201: (BlockAnswer,)},
        merged(
            ADMIN,
            BODY,
            STORAGE,
            {400: (Code.NOT_JSON,), 409: (Code.TOO_MANY_BLOCKS,), 422: (Code.BAD_BLOCK,)},
        ),
        body=BlockRequest,
        key=True,
    ),
    Operation(
        "DELETE",
        "/api/admin/blocks/{network}",
        "Remove a block",
        {204: ()},
        merged(ADMIN, STORAGE, {404: (Code.BLOCK_NOT_FOUND,), 422: (Code.BAD_BLOCK,)}),
        key=True,
    ),
    Operation(
        "GET",
        "/api/admin/people",
        "The people who were here last; `find`: an id or a handle",
        {200: (AdminPeople,)},
        merged(ADMIN, STORAGE),
        key=True,
        query=("find",),
    ),
    Operation(
        "POST",
        "/api/admin/cookie-keys",
        "Make a new key for cookies",
        {201: (NewKeyAnswer,)},
        merged(ADMIN, BODY, STORAGE, {400: (Code.NOT_JSON,), 422: (Code.BAD_KEY_REQUEST,)}),
        body=NewKeyRequest,
        key=True,
    ),
    Operation(
        "GET",
        "/api/admin/bans",
        "The people who are banned on this server",
        {200: (OperatorBans,)},
        merged(ADMIN, STORAGE),
        key=True,
    ),
    Operation(
        "POST",
        "/api/admin/bans",
        "Ban a person from writing and going live, and end the person's rooms",
        {201: (OperatorBanAnswer,)},
        merged(
            ADMIN,
            STORAGE,
            MODERATION_BODY,
            {404: (Code.PERSON_NOT_FOUND,), 409: (Code.TOO_MANY_BANS,)},
        ),
        body=BanRequest,
        key=True,
    ),
    Operation(
        "DELETE",
        "/api/admin/bans/{person}",
        "Remove the ban of a person",
        {204: ()},
        merged(ADMIN, STORAGE, {404: (Code.PERSON_NOT_FOUND,)}),
        key=True,
    ),
    Operation(
        "GET",
        "/api/admin/reports",
        "The reports of all rooms",
        {200: (OperatorReports,)},
        merged(ADMIN, STORAGE),
        key=True,
        query=("state",),
    ),
    Operation(
        "POST",
        "/api/admin/reports/{id}",
        "Decide on a report",
        {200: (OperatorReport,)},
        merged(
            ADMIN,
            STORAGE,
            REPORT_BODY,
            {404: (Code.REPORT_NOT_FOUND,), 409: (Code.REPORT_DECIDED,)},
        ),
        body=OperatorDecision,
        key=True,
    ),
    Operation("GET", "/healthz", "The process answers", {200: (TEXT,)}),
    Operation(
        "GET",
        "/readyz",
        "The server takes new rooms and sessions",
        {200: (TEXT,)},
        merged(STORAGE, CLOSING, LOOKUP, FULL),
    ),
    Operation("GET", "/metrics", "Figures for Prometheus", {200: (TEXT,)}),
)
