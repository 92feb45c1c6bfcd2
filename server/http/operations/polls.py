"""Operations for the polls of a room."""

from relay.errors import RefusalCode as Code
from server.http.operations.operation import Operation
from server.http.operations.refusals import (
    CREATOR_ON,
    JSON_BODY,
    OVER,
    ROOM,
    STORED_PERSON,
    Refusals,
    merged,
)
from server.http.polls import AskQuestion, GiveVote
from server.rooms.commands.polls import PollView

POLL: Refusals = {404: (Code.POLL_NOT_FOUND,), 409: (Code.POLL_CLOSED,)}

OPERATIONS = (
    Operation(
        "POST",
        "/api/rooms/{room}/polls",
        "Ask a question, as the creator",
        {201: (PollView,)},
        merged(
            CREATOR_ON,
            JSON_BODY,
            {
                400: (Code.BAD_POLL,),
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
        "The poll that the room shows, and the vote of the person",
        {200: (PollView,)},
        merged(ROOM, OVER),
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/polls/{poll}/vote",
        "Vote, or change the vote",
        {200: (PollView,)},
        merged(
            ROOM,
            OVER,
            STORED_PERSON,
            JSON_BODY,
            POLL,
            {422: (Code.NO_SUCH_ANSWER,), 503: (Code.POLL_FULL,)},
        ),
        body=GiveVote,
    ),
    Operation(
        "DELETE",
        "/api/rooms/{room}/polls/{poll}",
        "Close a poll, as the creator",
        {200: (PollView,)},
        merged(CREATOR_ON, POLL),
        key=True,
    ),
)
