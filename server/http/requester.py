"""Finds out who sends a command to a room. The cookie identifies a person; the creator key
identifies a program.
"""

from aiohttp import web

from server.http.auth import bearer_token
from server.http.identity import Identity
from server.http.request import client_of
from server.people.person import ANONYMOUS, Person
from server.settings import Settings
from server.social.author import Requester


class Requesters:
    """Makes the Requester of a request."""

    def __init__(self, identity: Identity, settings: Settings) -> None:
        self._identity = identity
        self._settings = settings

    def reading(self, request: web.Request) -> Requester:
        """Returns the sender of a request that changes nothing. The sender is ANONYMOUS if the
        request has no valid cookie.
        """
        visitor = self._identity.visitor_of(request)
        return self._requester(request, visitor.person if visitor else ANONYMOUS)

    def newcomer(self, request: web.Request) -> str | None:
        """Returns an id for a visitor whose cookie shows that nothing is stored about the visitor.
        Returns None for other people and for the holder of a bearer key. Without a cookie, each
        request gets a new id.
        """
        if bearer_token(request):
            return None
        visitor = self._identity.visitor_of(request)
        if visitor is None:
            return f"request {id(request)}"
        return None if visitor.stored else visitor.person.id

    def program(self, request: web.Request) -> Requester:
        """Returns the sender of a request to which the cookie gives no rights. The person of the
        result is always ANONYMOUS.
        """
        return self._requester(request, ANONYMOUS)

    def named(self, request: web.Request) -> str:
        """Returns the id of the person in the cookie of a request, so that a banned person can be
        refused; empty if there is no person. Caches may still store the answer.
        """
        return self._identity.named_by(request)

    async def writing(self, request: web.Request) -> Requester:
        """Returns the sender of a request that changes something: the holder of the bearer key, or
        a person (`Identity.require_person`).
        """
        if bearer_token(request):
            return self._requester(request, ANONYMOUS)
        return await self.person(request)

    async def person(self, request: web.Request) -> Requester:
        """Returns the person who sends a request. Raises the errors of `Identity.require_person`,
        also for a request with a bearer key.
        """
        return self._requester(request, await self._identity.require_person(request))

    def _requester(self, request: web.Request, person: Person) -> Requester:
        address = client_of(request, self._settings).address
        return Requester(person, address, bearer_token(request))
