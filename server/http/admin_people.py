"""`/api/admin/people` and `/api/admin/cookie-keys`: the people of the server and the keys that sign
cookies, for the operator. server/API.md describes the requests and answers.
"""

import logging
import secrets
import time
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.http.admin import Authorise
from server.http.identity import Identity
from server.http.json_body import read_object
from server.http.payloads import Payload, reply
from server.http.people import PersonBody, body_of
from server.http.writers import person_of
from server.people.cookie import FIRST_USE
from server.people.names import MAX_INPUT
from server.people.skeleton import key_of
from server.storage.cookie_keys import CookieKeyStore
from server.storage.people import PersonStore

logger = logging.getLogger(__name__)


class KnownPerson(Payload):
    """What the operator can read about a person. Times are in Unix seconds."""

    person: PersonBody
    created_at: float
    seen_at: float
    delete_at: Annotated[float | None, Field(description="when the person is deleted")]


class AdminPeople(Payload):
    """The people who used this server last, at most 200."""

    people: list[KnownPerson]


class NewKeyRequest(BaseModel):
    """The body of POST /api/admin/cookie-keys."""

    model_config = ConfigDict(extra="forbid")

    retire: Annotated[
        bool,
        Field(strict=True, description="make all older cookies invalid: signs every person out"),
    ] = False


class NewKeyAnswer(Payload):
    """The answer of POST /api/admin/cookie-keys."""

    key: Annotated[str, Field(description="id of the new key")]
    signs_at: Annotated[float, Field(description="Unix seconds from which the key signs")]


class AdminPeopleEndpoint:
    """The endpoints `/api/admin/people` and `/api/admin/cookie-keys`."""

    def __init__(
        self,
        identity: Identity,
        people: PersonStore,
        cookie_keys: CookieKeyStore,
        authorise: Authorise,
    ) -> None:
        self._identity = identity
        self._people = people
        self._cookie_keys = cookie_keys
        self._authorise = authorise

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/admin/people", self.list),
            web.post("/api/admin/cookie-keys", self.add_key),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Lists people. `find` in the query: the id of a person, or a handle."""
        self._authorise(request)
        text = request.query.get("find", "")
        if len(text) > MAX_INPUT or not text.isprintable():
            return reply(AdminPeople, {"people": []})
        records = await self._people.people(text, key_of(text.removeprefix("@")))
        people = [
            {
                "person": body_of(person_of(record)),
                "created_at": record.created_at,
                "seen_at": record.seen_at,
                "delete_at": record.delete_at,
            }
            for record in records
        ]
        return reply(AdminPeople, {"people": people})

    async def add_key(self, request: web.Request) -> web.Response:
        """Makes a new key for cookies. Servers sign with the key only after a delay in which every
        server reads the key. Responds 201.
        """
        self._authorise(request)
        try:
            wanted = NewKeyRequest.model_validate(await read_object(request))
        except ValidationError as error:
            raise Unprocessable(
                RefusalCode.BAD_KEY_REQUEST, '`retire` is true or false: {"retire": false}'
            ) from error
        now = time.time()
        signs_at = now + FIRST_USE
        key = await self._cookie_keys.add(
            secrets.token_bytes(32), now, signs_at if wanted.retire else None
        )
        await self._identity.refresh()
        logger.info(
            "new key %s for cookies%s", key, ", older ones retired" if wanted.retire else ""
        )
        return reply(NewKeyAnswer, {"key": key, "signs_at": signs_at}, status=201)
