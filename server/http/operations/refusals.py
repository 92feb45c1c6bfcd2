"""The refusals that several operations have in common, by status."""

from collections.abc import Mapping

from relay.errors import RefusalCode as Code

Refusals = Mapping[int, tuple[Code, ...]]


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

# The server
STORAGE: Refusals = {503: (Code.STORAGE_UNAVAILABLE,)}
MEDIA: Refusals = {503: (Code.MEDIA_UNAVAILABLE,)}
"""Refusals of requests that read or write recordings or clips."""
CLOSING: Refusals = {503: (Code.SERVER_CLOSING,)}
CUT_OFF: Refusals = {503: (Code.NODE_AWAY,)}
FULL: Refusals = {503: (Code.SERVER_FULL,)}
LOOKUP: Refusals = {429: (Code.RATE_LIMITED,)}

# Requests
BODY: Refusals = {408: (Code.BODY_TOO_SLOW,), 413: (Code.BODY_TOO_LARGE,)}
JSON_BODY = merged(BODY, {400: (Code.NOT_JSON,)})
MODERATION_BODY = merged(JSON_BODY, {422: (Code.BAD_MODERATION,)})
REPORT_BODY = merged(JSON_BODY, {422: (Code.BAD_REPORT,)})
KEY: Refusals = {401: (Code.MISSING_KEY,), 403: (Code.WRONG_KEY,)}

# Rooms
ROOM = merged(
    {404: (Code.ROOM_NOT_FOUND,), 421: (Code.ROOM_ELSEWHERE,), 503: (Code.NODE_AWAY,)},
    STORAGE,
    LOOKUP,
    {
        403: (
            Code.WRONG_KEY,
            Code.BANNED,
            Code.PRIVATE_ROOM,
            Code.LINK_EXPIRED,
            Code.LINK_REVOKED,
        )
    },
)
"""Refusals of every resource of a room, for example because the room does not exist, or because the
client has no right to watch the room.
"""
OVER: Refusals = {410: (Code.ROOM_ENDED,)}
NOT_ENDED: Refusals = {409: (Code.ROOM_NOT_ENDED,)}
EXPORTED_FILE = merged(
    NOT_ENDED, MEDIA, {404: (Code.FILE_NOT_FOUND,), 429: (Code.TOO_MANY_DOWNLOADS,)}
)
"""Refusals of one file of an ended live."""
ROOM_ON = merged(ROOM, CLOSING, OVER)
MESSAGE: Refusals = {404: (Code.MESSAGE_NOT_FOUND,)}
DECISION: Refusals = {404: (Code.REPORT_NOT_FOUND,), 409: (Code.REPORT_DECIDED,)}
"""Refusals of requests that decide a report."""

# People
PERSON = merged(STORAGE, LOOKUP, {401: (Code.SIGNED_OUT,), 403: (Code.FOREIGN_ORIGIN,)})
"""Refusals of requests that need a person."""
STORED_PERSON = merged(PERSON, {429: (Code.TOO_MANY_PEOPLE,)})
"""Refusals of requests that store something about a person."""
PERSON_IN_PATH: Refusals = {404: (Code.PERSON_NOT_FOUND,)}
NAME: Refusals = {422: (Code.BAD_NAME, Code.NAME_TOO_LONG, Code.NAME_RESERVED)}

# Roles in a room
ROLE: Refusals = {403: (Code.CREATOR_ONLY, Code.MODERATORS_ONLY)}
MODERATOR = merged(ROOM, STORED_PERSON, ROLE)
"""Refusals of moderators' operations. These operations are possible even after the end of the room.
"""
MODERATOR_ON = merged(MODERATOR, OVER)
CREATOR_ON = merged(ROOM, STORED_PERSON, {403: (Code.CREATOR_ONLY,)}, OVER)
"""Refusals of operations for the creator alone. These operations are possible only until the end of
the room.
"""
