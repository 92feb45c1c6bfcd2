"""`/api/announcements/…`: announced lives and reminders. server/API.md describes the requests and
answers.
"""

import time
from typing import Annotated, Any
from urllib.parse import quote

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.discovery.announced import AnnouncedLives, no_announcement
from server.discovery.calendar import Appointment, write_calendar
from server.discovery.items import FeedItems
from server.http.follows import Profiles
from server.http.identity import Identity
from server.http.ids import is_id
from server.http.json_body import read_model, read_object
from server.http.payloads import Payload, Title, reply
from server.http.people import PersonBody, body_of
from server.http.request import authority_of, url_of
from server.rooms.creator_lists import to_person
from server.settings import Settings
from server.storage.announcements import Announced

CALENDAR = "text/calendar"
MOST = 20
"""Maximum number of announcements in the list of all people."""


class AnnounceLive(BaseModel):
    """The body of POST /api/announcements."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    starts_at: Annotated[float, Field(allow_inf_nan=False, strict=True, description="Unix seconds")]


class AnnouncementBody(Payload):
    """An announced live. Times are in Unix seconds."""

    id: str
    title: str
    person: PersonBody
    starts_at: float
    created_at: float
    room: Annotated[str | None, Field(description="the live; null until it begins")]
    reminded: Annotated[bool, Field(description="whether the reader is reminded")]
    reminders: Annotated[int, Field(description="number of people who are reminded")]


class AnnouncementList(Payload):
    """Announced lives, the next one first."""

    announcements: list[AnnouncementBody]


class AnnouncementsEndpoint:
    """The endpoints of announced lives."""

    def __init__(
        self,
        announced: AnnouncedLives,
        items: FeedItems,
        identity: Identity,
        profiles: Profiles,
        settings: Settings,
    ) -> None:
        self._announced = announced
        self._items = items
        self._identity = identity
        self._profiles = profiles
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        one = "/api/announcements/{announcement}"
        return [
            web.get("/api/announcements", self.list),
            web.post("/api/announcements", self.announce),
            web.get(one, self.show),
            web.delete(one, self.delete),
            web.put(f"{one}/reminder", self.remind),
            web.delete(f"{one}/reminder", self.forget),
            web.get("/announcements/{announcement}.ics", self.calendar),
            web.get("/api/people/{handle}/announcements", self.of_person),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Lists the next announced lives of all people."""
        reader = self._identity.named_by(request)
        unseen = await self._items.unseen_by(reader) if reader else frozenset()
        found = await self._announced.store.next(time.time(), MOST, reader)
        return _answers([each for each in found if each.by.id not in unseen])

    async def of_person(self, request: web.Request) -> web.Response:
        """Lists the announced lives of the holder of a handle."""
        profile = await self._profiles.find(request.match_info["handle"])
        reader = self._identity.named_by(request)
        store = self._announced.store
        return _answers(await store.of_person(profile.person.id, time.time(), reader))

    async def announce(self, request: web.Request) -> web.Response:
        """Announces a live."""
        body = read_model(AnnounceLive, await read_object(request), RefusalCode.BAD_ANNOUNCEMENT)
        person = await self._identity.require_person(request)
        announced = await self._announced.announce(person, body.title, body.starts_at)
        response = reply(AnnouncementBody, _describe(announced), status=201)
        response.headers[hdrs.LOCATION] = f"/api/announcements/{announced.record.id}"
        return response

    async def show(self, request: web.Request) -> web.Response:
        announced = await self._announced.find(_id_of(request), self._identity.named_by(request))
        return reply(AnnouncementBody, _describe(announced))

    async def delete(self, request: web.Request) -> web.Response:
        """Deletes an announcement, as the person who made it."""
        id = _id_of(request)
        await self._announced.delete(id, await self._identity.require_person(request))
        return web.Response(status=204)

    async def remind(self, request: web.Request) -> web.Response:
        """Reminds the person of this browser when the live begins."""
        id = _id_of(request)
        person = await self._identity.require_person(request)
        return reply(AnnouncementBody, _describe(await self._announced.remind(id, person)))

    async def forget(self, request: web.Request) -> web.Response:
        """Removes a reminder. Changes nothing if there is none."""
        id = _id_of(request)
        person = await self._identity.require_person(request)
        await self._announced.store.forget(id, person.id)
        return reply(AnnouncementBody, _describe(await self._announced.find(id, person.id)))

    async def calendar(self, request: web.Request) -> web.Response:
        """Returns an announced live as a calendar file."""
        announced = await self._announced.find(_id_of(request))
        record, by = announced.record, announced.by
        host = authority_of(request, self._settings)
        appointment = Appointment(
            record.id,
            record.title,
            by.name,
            url_of(request, f"/@{quote(by.handle)}" if by.handle else "/", self._settings),
            host.host if host else "microlive",
            record.starts_at,
            record.created_at,
        )
        return web.Response(
            text=write_calendar(appointment), content_type=CALENDAR, charset="utf-8"
        )


def _answers(announced: list[Announced]) -> web.Response:
    return reply(AnnouncementList, {"announcements": [_describe(each) for each in announced]})


def _describe(announced: Announced) -> dict[str, Any]:
    record = announced.record
    return {
        "id": record.id,
        "title": record.title,
        "person": body_of(to_person(announced.by)),
        "starts_at": record.starts_at,
        "created_at": record.created_at,
        "room": record.room,
        "reminded": announced.reminded,
        "reminders": announced.reminders,
    }


def _id_of(request: web.Request) -> str:
    id = request.match_info["announcement"]
    if not is_id(id):
        raise no_announcement()
    return id
