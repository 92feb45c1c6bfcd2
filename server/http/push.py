"""The endpoints for pushes: the key for subscriptions, and the browsers that get pushes.
server/API.md describes the requests and answers.
"""

import time
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from relay.errors import RefusalCode
from server.errors import NotFound, Unprocessable
from server.http.identity import Identity
from server.http.ids import is_id
from server.http.json_body import read_model, read_object
from server.http.payloads import Payload, reply
from server.push.subscription import Subscription, SubscriptionError
from server.storage.push_subscriptions import PushSubscriptionStore


class PushKey(Payload):
    """The answer of GET /api/push/key."""

    key: Annotated[
        str, Field(description="`applicationServerKey` for PushManager.subscribe, in base64url")
    ]


class Keys(BaseModel):
    """The keys of a browser, in base64url."""

    p256dh: str
    auth: str


class Subscribe(BaseModel):
    """The body of POST /api/push/subscriptions: what PushSubscription.toJSON() returns. Unknown
    members are ignored.
    """

    endpoint: str
    keys: Keys


class Subscribed(Payload):
    """The answer of POST /api/push/subscriptions."""

    id: str


class SubscribedBrowser(Payload):
    """A browser of the person that gets pushes."""

    id: str
    label: str
    created_at: Annotated[float, Field(description="Unix seconds")]
    current: Annotated[bool, Field(description="whether this browser sends the request")]


class Subscriptions(Payload):
    """The browsers of the person that get pushes, the latest first."""

    subscriptions: list[SubscribedBrowser]


class PushEndpoint:
    """The endpoints below `/api/push`."""

    def __init__(
        self, identity: Identity, subscriptions: PushSubscriptionStore, key: str | None
    ) -> None:
        """`key`: the public key of the server; None if the server sends no pushes."""
        self._identity = identity
        self._subscriptions = subscriptions
        self._key = key

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/push/key", self.key),
            web.get("/api/push/subscriptions", self.list),
            web.post("/api/push/subscriptions", self.subscribe),
            web.delete("/api/push/subscriptions/{id}", self.unsubscribe),
        ]

    async def key(self, _: web.Request) -> web.Response:
        return reply(PushKey, {"key": self._require_key()})

    async def list(self, request: web.Request) -> web.Response:
        visitor = await self._identity.require_known(request)
        found = []
        if visitor.stored:
            found = await self._subscriptions.of(visitor.person.id)
        browsers = [
            {
                "id": record.id,
                "label": record.label,
                "created_at": record.created_at,
                "current": record.device == visitor.device,
            }
            for record in found
        ]
        return reply(Subscriptions, {"subscriptions": browsers})

    async def subscribe(self, request: web.Request) -> web.Response:
        """Stores the subscription of this browser."""
        self._require_key()
        body = read_model(Subscribe, await read_object(request), RefusalCode.BAD_SUBSCRIPTION)
        subscription = Subscription(body.endpoint, body.keys.p256dh, body.keys.auth)
        try:
            subscription.check()
        except SubscriptionError as error:
            raise Unprocessable(RefusalCode.BAD_SUBSCRIPTION, str(error)) from error
        visitor = await self._identity.require_visitor(request)
        id = await self._subscriptions.add(
            visitor.person.id,
            visitor.device,
            subscription.endpoint,
            subscription.p256dh,
            subscription.auth,
            time.time(),
        )
        return reply(Subscribed, {"id": id}, status=201)

    async def unsubscribe(self, request: web.Request) -> web.Response:
        """Ends the pushes to one browser of the person."""
        visitor = await self._identity.require_visitor(request)
        id = request.match_info["id"]
        if not is_id(id) or not await self._subscriptions.remove(id, visitor.person.id):
            raise NotFound(RefusalCode.SUBSCRIPTION_NOT_FOUND, "you have no such subscription")
        return web.Response(status=204)

    def _require_key(self) -> str:
        """Returns the key. Raises NotFound if the server sends no pushes."""
        if self._key is None:
            raise NotFound(RefusalCode.PUSH_OFF, "this server sends no pushes")
        return self._key
