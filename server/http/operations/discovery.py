"""Operations for tags, the search, announced lives and the items of a person."""

from relay.errors import RefusalCode as Code
from server.http.announcements import (
    CALENDAR,
    AnnounceLive,
    AnnouncementBody,
    AnnouncementList,
)
from server.http.operations.operation import Operation
from server.http.operations.refusals import (
    JSON_BODY,
    LOOKUP,
    STORAGE,
    STORED_PERSON,
    Refusals,
    merged,
)
from server.http.people_items import PersonItems
from server.http.search import SearchAnswer
from server.http.tags import BeginChallenge, TagPage, TrendingTags

READ = merged(STORAGE, LOOKUP)
TAG: Refusals = {404: (Code.TAG_NOT_FOUND,)}
ANNOUNCED: Refusals = {404: (Code.ANNOUNCEMENT_NOT_FOUND,)}
HANDLE: Refusals = {404: (Code.HANDLE_NOT_FOUND,)}
CREATOR: Refusals = {403: (Code.BANNED_BY_OPERATOR,), 409: (Code.NO_HANDLE,)}

OPERATIONS = (
    Operation("GET", "/api/tags/trending", "The tags that trend now", {200: (TrendingTags,)}, READ),
    Operation(
        "GET",
        "/api/tags/{tag}",
        "The public lives, replays and clips with a tag, the latest first",
        {200: (TagPage,)},
        merged(READ, TAG, {400: (Code.BAD_CURSOR,)}),
        query=("cursor",),
    ),
    Operation(
        "PUT",
        "/api/tags/{tag}/challenge",
        "Pin a clip of an own live to a tag, as a challenge to other creators",
        {204: ()},
        merged(
            STORED_PERSON,
            JSON_BODY,
            TAG,
            CREATOR,
            {
                403: (Code.CREATOR_ONLY,),
                404: (Code.CLIP_NOT_FOUND,),
                409: (Code.CHALLENGE_TAKEN, Code.TOO_MANY_CHALLENGES),
                422: (Code.BAD_CHALLENGE,),
            },
        ),
        body=BeginChallenge,
    ),
    Operation(
        "DELETE",
        "/api/tags/{tag}/challenge",
        "End an own challenge",
        {204: ()},
        merged(STORED_PERSON, TAG),
    ),
    Operation(
        "GET",
        "/api/search",
        "Find people, lives, replays, clips and tags",
        {200: (SearchAnswer,)},
        merged(READ, {422: (Code.QUERY_TOO_LONG,)}),
        query=("q",),
    ),
    Operation(
        "GET",
        "/api/announcements",
        "The next announced lives of all people",
        {200: (AnnouncementList,)},
        READ,
    ),
    Operation(
        "POST",
        "/api/announcements",
        "Announce a live",
        {201: (AnnouncementBody,)},
        merged(
            STORED_PERSON,
            JSON_BODY,
            CREATOR,
            {409: (Code.TOO_MANY_ANNOUNCEMENTS,), 422: (Code.BAD_ANNOUNCEMENT,)},
        ),
        body=AnnounceLive,
    ),
    Operation(
        "GET",
        "/api/announcements/{announcement}",
        "An announced live",
        {200: (AnnouncementBody,)},
        merged(READ, ANNOUNCED),
    ),
    Operation(
        "DELETE",
        "/api/announcements/{announcement}",
        "Delete an own announcement",
        {204: ()},
        merged(STORED_PERSON, ANNOUNCED),
    ),
    Operation(
        "PUT",
        "/api/announcements/{announcement}/reminder",
        "Be reminded of an announced live",
        {200: (AnnouncementBody,)},
        merged(STORED_PERSON, ANNOUNCED, {409: (Code.TOO_MANY_REMINDERS,)}),
    ),
    Operation(
        "DELETE",
        "/api/announcements/{announcement}/reminder",
        "Remove a reminder",
        {200: (AnnouncementBody,)},
        merged(STORED_PERSON, ANNOUNCED),
    ),
    Operation(
        "GET",
        "/announcements/{announcement}.ics",
        "An announced live as a calendar file",
        {200: (CALENDAR,)},
        merged(READ, ANNOUNCED),
    ),
    Operation(
        "GET",
        "/api/people/{handle}/announcements",
        "The announced lives of a person",
        {200: (AnnouncementList,)},
        merged(READ, HANDLE),
    ),
    Operation(
        "GET",
        "/api/people/{handle}/items",
        "The public clips and replays of a person",
        {200: (PersonItems,)},
        merged(READ, HANDLE),
    ),
)
