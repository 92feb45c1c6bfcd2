"""`/api/me`: the person of this browser, the name and the handle. server/API.md describes the
requests and answers.
"""

import secrets
import time
from dataclasses import replace
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.errors import Conflict, TooManyRequests, Unprocessable
from server.http.identity import Identity
from server.http.json_body import read_object
from server.http.payloads import Payload, reply
from server.http.relying_party import relying_party_of
from server.http.writers import person_of
from server.people.names import numbered, read_handle, read_name
from server.people.person import Person, Visitor
from server.people.recovery import ENTROPY, new_recovery_code, recovery_hash
from server.people.skeleton import skeleton_of
from server.people.typed_code import shown
from server.settings import Settings
from server.site.strings import COOKIE, LANGUAGES
from server.social.profile_text import read_bio, read_link
from server.storage.errors import StorageUnavailable
from server.storage.people import HandleTaken, PersonRecord, PersonStore, TooManyRenames

RESERVED_FOR = 30 * 86_400
"""Seconds for which a former handle is reserved for the person who gave up the handle."""
LANGUAGE_AGE = 400 * 86_400
"""Seconds for which a browser keeps the chosen language."""


class PersonBody(Payload):
    """The public data of a person, which everyone in a room may see."""

    id: str
    name: str
    colour: Annotated[int, Field(ge=0, le=11)]
    handle: str | None


class Me(Payload):
    """The person of this browser."""

    person: PersonBody
    guest: Annotated[bool, Field(description="whether the person has no handle")]
    language: Annotated[
        Literal["en", "ko"] | None, Field(description="null: the browser's language")
    ]
    passkeys: Annotated[bool, Field(description="whether passkeys are possible at this address")]
    delete_at: Annotated[
        float | None, Field(description="Unix seconds at which the person is deleted")
    ]


class ChangeMe(BaseModel):
    """The body of PATCH /api/me."""

    model_config = ConfigDict(extra="ignore")

    name: str | None = None
    language: Literal["en", "ko", ""] | None = None
    bio: Annotated[str | None, Field(description="text on the person's page")] = None
    link: Annotated[str | None, Field(description="https URL on the person's page")] = None


class TakeHandle(BaseModel):
    """The body of PUT /api/me/handle."""

    handle: str


class HandleAnswer(Payload):
    """The answer of PUT /api/me/handle."""

    person: PersonBody
    recovery_code: Annotated[
        str, Field(description="only in the answer to the first handle; it is not shown again")
    ] = ""


class PeopleEndpoint:
    """The endpoints `/api/me` and `/api/me/handle`."""

    def __init__(self, identity: Identity, people: PersonStore, settings: Settings) -> None:
        self._identity = identity
        self._people = people
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/me", self.show),
            web.patch("/api/me", self.change),
            web.put("/api/me/handle", self.take_handle),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Describes the person of this browser. A browser without a valid cookie gets the cookie of
        a new guest, who is not stored yet. While storage does not answer, returns what the cookie
        says about the person.
        """
        visitor = await self._identity.require_visitor(request, store=False)
        record = None
        if visitor.stored:
            try:
                record = await self._people.admit(visitor.person.id, visitor.device)
            except StorageUnavailable:
                return self._me(request, visitor.person, None)
            if record is None:  # the device is signed out, or the person is deleted
                visitor = self._identity.new_guest(request)
            elif person_of(record) != visitor.person:
                visitor = replace(visitor, person=person_of(record))
                self._identity.set_cookie(request, visitor)
        return self._me(request, visitor.person, record)

    async def change(self, request: web.Request) -> web.Response:
        """Changes the name, the language, or the texts on the page of the holder of a handle. Does
        not store a guest who has written nothing.
        """
        visitor = await self._identity.require_visitor(request, store=False)
        if visitor.stored:
            visitor = await self._identity.require_visitor(request)
        body = await read_object(request)
        record = None
        if "name" in body:
            name = await self._free_name(read_name(body["name"]), visitor.person)
            visitor = replace(visitor, person=replace(visitor.person, name=name))
        language = _read_language(body["language"]) if "language" in body else None
        await self._change_page(visitor, body)
        if visitor.stored:
            record = await self._people.change(visitor.person.id, visitor.person.name, language)
        self._identity.set_cookie(request, visitor)
        response = self._me(request, visitor.person, record, language)
        if language is not None:
            response.set_cookie(
                COOKIE, language, path="/", samesite="Lax", max_age=LANGUAGE_AGE if language else 0
            )
        return response

    async def _change_page(self, visitor: Visitor, body: dict[str, Any]) -> None:
        """Stores the bio and the link in the body of a request. Raises Unprocessable, and Conflict
        if the person has no handle.
        """
        bio = read_bio(body["bio"]) if "bio" in body else None
        link = read_link(body["link"]) if "link" in body else None
        if bio is None and link is None:
            return
        person = visitor.person
        if not visitor.stored or await self._people.set_page(person.id, bio, link) is None:
            raise Conflict(RefusalCode.NO_HANDLE, "only a person with a handle has a page")

    async def take_handle(self, request: web.Request) -> web.Response:
        """Gives the person a handle, or changes the person's handle. The handle also becomes the
        name.
        """
        body = await read_object(request)
        handle = read_handle(body.get("handle"))
        visitor = await self._identity.require_visitor(request)
        code = new_recovery_code(secrets.token_bytes(ENTROPY))
        hashed = recovery_hash(code)
        assert hashed is not None
        now = time.time()
        try:
            taken = await self._people.take_handle(
                visitor.person.id,
                handle.shown,
                handle.key,
                handle.skeleton,
                recovery_hash=hashed,
                now=now,
                reserved_until=now + RESERVED_FOR,
            )
        except HandleTaken as error:
            raise Conflict(
                RefusalCode.HANDLE_TAKEN, "another person has this name, or one that looks like it"
            ) from error
        except TooManyRenames as error:
            raise TooManyRequests(
                RefusalCode.RATE_LIMITED,
                "the handle was changed several times in 30 days: wait before the next change",
                error.until - now,
            ) from error
        person = person_of(taken.record)
        self._identity.set_cookie(request, Visitor(person, visitor.device, True))
        answer: dict[str, object] = {"person": body_of(person)}
        if taken.first:
            answer["recovery_code"] = shown(code)
        return reply(HandleAnswer, answer)

    async def _free_name(self, name: str, person: Person) -> str:
        """Returns the name. Adds a number if the name looks like the handle of another person."""
        owner = await self._people.owner_of_skeleton(skeleton_of(name))
        return name if owner in (None, person.id) else numbered(name, person.id)

    def _me(
        self,
        request: web.Request,
        person: Person,
        record: PersonRecord | None,
        language: str | None = None,
    ) -> web.Response:
        chosen = request.cookies.get(COOKIE) if language is None else language
        answer = {
            "person": body_of(person),
            "guest": person.handle is None,
            "language": chosen if chosen in LANGUAGES else None,
            "passkeys": relying_party_of(request, self._settings) is not None,
            "delete_at": record.delete_at if record else None,
        }
        return reply(Me, answer)


def body_of(person: Person) -> dict[str, object]:
    return {
        "id": person.id,
        "name": person.name,
        "colour": person.colour,
        "handle": person.handle,
    }


def _read_language(value: object) -> str:
    """Returns a language, or an empty text for the browser's language. Raises Unprocessable."""
    if value in (None, ""):
        return ""
    if value not in LANGUAGES:
        raise Unprocessable(
            RefusalCode.BAD_LANGUAGE, f"the language is null or one of {', '.join(LANGUAGES)}"
        )
    return str(value)
