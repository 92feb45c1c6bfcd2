"""The types of the JSON objects in the HTTP interface. The types that describe rooms are in
server/rooms/description.py. openapi.py generates the published schemas from both modules.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from relay.errors import RefusalCode
from server.host.headroom import Level
from server.rooms.description import RoomDescription
from server.rooms.life import State

TITLE_LENGTH = 80


class Payload(BaseModel):
    """A JSON object in an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RefusalBody(Payload):
    """The body of every answer with a status of 400 or more."""

    error: Annotated[str, Field(description="what is wrong and what to do about it, in English")]
    code: RefusalCode
    retry_after: Annotated[int | None, Field(description="seconds, as in Retry-After", ge=1)] = None


class Config(Payload):
    """The part of the server's configuration that pages need."""

    create: Annotated[Literal["anyone", "token"], Field(description="who may create rooms")]
    version: str
    keep_replays: Annotated[
        Literal["yes", "day", "no"],
        Field(description="whether replays are kept if the creator does not choose"),
    ]


class ServerHealth(Payload):
    """How busy the server is. Loads and costs are shares of the event loop's time."""

    level: Annotated[
        Level,
        Field(description="free; full: no new creators; crowded: no new viewers either"),
    ]
    load: float
    lateness: Annotated[float, Field(description="mean lateness of timers, ms")]
    creators: Annotated[int, Field(description="further creators that would be accepted")]
    viewers: Annotated[int, Field(description="further viewers that would be accepted")]
    creator_cost: Annotated[float, Field(description="measured cost of one creator")]
    viewer_cost: Annotated[float, Field(description="measured cost of one viewer")]
    lost_datagrams: Annotated[
        int, Field(description="datagrams that the kernel dropped, because the loop was too slow")
    ]
    memory: Annotated[int, Field(description="resident memory of the server's processes, bytes")]
    memory_budget: Annotated[int, Field(description="maximum memory of the process, bytes")]


class IceServer(Payload):
    """A STUN or TURN server, in the format of a browser's RTCIceServer."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


def _printable(title: object) -> object:
    """Returns the title as one line of printable text. A value that is not a string is returned
    unchanged, and the validator then refuses the value.
    """
    if not isinstance(title, str):
        return title
    return " ".join(
        "".join(character if character.isprintable() else " " for character in title).split()
    )


Title = Annotated[str, BeforeValidator(_printable), Field(max_length=TITLE_LENGTH, strict=True)]
Visibility = Literal["public", "unlisted", "private"]
Mood = Literal["calm", "loud", "funny", "learn", "create"]


class CreateRoom(BaseModel):
    """The body of POST /api/rooms. Unknown members are ignored."""

    title: Title = ""
    visibility: Annotated[Visibility, Field(description="who may watch")] = "public"
    length: Annotated[
        Literal[60, 180, 600] | None, Field(description="seconds; null: the live has no end")
    ] = None
    mood: Annotated[Mood | Literal[""], Field(description="what the live is like")] = ""


class CreateRoomAnswer(Payload):
    """The answer of POST /api/rooms."""

    room: str
    title: str
    state: State
    key: Annotated[str, Field(description="the creator key: it is in no other answer")]
    whip: Annotated[str, Field(description="absolute URL to publish to")]
    watch: Annotated[str, Field(description="absolute URL of the page")]
    ice_servers: list[IceServer]


@dataclass(frozen=True, slots=True)
class ListedRoom(RoomDescription):
    """A room in the list of rooms on air."""

    poster: str | None = None
    """URL path of the latest poster, a JPEG file; None before the first poster."""


class RoomList(Payload):
    """The rooms that are live or away. The room with the most viewers comes first."""

    rooms: list[ListedRoom]


class OEmbed(Payload):
    """A page of this server, for other sites (oembed.com §2.3.4). Sizes are in pixels."""

    version: Literal["1.0"]
    type: Literal["video", "link"]
    title: str
    provider_name: str
    provider_url: str
    cache_age: Annotated[int, Field(description="seconds")]
    thumbnail_url: str = ""
    thumbnail_width: int = 0
    thumbnail_height: int = 0
    html: Annotated[str, Field(description="a frame that plays; with the type `video`")] = ""
    width: int = 0
    height: int = 0


def reply(kind: type[Any], value: object, *, status: int = 200) -> web.Response:
    """Returns `value` as a JSON answer. `value`: an instance of `kind`, or a mapping with the
    members of `kind`. Members of a Payload that are not set are omitted.
    """
    return json_answer(dump(kind, value), status=status)


def dump(kind: Any, value: object) -> bytes:
    """Returns `value` as JSON. `kind`, `value`: as in `reply`."""
    adapter = _adapters.get(kind) or _adapters.setdefault(kind, TypeAdapter(kind))
    return adapter.dump_json(adapter.validate_python(value), exclude_unset=True, by_alias=True)


def json_answer(body: bytes, *, status: int = 200) -> web.Response:
    """Returns an answer with this JSON as its body."""
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")


_adapters: dict[Any, TypeAdapter[Any]] = {}
"""The TypeAdapters by type. They are kept, because the creation of a TypeAdapter takes
milliseconds.
"""
