"""Operations for events, notices and media between viewers, publishers and the server."""

from relay.errors import RefusalCode as Code
from relay.hls.answers import MEDIA, PLAYLIST
from relay.websocket.viewer import CLOSE_CODES
from server.http.operations.operation import EVENT_STREAM, JSON, Operation
from server.http.operations.refusals import (
    BODY,
    CLOSING,
    FULL,
    KEY,
    ROOM,
    ROOM_ON,
    Refusals,
    merged,
)
from server.http.operations.refusals import (
    MEDIA as STORED_MEDIA,
)
from server.http.rewind import FILE, ReplayWindow
from server.http.signalling import SDP, SDP_FRAGMENT

SIGNALLING_BODY = merged(BODY, {400: (Code.BODY_NOT_UTF8,), 415: (Code.WRONG_CONTENT_TYPE,)})
PATCH = merged(
    SIGNALLING_BODY,
    {
        400: (Code.NOT_SDP_FRAGMENT,),
        412: (Code.ICE_SESSION_CHANGED,),
        422: (Code.BAD_ICE_RESTART,),
        428: (Code.MISSING_IF_MATCH,),
    },
)
WHIP = merged(KEY, ROOM, {409: (Code.ROOM_ENDED,)})
REPLAY = merged(ROOM, {404: (Code.NO_REPLAY,)})
REPLAY_FILE = merged(REPLAY, {404: (Code.FILE_NOT_FOUND,), 416: (Code.BAD_RANGE,)})
SESSION: Refusals = {404: (Code.SESSION_NOT_FOUND,)}

OPERATIONS = (
    Operation(
        "GET",
        "/api/rooms/{room}/events",
        "Events of the room without a WebSocket (relay/PROTOCOL.md)",
        {200: (EVENT_STREAM,)},
        ROOM_ON,
    ),
    Operation(
        "POST",
        "/api/rooms/{room}/notices",
        "Send a notice of a viewer that has an event stream",
        {200: (JSON,), 204: ()},
        merged(BODY, ROOM_ON, {400: (Code.BAD_NOTICE,), 404: (Code.SESSION_NOT_FOUND,)}),
        body=JSON,
        query=("viewer",),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/window",
        "The moments to which a viewer can jump back",
        {200: (ReplayWindow,)},
        merged(ROOM_ON, {409: (Code.ROOM_NOT_LIVE,)}),
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/window/{media_time}",
        "The segment of the window that contains a media time",
        {200: (FILE,)},
        merged(
            ROOM_ON,
            {
                400: (Code.BAD_MEDIA_TIME,),
                404: (Code.NOT_IN_WINDOW,),
                429: (Code.TOO_MANY_REQUESTS,),
            },
        ),
    ),
    Operation(
        "GET",
        "/ws/{room}",
        "Watch over a WebSocket (relay/PROTOCOL.md)",
        {101: ()},
        merged(ROOM_ON, FULL, {400: (Code.HELLO_TOO_LONG,)}),
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
    Operation("OPTIONS", "/whip/{room}", "The content types to send", {204: ()}),
    Operation(
        "PATCH",
        "/whip/{room}/{session}",
        "Send candidates (trickle ICE), or restart ICE",
        {200: (SDP_FRAGMENT,), 204: ()},
        merged(WHIP, CLOSING, SESSION, PATCH),
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
    Operation("OPTIONS", "/whip/{room}/{session}", "The content types to send", {204: ()}),
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
    Operation("GET", "/whep/{room}", "Check whether the room exists", {200: (SDP,)}, ROOM_ON),
    Operation("OPTIONS", "/whep/{room}", "The content types to send", {204: ()}),
    Operation(
        "PATCH",
        "/whep/{room}/{session}",
        "Send candidates (trickle ICE), or restart ICE",
        {200: (SDP_FRAGMENT,), 204: ()},
        merged(ROOM_ON, SESSION, PATCH, {422: (Code.NO_COUNTER_OFFER,)}),
        body=SDP_FRAGMENT,
    ),
    Operation(
        "DELETE", "/whep/{room}/{session}", "End the session", {200: ()}, merged(ROOM_ON, SESSION)
    ),
    Operation(
        "GET", "/whep/{room}/{session}", "Check whether the room exists", {200: (SDP,)}, ROOM_ON
    ),
    Operation("OPTIONS", "/whep/{room}/{session}", "The content types to send", {204: ()}),
    Operation(
        "GET",
        "/hls/{room}/{path}",
        "LL-HLS: index.m3u8, live.m3u8 and the media that they list",
        {200: (PLAYLIST, MEDIA), 206: (MEDIA,), 304: ()},
        merged(
            ROOM_ON,
            {
                400: (Code.BAD_DIRECTIVE, Code.TOO_FAR_AHEAD),
                404: (Code.FILE_NOT_FOUND,),
                416: (Code.BAD_RANGE,),
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
        query=("_HLS_msn", "_HLS_part", "_HLS_skip"),
    ),
    Operation("OPTIONS", "/hls/{room}/{path}", "The methods", {204: ()}),
    Operation(
        "GET",
        "/replays/{room}/index.m3u8",
        "HLS of an ended live: the playlist of its replay",
        {200: (PLAYLIST,)},
        REPLAY,
    ),
    Operation(
        "GET",
        "/replays/{room}/{piece}.mp4",
        "The init segment of a piece of the replay",
        {200: (MEDIA,), 206: (MEDIA,), 304: ()},
        REPLAY_FILE,
    ),
    Operation(
        "GET",
        "/replays/{room}/{sequence}.m4s",
        "A segment of the replay, with H.264 and AAC",
        {200: (MEDIA,), 206: (MEDIA,), 304: ()},
        merged(REPLAY_FILE, STORED_MEDIA, {429: (Code.TOO_MANY_REQUESTS,)}),
    ),
    Operation(
        "GET",
        "/replays/{room}/opus/index.m3u8",
        "The same playlist, for players that play Opus in MP4",
        {200: (PLAYLIST,)},
        REPLAY,
    ),
    Operation(
        "GET",
        "/replays/{room}/opus/{piece}.mp4",
        "The init segment of a piece of the replay, with Opus",
        {200: (MEDIA,), 206: (MEDIA,), 304: ()},
        REPLAY_FILE,
    ),
    Operation(
        "GET",
        "/replays/{room}/opus/{sequence}.m4s",
        "A segment of the replay, with H.264 and Opus",
        {200: (MEDIA,), 206: (MEDIA,), 304: ()},
        merged(REPLAY_FILE, STORED_MEDIA, {429: (Code.TOO_MANY_REQUESTS,)}),
    ),
)
