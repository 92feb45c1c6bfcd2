"""The common parts of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): routes, request bodies,
trickle ICE, OPTIONS, and the answer that creates a session.
"""

import re
from typing import Any, Protocol

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.errors import BadRequest, Unprocessable, UnsupportedMediaType
from server.host.ice_servers import links
from server.http.request import read_body

SDP, SDP_FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"

_FRAGMENT_UFRAG = re.compile(r"^a=ice-ufrag:(\S{1,256})\s*$", re.MULTILINE)
_SDP_LINE = re.compile(r"[a-z]=")


class SignallingEndpoint(Protocol):
    """The request handlers of a WHIP or WHEP endpoint and of its sessions."""

    async def create(self, request: web.Request) -> web.Response:
        """Handles a POST of an offer to the endpoint."""

    async def trickle(self, request: web.Request) -> web.Response:
        """Handles a PATCH that sends ICE candidates for a session."""

    async def end(self, request: web.Request) -> web.Response:
        """Handles a DELETE of a session."""

    async def discover(self, request: web.Request) -> web.Response:
        """Handles GET and HEAD of the endpoint or of a session."""


def signalling_routes(prefix: str, endpoint: SignallingEndpoint) -> list[web.RouteDef]:
    """Returns the routes of `{prefix}/{room}` and `{prefix}/{room}/{session}`, with and without a
    trailing slash. Both forms are needed, because some clients do not follow the redirect of a
    POST.
    """
    room, session = f"{prefix}/{{room}}{{slash:/?}}", f"{prefix}/{{room}}/{{session}}{{slash:/?}}"
    return [
        web.post(room, endpoint.create),
        web.options(room, _room_options),
        web.get(room, endpoint.discover),
        web.patch(session, endpoint.trickle),
        web.delete(session, endpoint.end),
        web.options(session, _session_options),
        web.get(session, endpoint.discover),
    ]


async def read_offer(request: web.Request) -> str:
    """Reads the SDP offer of a POST. Raises BadRequest, RequestTimeout, TooLarge or
    UnsupportedMediaType.
    """
    return await _read_text(request, SDP)


async def read_trickle(request: web.Request, remote_ufrag: str) -> None:
    """Reads a PATCH with ICE candidates and ignores the candidates. The server does not need them:
    it is an ICE-lite agent and learns the peer's address from the peer's connectivity checks.

    Raises the same errors as `read_offer`. Raises Unprocessable for an ICE restart (RFC 9725
    §4.3.3); the session then continues unchanged.
    """
    fragment = await _read_text(request, SDP_FRAGMENT)
    lines = [line for line in fragment.splitlines() if line]
    if not fragment.strip() or not all(_SDP_LINE.match(line) for line in lines):
        raise BadRequest(RefusalCode.NOT_SDP_FRAGMENT, "the body is not an SDP fragment (RFC 8840)")
    if set(_FRAGMENT_UFRAG.findall(fragment)) - {remote_ufrag}:
        raise Unprocessable(
            RefusalCode.NO_ICE_RESTART, "ICE restart is not supported: POST a new offer"
        )


def created(answer: str, location: str, ice_servers: list[dict[str, Any]]) -> web.Response:
    """Returns 201 with the SDP answer, the session's URL in Location and a Link header for each ICE
    server (RFC 9725 §4.6).
    """
    headers = [(hdrs.LOCATION, location), *((hdrs.LINK, link) for link in links(ice_servers))]
    return web.Response(status=201, text=answer, content_type=SDP, headers=headers)


async def _read_text(request: web.Request, content_type: str) -> str:
    if request.content_type != content_type:
        raise UnsupportedMediaType(
            RefusalCode.WRONG_CONTENT_TYPE, f"send Content-Type: {content_type}"
        )
    try:
        return (await read_body(request)).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(RefusalCode.BODY_NOT_UTF8, "the body is not UTF-8") from error


async def _room_options(_: web.Request) -> web.Response:
    headers = {"Accept-Post": SDP, hdrs.ALLOW: "POST, OPTIONS, GET"}
    return web.Response(status=204, headers=headers)


async def _session_options(_: web.Request) -> web.Response:
    headers = {"Accept-Patch": SDP_FRAGMENT, hdrs.ALLOW: "PATCH, DELETE, OPTIONS, GET"}
    return web.Response(status=204, headers=headers)
