"""`GET /api/search`: finds people, items and tags. server/API.md describes the answer."""

from aiohttp import web

from relay.errors import RefusalCode
from server.discovery.item import FeedItem
from server.discovery.search import Search
from server.errors import Unprocessable
from server.http.identity import Identity
from server.http.payloads import Payload, reply
from server.http.people import PersonBody, body_of
from server.http.tags import TagBody
from server.rooms.creator_lists import to_person

MAX_QUERY = 200
"""Maximum length of a query, characters."""


class SearchAnswer(Payload):
    """What a search has found, the best results first."""

    people: list[PersonBody]
    items: list[FeedItem]
    tags: list[TagBody]


class SearchEndpoint:
    """The endpoint `/api/search`."""

    def __init__(self, search: Search, identity: Identity) -> None:
        self._search = search
        self._identity = identity

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/search", self.find)]

    async def find(self, request: web.Request) -> web.Response:
        """Finds by a part of a handle, a title or a tag."""
        query = request.query.get("q", "")
        if len(query) > MAX_QUERY:
            raise Unprocessable(
                RefusalCode.QUERY_TOO_LONG, f"the text is over {MAX_QUERY} characters"
            )
        found = await self._search.find(query, self._identity.named_by(request))
        body = {
            "people": [body_of(to_person(who)) for who in found.people],
            "items": found.items,
            "tags": [{"tag": tag.tag, "name": tag.name} for tag in found.tags],
        }
        return reply(SearchAnswer, body)
