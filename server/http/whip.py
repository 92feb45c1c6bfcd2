"""WHIP (RFC 9725): publish by one HTTP request. Reads in the order of the RFC's section 4."""

import asyncio
import re
import time

from aiohttp import hdrs, web

from relay.errors import OfferError
from relay.rtc.receive.sdp import parse_offer
from server.errors import (
    BY_STATUS,
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
    UnsupportedMediaType,
)
from server.host.ice_servers import ice_servers, links
from server.http.limits import RateLimiter
from server.http.request import client_of, url_of
from server.rooms.registry import Rooms
from server.rooms.room import Room
from server.settings import Settings
from server.storage.database import key_matches

MAX_BODY = 65_536
SDP, SDP_FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"

_FRAGMENT_UFRAG = re.compile(r"^a=ice-ufrag:(\S{1,256})\s*$", re.MULTILINE)


class Whip:
    """The endpoint `/whip/{room}` and its sessions `/whip/{room}/{session}`. `hosts` are the
    addresses that answers announce.
    """

    def __init__(self, rooms: Rooms, settings: Settings, hosts: list[str]) -> None:
        self._rooms = rooms
        self._settings = settings
        self._hosts = hosts
        self._attempts = RateLimiter(settings.max_whip_per_address_minute, 60.0)

    def routes(self) -> list[web.RouteDef]:
        # With a slash too many it is the same place: not every client follows a redirect of a POST.
        endpoint, session = "/whip/{room}{slash:/?}", "/whip/{room}/{session}{slash:/?}"
        return [
            web.post(endpoint, self.publish),
            web.options(endpoint, self.options),
            web.get(endpoint, self.nothing),
            web.patch(session, self.trickle),
            web.delete(session, self.end),
            web.options(session, self.options),
            web.get(session, self.nothing),
        ]

    # §4.2 Ingest session setup

    async def publish(self, request: web.Request) -> web.Response:
        """POST of an offer: 201 with the answer, and the session's URL in Location."""
        room = await self._authorised(request)
        offer_text = await _body(request, SDP)
        try:
            offer = parse_offer(offer_text)
        except OfferError as error:
            raise BY_STATUS[error.status](str(error)) from error
        session = room.publish(offer)
        headers = [
            (hdrs.LOCATION, url_of(request, f"/whip/{room.name}/{session.id}", self._settings))
        ]
        headers += [
            (hdrs.LINK, link) for link in links(ice_servers(self._settings, room.name, time.time()))
        ]
        answer = session.rtc.answer(self._hosts, max_bitrate=self._settings.video_bitrate)
        return web.Response(status=201, text=answer, content_type=SDP, headers=headers)

    async def end(self, request: web.Request) -> web.Response:
        """DELETE of a session: it is over when the answer comes, whether or not the client waits
        for that.
        """
        room = await self._authorised(request)
        session = room.find_session(request.match_info["session"])
        if session is None:
            raise NotFound("no such session: it has ended, or another has taken the room over")
        await asyncio.shield(room.end_session(session))
        return web.Response()

    # §4.3 ICE support

    async def trickle(self, request: web.Request) -> web.Response:
        """PATCH with candidates: 204. They are not needed, since an ICE-lite agent answers whoever
        proves to be the peer.

        An ICE restart is refused with 422 (§4.3.3) and the session goes on: a POST with the same
        key takes over without a gap.
        """
        room = await self._authorised(request)
        session = room.find_session(request.match_info["session"])
        if session is None:
            raise NotFound("no such session: it has ended, or another has taken the room over")
        fragment = await _body(request, SDP_FRAGMENT)
        ufrags = set(_FRAGMENT_UFRAG.findall(fragment))
        if not fragment.strip() or not all(
            re.match(r"[a-z]=", line) for line in fragment.splitlines() if line
        ):
            raise BadRequest("the body is not an SDP fragment (RFC 8840)")
        if ufrags - {session.rtc.remote_ufrag}:
            raise Unprocessable(
                "ICE restart is not supported: POST a new offer with the same key; it "
                "takes over without a gap"
            )
        return web.Response(status=204)

    # §4.1, §4.4

    async def options(self, request: web.Request) -> web.Response:
        """What may be posted here; cross-origin headers are added to every answer elsewhere."""
        if "session" in request.match_info:
            return web.Response(
                status=204,
                headers={"Accept-Patch": SDP_FRAGMENT, hdrs.ALLOW: "PATCH, DELETE, OPTIONS, GET"},
            )
        return web.Response(
            status=204, headers={"Accept-Post": SDP, hdrs.ALLOW: "POST, OPTIONS, GET"}
        )

    async def nothing(self, request: web.Request) -> web.Response:
        """GET and HEAD are reserved: success without content, if there is such a room."""
        await self._rooms.find(request.match_info["room"])
        return web.Response(status=204)

    async def _authorised(self, request: web.Request) -> Room:
        """The room, if the request bears its key (§4.7)."""
        wait = self._attempts.try_take(
            client_of(request, self._settings).address, asyncio.get_running_loop().time()
        )
        if wait:
            raise TooManyRequests("too many attempts to publish from this address", wait)
        name = request.match_info["room"]
        require_key(request, await self._rooms.key_hash(name))
        try:
            return await self._rooms.find(name)
        except Gone as error:
            raise Conflict("this room has ended: create another") from error


def require_key(request: web.Request, key_hash: bytes) -> None:
    """Raises Unauthorized without a bearer token, Forbidden with a wrong one (RFC 6750)."""
    key = bearer_token(request)
    if not key_matches(key, key_hash):
        raise Forbidden("that key does not belong to this room")


def bearer_token(request: web.Request) -> str:
    """The token of `Authorization: Bearer`. Raises Unauthorized where there is none."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("send the key as Authorization: Bearer KEY")
    return token.strip()


async def _body(request: web.Request, content_type: str) -> str:
    if request.content_type != content_type:
        raise UnsupportedMediaType(f"send Content-Type: {content_type}")
    if (request.content_length or 0) > MAX_BODY:
        raise TooLarge("the body is over 64 KB")
    try:
        return (await request.read()).decode()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge("the body is over 64 KB") from error
    except UnicodeDecodeError as error:
        raise BadRequest("the body is not UTF-8") from error
