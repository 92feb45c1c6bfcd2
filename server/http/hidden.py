"""`/api/me/hidden`: the people whom the person of this browser does not want to see. server/API.md
describes the requests and answers.
"""

import time

from aiohttp import web

from relay.errors import RefusalCode
from server.errors import Conflict, NotFound
from server.http.identity import Identity
from server.http.ids import is_id
from server.http.payloads import Payload, reply
from server.http.people import PersonBody, body_of
from server.people.person import Person
from server.storage.hidden import MAX_HIDDEN, HiddenStore, Outcome


class HiddenPerson(Payload):
    """A person who is hidden from the person of this browser."""

    person: PersonBody
    at: float


class HiddenList(Payload):
    """The hidden people. The person who was hidden last is first."""

    hidden: list[HiddenPerson]


class HiddenEndpoint:
    """The endpoints `/api/me/hidden` and `/api/me/hidden/{person}`."""

    def __init__(self, identity: Identity, hidden: HiddenStore) -> None:
        self._identity = identity
        self._hidden = hidden

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/me/hidden", self.list),
            web.put("/api/me/hidden/{person}", self.hide),
            web.delete("/api/me/hidden/{person}", self.show),
        ]

    async def list(self, request: web.Request) -> web.Response:
        visitor = await self._identity.require_known(request)
        people = [
            {
                "person": body_of(Person(record.id, record.name, record.colour, record.handle)),
                "at": record.at,
            }
            for record in await self._hidden.of(visitor.person.id)
        ]
        return reply(HiddenList, {"hidden": people})

    async def hide(self, request: web.Request) -> web.Response:
        visitor = await self._identity.require_visitor(request)
        person = request.match_info["person"]
        if not is_id(person):
            raise _unknown()
        match await self._hidden.add(visitor.person.id, person, time.time()):
            case Outcome.UNKNOWN:
                raise _unknown()
            case Outcome.TOO_MANY:
                raise Conflict(
                    RefusalCode.TOO_MANY_HIDDEN, f"you hide {MAX_HIDDEN} people: show one again"
                )
        return web.Response(status=204)

    async def show(self, request: web.Request) -> web.Response:
        visitor = await self._identity.require_visitor(request)
        person = request.match_info["person"]
        if is_id(person):
            await self._hidden.remove(visitor.person.id, person)
        return web.Response(status=204)


def _unknown() -> NotFound:
    return NotFound(RefusalCode.PERSON_NOT_FOUND, "there is no such person")
