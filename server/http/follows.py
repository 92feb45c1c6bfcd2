"""The endpoints for the people whom a person follows, and for the holders of handles. server/API.md
describes the requests and answers.
"""

import time
from typing import Annotated

from aiohttp import web
from pydantic import Field

from relay.errors import RefusalCode
from server.errors import Conflict, NotFound, Unprocessable
from server.http.identity import Identity
from server.http.ids import is_id
from server.http.payloads import Payload, reply
from server.http.people import PersonBody, body_of
from server.http.writers import person_of
from server.people.names import MAX_INPUT
from server.people.skeleton import key_of
from server.rooms.description import RoomDescription
from server.rooms.registry import Rooms
from server.storage.bans import BanStore
from server.storage.follows import FollowStore, TooManyFollows
from server.storage.people import PersonRecord, PersonStore


class Followers(Payload):
    """The answer of PUT and DELETE /api/follows/{person}."""

    followers: Annotated[int, Field(description="number of people who follow the person")]


class Follows(Payload):
    """The people whom the person of this browser follows, the latest first."""

    follows: list[PersonBody]


class LiveFollows(Payload):
    """The answer of GET /api/me/follows/live."""

    live: Annotated[int, Field(description="number of followed people who have a public live")]


class Profile(Payload):
    """The public data of the holder of a handle."""

    person: PersonBody
    bio: Annotated[str, Field(description="one line of text; may be empty")]
    link: Annotated[str, Field(description="an https URL; empty for no link")]
    followers: int
    live: Annotated[list[RoomDescription], Field(description="the public lives of the person")]


class Profiles:
    """Finds the public data of the holder of a handle."""

    def __init__(
        self, people: PersonStore, follows: FollowStore, bans: BanStore, rooms: Rooms
    ) -> None:
        self._people = people
        self._follows = follows
        self._bans = bans
        self._rooms = rooms

    async def find(self, handle: str, reader: str = "") -> Profile:
        """Returns the profile of the holder of `handle`. The spelling of `handle` may differ from
        the spelling that the holder chose. Raises NotFound, also for a person whom the operator has
        banned, unless `reader` is the id of this person.
        """
        record = await self._record(handle)
        if record is None or not await self._is_shown(record.id, reader):
            raise NotFound(RefusalCode.HANDLE_NOT_FOUND, "no person has this handle")
        return Profile(
            person=PersonBody(**body_of(person_of(record))),
            bio=record.bio,
            link=record.link,
            followers=await self._follows.followers(record.id),
            live=await self._rooms.listing.live_of(record.id),
        )

    async def _is_shown(self, person: str, reader: str) -> bool:
        return person == reader or not await self._bans.holds_everywhere(person, time.time())

    async def _record(self, handle: str) -> PersonRecord | None:
        if len(handle) > MAX_INPUT or not handle.isprintable():
            return None
        return await self._people.find_handle(key_of(handle))


class FollowsEndpoint:
    """The endpoints `/api/follows/{person}`, `/api/me/follows`, `/api/me/follows/live` and
    `/api/handles/{handle}`.
    """

    def __init__(self, identity: Identity, follows: FollowStore, profiles: Profiles) -> None:
        self._identity = identity
        self._follows = follows
        self._profiles = profiles

    def routes(self) -> list[web.RouteDef]:
        return [
            web.put("/api/follows/{person}", self.follow),
            web.delete("/api/follows/{person}", self.unfollow),
            web.get("/api/me/follows", self.list),
            web.get("/api/me/follows/live", self.count_live),
            web.get("/api/handles/{handle}", self.show),
        ]

    async def follow(self, request: web.Request) -> web.Response:
        """Follows a person. A guest can follow, too."""
        followed = _id_of(request)
        follower = await self._identity.require_person(request)
        if follower.id == followed:
            raise Unprocessable(RefusalCode.NOT_YOURSELF, "you cannot follow yourself")
        try:
            followers = await self._follows.add(follower.id, followed, time.time())
        except TooManyFollows as error:
            raise Conflict(
                RefusalCode.TOO_MANY_FOLLOWS, "too many follows: unfollow a person first"
            ) from error
        if followers is None:
            raise _unknown()
        return reply(Followers, {"followers": followers})

    async def unfollow(self, request: web.Request) -> web.Response:
        """Stops following a person. Changes nothing if the person was not followed."""
        followed = _id_of(request)
        follower = await self._identity.require_person(request)
        return reply(Followers, {"followers": await self._follows.remove(follower.id, followed)})

    async def list(self, request: web.Request) -> web.Response:
        """Lists the people whom the person of this browser follows. No other person can read this
        list.
        """
        visitor = self._identity.visitor_of(request)
        found = []
        if visitor is not None and visitor.stored:
            person = await self._identity.require_person(request)
            found = await self._follows.followed_by(person.id)
        return reply(Follows, {"follows": [body_of(person_of(record)) for record in found]})

    async def count_live(self, request: web.Request) -> web.Response:
        """Counts the followed people who are live, for the badge of the installed app."""
        visitor = self._identity.visitor_of(request)
        live = 0
        if visitor is not None and visitor.stored:
            person = await self._identity.require_person(request)
            live = await self._follows.count_live(person.id)
        return reply(LiveFollows, {"live": live})

    async def show(self, request: web.Request) -> web.Response:
        reader = self._identity.named_by(request)
        return reply(Profile, await self._profiles.find(request.match_info["handle"], reader))


def _id_of(request: web.Request) -> str:
    """Returns the id in the path. Raises NotFound if no person can have this id."""
    id = request.match_info["person"]
    if not is_id(id):
        raise _unknown()
    return id


def _unknown() -> NotFound:
    return NotFound(RefusalCode.PERSON_NOT_FOUND, "there is no such person")
