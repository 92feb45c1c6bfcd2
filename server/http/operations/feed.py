"""Operations for the feed and the taste."""

from relay.errors import RefusalCode as Code
from server.http.feed import ChangeTaste, FeedAnswer, TasteAnswer, WatchedItem
from server.http.operations.operation import Operation
from server.http.operations.refusals import (
    JSON_BODY,
    LOOKUP,
    PERSON,
    STORAGE,
    STORED_PERSON,
    merged,
)

OPERATIONS = (
    Operation(
        "GET",
        "/api/feed",
        "The next lives, clips and replays for a viewer, with the reasons for their order",
        {200: (FeedAnswer,)},
        merged(STORAGE, LOOKUP, {400: (Code.BAD_CURSOR, Code.BAD_FEED, Code.BAD_TASTE)}),
        query=("mode", "mood", "zone", "taste", "cursor", "limit", "at"),
    ),
    Operation(
        "POST",
        "/api/feed/watched",
        "Count what a viewer did with an item of the feed",
        {204: ()},
        merged(PERSON, JSON_BODY, {422: (Code.BAD_VIEW,)}),
        body=WatchedItem,
    ),
    Operation(
        "GET",
        "/api/taste",
        "What the feed has learnt about the person of this browser",
        {200: (TasteAnswer,)},
        STORED_PERSON,
    ),
    Operation(
        "PUT",
        "/api/taste",
        "Choose whether the feed may learn and use the taste",
        {200: (TasteAnswer,)},
        merged(STORED_PERSON, JSON_BODY, {422: (Code.BAD_TASTE,)}),
        body=ChangeTaste,
    ),
    Operation("DELETE", "/api/taste", "Forget what the feed has learnt", {204: ()}, STORED_PERSON),
)
