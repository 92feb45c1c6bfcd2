"""Operations for the operator of the server."""

from relay.errors import RefusalCode as Code
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
from server.http.export import ExportBody
from server.http.operations.operation import EXPORTED, Operation
from server.http.operations.refusals import (
    DECISION,
    EXPORTED_FILE,
    JSON_BODY,
    MODERATION_BODY,
    NOT_ENDED,
    PERSON_IN_PATH,
    REPORT_BODY,
    ROOM,
    STORAGE,
    Refusals,
    merged,
)

ADMIN: Refusals = {
    401: (Code.MISSING_KEY,),
    403: (Code.WRONG_TOKEN,),
    429: (Code.RATE_LIMITED,),
}
STORED = merged(ADMIN, STORAGE)
"""Refusals of those requests of the operator that read or write storage."""

OPERATIONS = (
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
        "GET",
        "/api/admin/rooms/{room}/export",
        "The files of an ended live",
        {200: (ExportBody,)},
        merged(ADMIN, ROOM, NOT_ENDED),
        key=True,
    ),
    Operation(
        "GET",
        "/api/admin/rooms/{room}/export/{file}",
        "One file of an ended live",
        {200: EXPORTED},
        merged(ADMIN, ROOM, EXPORTED_FILE),
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
        merged(STORED, JSON_BODY, {409: (Code.TOO_MANY_BLOCKS,), 422: (Code.BAD_BLOCK,)}),
        body=BlockRequest,
        key=True,
    ),
    Operation(
        "DELETE",
        "/api/admin/blocks/{network}",
        "Remove a block",
        {204: ()},
        merged(STORED, {404: (Code.BLOCK_NOT_FOUND,), 422: (Code.BAD_BLOCK,)}),
        key=True,
    ),
    Operation(
        "GET",
        "/api/admin/people",
        "The people who were here last; `find`: an id or a handle",
        {200: (AdminPeople,)},
        STORED,
        key=True,
        query=("find",),
    ),
    Operation(
        "POST",
        "/api/admin/cookie-keys",
        "Make a new key for cookies",
        {201: (NewKeyAnswer,)},
        merged(STORED, JSON_BODY, {422: (Code.BAD_KEY_REQUEST,)}),
        body=NewKeyRequest,
        key=True,
    ),
    Operation(
        "GET",
        "/api/admin/bans",
        "The people who are banned on this server",
        {200: (OperatorBans,)},
        STORED,
        key=True,
    ),
    Operation(
        "POST",
        "/api/admin/bans",
        "Ban a person from writing and going live, and end the person's rooms",
        {201: (OperatorBanAnswer,)},
        merged(STORED, MODERATION_BODY, PERSON_IN_PATH, {409: (Code.TOO_MANY_BANS,)}),
        body=BanRequest,
        key=True,
    ),
    Operation(
        "DELETE",
        "/api/admin/bans/{person}",
        "Remove the ban of a person",
        {204: ()},
        merged(STORED, PERSON_IN_PATH),
        key=True,
    ),
    Operation(
        "GET",
        "/api/admin/reports",
        "The reports of all rooms",
        {200: (OperatorReports,)},
        STORED,
        key=True,
        query=("state",),
    ),
    Operation(
        "POST",
        "/api/admin/reports/{id}",
        "Decide on a report",
        {200: (OperatorReport,)},
        merged(STORED, REPORT_BODY, DECISION),
        body=OperatorDecision,
        key=True,
    ),
)
