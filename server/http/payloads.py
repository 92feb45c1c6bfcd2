"""The JSON of the HTTP interface, as types. openapi.py makes the published schemas from them."""

from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from relay.errors import RefusalCode

TITLE_LENGTH = 80

UnixTime = Annotated[float, Field(description="Unix time in seconds")]
Milliseconds = Annotated[int, Field(description="milliseconds")]


class Payload(BaseModel):
    """Built from what the rooms answer, which our own code wrote: a mismatch is a defect here."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


class RefusalBody(Payload):
    """The body of every answer with a status of 400 or more."""

    error: Annotated[str, Field(description="what is wrong and what to do about it, in English")]
    code: RefusalCode
    retry_after: Annotated[int | None, Field(description="seconds, as in Retry-After", ge=1)] = None


class Config(Payload):
    """What a page needs to know of the server."""

    create: Annotated[Literal["anyone", "token"], Field(description="who may create rooms")]
    version: str


class IceServer(Payload):
    """An RTCIceServer of the browser."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


def _printable(title: object) -> object:
    """One line of printable text; anything but a string is left to the validator."""
    if not isinstance(title, str):
        return title
    return " ".join(
        "".join(character if character.isprintable() else " " for character in title).split()
    )


class CreateRoom(BaseModel):
    """The body of POST /api/rooms. Unknown members are ignored."""

    title: Annotated[
        str, BeforeValidator(_printable), Field(max_length=TITLE_LENGTH, strict=True)
    ] = ""


RoomState = Literal["idle", "live", "away", "ended"]


class NewRoom(Payload):
    """A room that was just created."""

    room: str
    title: str
    state: RoomState
    key: Annotated[str, Field(description="the creator key: it is in no other answer")]
    whip: Annotated[str, Field(description="absolute URL to publish to")]
    watch: Annotated[str, Field(description="absolute URL of the page")]
    ice_servers: list[IceServer]


class Room(Payload):
    """A room as everyone may see it."""

    room: str
    title: str
    state: RoomState
    viewers: int
    created_at: UnixTime
    live_since: UnixTime | None


class RoomList(Payload):
    """Rooms that are live or away, most watched first."""

    rooms: list[Room]


class IngestHealth(Payload):
    """How the creator's media arrives. Rates are of the last second, counts of the last five."""

    bitrate: Annotated[int | None, Field(description="bit/s")]
    fps: float | None
    gap: Annotated[int, Field(description="longest time without a frame, milliseconds")]
    repaired: Annotated[int, Field(description="packets lost and received again in time")]
    lost: Annotated[int, Field(description="packets lost for good")]
    keyframe_age: Milliseconds | None
    round_trip: Milliseconds | None


class Spread(Payload):
    """Percentiles in milliseconds."""

    p50: int
    p95: int


class AudienceHealth(Payload):
    """How the viewers' players are doing."""

    watching: int
    reporting: Annotated[int, Field(description="viewers that reported lately")]
    playing: Annotated[int, Field(description="viewers whose video moves")]
    stalled: Annotated[int, Field(description="viewers that ran dry within the last 30 s")]
    behind_lens: Annotated[Spread | None, Field(description="delay from camera to screen")]
    first_picture: Annotated[Spread | None, Field(description="delay from opening the page")]
    players: Annotated[dict[str, int], Field(description="viewers by player")]


class Health(Payload):
    """The health of a room, for its creator."""

    room: Room
    ingest: Annotated[IngestHealth | None, Field(description="null while no one publishes")]
    audience: AudienceHealth


Kind = TypeVar("Kind", bound=Payload)


def reply(kind: type[Kind], value: Any, *, status: int = 200) -> web.Response:
    """`value`, a mapping or an object with the members of `kind`, as a JSON answer. Members that
    were not given are left out.
    """
    text = kind.model_validate(value).model_dump_json(exclude_unset=True)
    return web.Response(status=status, text=text, content_type="application/json")
