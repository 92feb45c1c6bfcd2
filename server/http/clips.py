"""`/api/rooms/{room}/clips` and `/api/clips/{clip}`: makes, trims, lists and deletes clips.
server/API.md describes the requests and answers.
"""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from relay.errors import RefusalCode
from server.clips.captions import MAX_LENGTH, read_caption
from server.clips.clips import Change, Clips
from server.clips.drafting import Tap
from server.clips.finishing import Choice
from server.clips.paths import captions_path, files_path
from server.clips.view import ClipView, Filmstrip
from server.http.clip_access import ClipAccess, FoundClip
from server.http.json_body import MAX_NUMBER, read_model, read_object
from server.http.payloads import Payload, Title, Visibility, reply
from server.http.people import PersonBody, body_of
from server.http.requester import Requesters
from server.rooms.creator_lists import to_person
from server.social.author import Requester

Time = Annotated[int, Field(ge=0, le=MAX_NUMBER, strict=True)]
"""A media time, µs."""


def _cleaned(caption: object) -> object:
    """Returns the caption as it is stored. A value that is not a string is returned unchanged, and
    the validator then refuses the value.
    """
    return read_caption(caption) if isinstance(caption, str) else caption


Caption = Annotated[
    str,
    BeforeValidator(_cleaned),
    Field(max_length=MAX_LENGTH, strict=True, description="shown line by line over the clip"),
]


class MakeClip(BaseModel):
    """The body of POST /api/rooms/{room}/clips."""

    model_config = ConfigDict(extra="forbid")

    end: Annotated[Time | None, Field(description="playhead, µs; null: the live edge")] = None
    seconds: Annotated[
        float, Field(ge=5, le=60, allow_inf_nan=False, description="length up to `end`")
    ] = 30.0
    title: Title | None = None
    source: Annotated[
        Literal["viewer", "highlight", "replay"], Field(description="only the creator chooses")
    ] = "viewer"
    publish: Annotated[bool, Field(strict=True, description="finish the clip at once")] = False


class FinishClip(BaseModel):
    """The body of PUT /api/clips/{clip}."""

    model_config = ConfigDict(extra="forbid")

    start: Time
    end: Time
    title: Title | None = None
    caption: Caption | None = None


class ChangeClip(BaseModel):
    """The body of PATCH /api/clips/{clip}. A member that is absent or null changes nothing."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    caption: Caption | None = None
    visibility: Visibility | None = None


class FilmstripTile(Payload):
    """A keyframe in the picture of the filmstrip."""

    at: Annotated[int, Field(description="media time, µs")]
    x: int
    y: int


class FilmstripBody(Payload):
    """The keyframes of a draft as one picture."""

    url: str
    tiles: list[FilmstripTile]
    width: Annotated[int, Field(description="of a tile, px")]
    height: int


class ClipDescription(Payload):
    """A clip. Media times are in µs, other times in Unix seconds."""

    id: str
    room: str
    state: Literal["draft", "making", "waiting", "published"]
    title: str
    caption: str
    visibility: Visibility
    source: Literal["viewer", "highlight", "replay"]
    start: Annotated[int, Field(description="media time of the first frame, µs")]
    end: Annotated[int, Field(description="media time of the end, µs")]
    first: Annotated[
        int | None, Field(alias="from", description="earliest start of a draft, µs")
    ] = None
    until: Annotated[int | None, Field(description="latest end of a draft, µs")] = None
    keyframes: Annotated[list[int], Field(description="possible starts of a draft, µs")] = []
    duration: Annotated[float, Field(description="s")]
    width: int
    height: int
    bytes: int
    video: Annotated[str, Field(description="path of the MP4")]
    poster: Annotated[str | None, Field(description="path of the JPEG; null: none")]
    poster_webp: str | None
    captions: Annotated[str | None, Field(description="path of the caption as WebVTT; null: none")]
    filmstrip: FilmstripBody | None
    created_at: float
    published_at: float | None
    creator: Annotated[bool, Field(description="whether the reader is the creator")]
    mine: Annotated[bool, Field(description="whether the reader made the clip")]
    person: Annotated[
        PersonBody | None, Field(description="who made the clip; only for the creator")
    ]


class ClipList(Payload):
    """The clips of a live, the newest first."""

    clips: list[ClipDescription]


class ClipsEndpoint:
    """The endpoints of clips."""

    def __init__(self, clips: Clips, access: ClipAccess, requesters: Requesters) -> None:
        self._clips = clips
        self._access = access
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        clip = "/api/clips/{clip}"
        return [
            web.post("/api/rooms/{room}/clips", self.make),
            web.get("/api/rooms/{room}/clips", self.list),
            web.get(clip, self.read),
            web.put(clip, self.finish),
            web.patch(clip, self.change),
            web.delete(clip, self.delete),
            web.post(f"{clip}/restore", self.restore),
            web.post(f"{clip}/approve", self.approve),
        ]

    async def make(self, request: web.Request) -> web.Response:
        """Makes a draft of the moments before the playhead, or a finished clip."""
        body = read_model(MakeClip, await read_object(request), RefusalCode.BAD_CLIP)
        by = await self._requesters.writing(request)
        tap = Tap(body.end, round(body.seconds * 1_000_000), body.title, body.source)
        name = request.match_info["room"]
        view = await self._clips.make(name, by, tap, publish=body.publish)
        return _answer(view, status=201)

    async def list(self, request: web.Request) -> web.Response:
        """Returns the published clips of a live, and to the creator all finished clips."""
        by = self._requesters.reading(request)
        views = await self._clips.of_room(request.match_info["room"], by)
        return reply(ClipList, {"clips": [describe_clip(view) for view in views]})

    async def read(self, request: web.Request) -> web.Response:
        found = await self._access.find(request)
        return _answer(await self._clips.view(found.clip, found.rights))

    async def finish(self, request: web.Request) -> web.Response:
        """Makes the final clip from a draft."""
        body = read_model(FinishClip, await read_object(request), RefusalCode.BAD_CLIP)
        by, found = await self._find(request)
        choice = Choice(body.start, body.end, body.title, body.caption)
        return _answer(await self._clips.finish(found.clip, found.rights, by, choice))

    async def change(self, request: web.Request) -> web.Response:
        body = read_model(ChangeClip, await read_object(request), RefusalCode.BAD_CLIP)
        by, found = await self._find(request)
        change = Change(body.title, body.caption, body.visibility)
        return _answer(await self._clips.change(found.clip, found.rights, by, change))

    async def delete(self, request: web.Request) -> web.Response:
        _, found = await self._find(request)
        await self._clips.delete(found.clip, found.rights)
        return web.Response(status=204)

    async def restore(self, request: web.Request) -> web.Response:
        """Undoes a deletion."""
        by, found = await self._find(request, deleted=True)
        return _answer(await self._clips.restore(found.clip, found.rights, by))

    async def approve(self, request: web.Request) -> web.Response:
        """Publishes a clip that waits for its creator."""
        _, found = await self._find(request)
        return _answer(await self._clips.approve(found.clip, found.rights))

    async def _find(
        self, request: web.Request, *, deleted: bool = False
    ) -> tuple[Requester, FoundClip]:
        """Returns the sender of a request that changes a clip, and the clip."""
        by = await self._requesters.writing(request)
        return by, await self._access.find(request, by, deleted=deleted)


def _answer(view: ClipView, *, status: int = 200) -> web.Response:
    return reply(ClipDescription, describe_clip(view), status=status)


def describe_clip(view: ClipView) -> dict[str, Any]:
    """Returns the description of a clip for the person with the rights of the view."""
    record, draft, rights = view.record, view.draft, view.rights
    folder = files_path(record.id, record.revision)
    poster = folder if view.has_pictures else None
    body = {
        name: getattr(record, name)
        for name in (
            *("id", "room", "state", "title", "caption", "visibility", "source"),
            *("width", "height", "bytes", "created_at", "published_at"),
        )
    }
    body |= {
        "start": record.media_time,
        "end": record.media_time + record.duration,
        "duration": record.duration / 1_000_000,
        "video": f"{folder}/video.mp4",
        "poster": poster and f"{poster}/poster.jpg",
        "poster_webp": poster and f"{poster}/poster.webp",
        "captions": captions_path(record.id) if record.caption else None,
        "filmstrip": draft and _filmstrip(draft.filmstrip, folder),
        "creator": rights.creator,
        "mine": rights.clipper,
        "person": body_of(to_person(view.by)) if rights.own and view.by else None,
    }
    if draft is not None:
        body |= {"from": draft.first, "until": draft.until, "keyframes": draft.keyframes}
    return body


def _filmstrip(strip: Filmstrip | None, folder: str) -> dict[str, Any] | None:
    if strip is None:
        return None
    return {
        # The filmstrip of a draft changes once, and browsers keep files.
        "url": f"{folder}/filmstrip.jpg?{strip.number}",
        "tiles": [{"at": tile.at, "x": tile.x, "y": tile.y} for tile in strip.tiles],
        "width": strip.width,
        "height": strip.height,
    }
