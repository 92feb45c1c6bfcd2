"""Operations for clips and their files."""

from relay.errors import RefusalCode as Code
from server.http.clips import ChangeClip, ClipDescription, ClipList, FinishClip, MakeClip
from server.http.operations.operation import SVG, Operation
from server.http.operations.refusals import (
    CLOSING,
    JSON_BODY,
    LOOKUP,
    MEDIA,
    OVER,
    ROOM,
    STORAGE,
    STORED_PERSON,
    Refusals,
    merged,
)

BAD: Refusals = {422: (Code.BAD_CLIP,)}
CUT: Refusals = merged(
    BAD, {410: (Code.MOMENT_GONE,), 422: (Code.CLIP_TOO_SHORT, Code.CLIP_TOO_LONG)}
)
"""Refusals of moments from which no clip can be made."""
NOT_MADE: Refusals = merged(MEDIA, CLOSING, {503: (Code.CLIP_NOT_MADE,)})
FOUND: Refusals = merged(
    STORAGE, LOOKUP, {404: (Code.CLIP_NOT_FOUND,), 421: (Code.ROOM_ELSEWHERE,)}
)
"""Refusals of every request for one clip. A server has the drafts of its own rooms only."""
OWN: Refusals = merged(FOUND, STORED_PERSON, {403: (Code.CLIPPER_ONLY, Code.CREATOR_ONLY)})
"""Refusals of requests that change a clip."""

OPERATIONS = (
    Operation(
        "POST",
        "/api/rooms/{room}/clips",
        "Clip the last moments that a viewer saw",
        {201: (ClipDescription,)},
        merged(
            ROOM,
            OVER,
            STORED_PERSON,
            JSON_BODY,
            CUT,
            NOT_MADE,
            {
                403: (Code.CLIPS_OFF, Code.CREATOR_ONLY),
                409: (Code.ROOM_NOT_LIVE,),
                429: (Code.TOO_MANY_CLIPS,),
                503: (Code.TOO_MANY_CLIPS,),
            },
        ),
        body=MakeClip,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/clips",
        "The clips of a live: for the creator all, with the people who made them",
        {200: (ClipList,)},
        ROOM,
    ),
    Operation("GET", "/api/clips/{clip}", "A clip or a draft", {200: (ClipDescription,)}, FOUND),
    Operation(
        "GET",
        "/api/clips/{clip}/qr.svg",
        "QR code of the URL of the clip's page",
        {200: (SVG,)},
        FOUND,
    ),
    Operation(
        "PUT",
        "/api/clips/{clip}",
        "Make the final clip from a draft",
        {200: (ClipDescription,)},
        merged(
            OWN,
            JSON_BODY,
            CUT,
            NOT_MADE,
            {403: (Code.CLIPS_OFF, Code.BANNED), 409: (Code.CLIP_FINISHED,)},
        ),
        body=FinishClip,
    ),
    Operation(
        "PATCH",
        "/api/clips/{clip}",
        "Change the title, the caption, or who sees the clip",
        {200: (ClipDescription,)},
        merged(OWN, JSON_BODY, BAD, {403: (Code.BANNED,)}),
        body=ChangeClip,
    ),
    Operation(
        "DELETE",
        "/api/clips/{clip}",
        "Delete a clip, as the person who made it or as the creator",
        {204: ()},
        merged(OWN, {409: (Code.CLIP_FINISHED,)}),
    ),
    Operation(
        "POST",
        "/api/clips/{clip}/restore",
        "Undo the deletion of a clip within 10 s",
        {200: (ClipDescription,)},
        merged(OWN, {409: (Code.UNDO_OVER,)}),
    ),
    Operation(
        "POST",
        "/api/clips/{clip}/approve",
        "Publish a clip that waits for its creator",
        {200: (ClipDescription,)},
        OWN,
    ),
    Operation(
        "GET",
        "/clips/{clip}/captions.vtt",
        "The caption of a clip as a text track",
        {200: ("text/vtt",), 206: ("text/vtt",), 304: ()},
        merged(STORAGE, LOOKUP, {404: (Code.CLIP_NOT_FOUND,), 416: (Code.BAD_RANGE,)}),
    ),
    Operation(
        "GET",
        "/clips/{clip}/{revision}/{name}",
        "A file of a clip: video.mp4, poster.jpg, poster.webp, preview.webp or filmstrip.jpg",
        {
            200: ("video/mp4", "image/jpeg", "image/webp"),
            206: ("video/mp4", "image/jpeg", "image/webp"),
            302: (),
            304: (),
        },
        merged(FOUND, MEDIA, {416: (Code.BAD_RANGE,)}),
        query=("download",),
    ),
)
