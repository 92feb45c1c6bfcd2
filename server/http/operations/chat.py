"""Operations for the chat of a room."""

from relay.errors import RefusalCode as Code
from server.http.chat import MessageBody, MessageList, PinBody, PostMessageBody
from server.http.operations.operation import Operation
from server.http.operations.refusals import (
    JSON_BODY,
    MESSAGE,
    MODERATOR_ON,
    OVER,
    ROOM,
    STORED_PERSON,
    merged,
)

OPERATIONS = (
    Operation(
        "GET",
        "/api/rooms/{room}/messages",
        "The history of the chat, even of an ended room: the last messages, or an earlier part",
        {200: (MessageList,)},
        ROOM,
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
            STORED_PERSON,
            JSON_BODY,
            MESSAGE,
            {
                403: (
                    Code.MUTED,
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
        "Remove one's own message or, for moderators, any message",
        {204: ()},
        merged(MODERATOR_ON, MESSAGE),
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/messages/{n}/restore",
        "Show a removed message again, within some seconds of its removal",
        {204: ()},
        merged(MODERATOR_ON, MESSAGE, {409: (Code.UNDO_OVER,)}),
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/pin",
        "Pin a message in place of the pinned message",
        {204: ()},
        merged(MODERATOR_ON, JSON_BODY, MESSAGE, {422: (Code.BAD_MESSAGE,)}),
        body=PinBody,
    ),
    Operation(
        "DELETE", "/api/rooms/{room}/pin", "Unpin the pinned message", {204: ()}, MODERATOR_ON
    ),
)
