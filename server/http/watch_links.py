"""`/api/rooms/{room}/links`: the watch links of a private room. server/API.md describes the
requests and answers.
"""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.errors import NotFound
from server.http.ids import is_id
from server.http.json_body import read_model, read_object
from server.http.payloads import Payload, reply
from server.http.request import url_of
from server.http.requester import Requesters
from server.rooms.access import MAX_LINK, MIN_LINK
from server.rooms.commands.access import AddLink, ReadLinks, RevokeLink, WatchLink
from server.rooms.registry import Rooms
from server.settings import Settings

DAY = 86_400


class AddLinkBody(BaseModel):
    """The body of POST /api/rooms/{room}/links."""

    model_config = ConfigDict(extra="forbid")

    seconds: Annotated[
        int, Field(ge=MIN_LINK, le=MAX_LINK, strict=True, description="validity of the link")
    ] = DAY


class LinkDescription(Payload):
    """A watch link. Times are in Unix seconds."""

    id: str
    url: str
    created_at: float
    expires_at: float
    revoked_at: float | None


class LinkList(Payload):
    """The watch links of a room, the newest first."""

    links: list[LinkDescription]


class WatchLinksEndpoint:
    """The endpoints of watch links."""

    def __init__(self, rooms: Rooms, requesters: Requesters, settings: Settings) -> None:
        self._rooms = rooms
        self._requesters = requesters
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/rooms/{room}/links", self.add),
            web.get("/api/rooms/{room}/links", self.list),
            web.delete("/api/rooms/{room}/links/{link}", self.revoke),
        ]

    async def add(self, request: web.Request) -> web.Response:
        body = read_model(AddLinkBody, await read_object(request), RefusalCode.BAD_MODERATION)
        by = await self._requesters.writing(request)
        link = await self._rooms.ask(request.match_info["room"], AddLink(by, body.seconds))
        return reply(LinkDescription, self._describe(request, link), status=201)

    async def list(self, request: web.Request) -> web.Response:
        command = ReadLinks(self._requesters.reading(request))
        links = await self._rooms.ask(request.match_info["room"], command)
        return reply(LinkList, {"links": [self._describe(request, link) for link in links]})

    async def revoke(self, request: web.Request) -> web.Response:
        link = request.match_info["link"]
        if not is_id(link):
            raise NotFound(RefusalCode.LINK_NOT_FOUND, "this room has no such link")
        by = await self._requesters.writing(request)
        await self._rooms.ask(request.match_info["room"], RevokeLink(by, link))
        return web.Response(status=204)

    def _describe(self, request: web.Request, link: WatchLink) -> dict[str, object]:
        path = f"/r/{request.match_info['room']}?k={link.token}"
        return {
            "id": link.id,
            "url": url_of(request, path, self._settings),
            "created_at": link.created_at,
            "expires_at": link.expires_at,
            "revoked_at": link.revoked_at,
        }
