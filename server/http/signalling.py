"""The common parts of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): routes, request bodies,
PATCH, OPTIONS, and the answer that creates a session.
"""

from typing import Any, Protocol

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from relay.rtc.fragment import Fragment, parse_fragment
from relay.rtc.peer_session import PeerSession
from server.errors import (
    BadRequest,
    PreconditionFailed,
    PreconditionRequired,
    UnsupportedMediaType,
)
from server.host.ice_servers import links
from server.http.request import read_body

SDP, SDP_FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
ACCEPTED = {"Accept-Post": SDP, "Accept-Patch": SDP_FRAGMENT}
"""The content types that an endpoint and its sessions accept. A client that asks only the endpoint
learns from it that the sessions accept PATCH.
"""


class SignallingEndpoint(Protocol):
    """The request handlers of a WHIP or WHEP endpoint and of its sessions."""

    async def create(self, request: web.Request) -> web.Response:
        """Handles a POST of an offer to the endpoint."""

    async def change(self, request: web.Request) -> web.Response:
        """Handles a PATCH that sends ICE candidates for a session, or restarts its ICE."""

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
        web.patch(session, endpoint.change),
        web.delete(session, endpoint.end),
        web.options(session, _session_options),
        web.get(session, endpoint.discover),
    ]


async def read_offer(request: web.Request) -> str:
    """Reads the SDP offer of a POST. Raises BadRequest, RequestTimeout, TooLarge or
    UnsupportedMediaType.
    """
    return await _read_text(request, SDP)


async def read_fragment(request: web.Request) -> Fragment:
    """Reads the SDP fragment of a PATCH. Raises the same errors as `read_offer`, and OfferError."""
    return parse_fragment(await _read_text(request, SDP_FRAGMENT))


def created(
    answer: str, location: str, session: PeerSession, ice_servers: list[dict[str, Any]]
) -> web.Response:
    """Returns 201 with the SDP answer, the session's URL in Location, its ICE session in ETag, and
    a Link header for each ICE server (RFC 9725 §4.2, §4.3.1, §4.6).
    """
    headers = [
        (hdrs.LOCATION, location),
        (hdrs.ETAG, _etag(session)),
        *((hdrs.LINK, link) for link in links(ice_servers)),
    ]
    # aiohttp would add a charset to a text, but the types of SDP have none.
    return web.Response(status=201, body=answer.encode(), content_type=SDP, headers=headers)


def changed(
    request: web.Request, fragment: Fragment, session: PeerSession, hosts: list[str]
) -> web.Response:
    """Applies the fragment of a PATCH to a session. Returns 204 for candidates (RFC 9725 §4.3.2),
    and 200 with the server's end of the new ICE session for a restart (§4.3.3). The new session has
    a candidate for each of `hosts`.

    Raises OfferError, PreconditionRequired and PreconditionFailed; the session then continues
    unchanged.
    """
    restart = session.is_restart(fragment)
    # Candidates without If-Match are accepted: the WHEP client of whip-whep does not read the ETag
    # of the 201, and Eyevinn's clients send it as ETag.
    if restart or hdrs.IF_MATCH in request.headers:
        _require_match(request, session)
    if not restart:
        return web.Response(status=204)
    session.restart_ice(fragment)
    headers = {hdrs.ETAG: _etag(session)}
    body = session.ice_fragment(hosts).encode()
    return web.Response(body=body, content_type=SDP_FRAGMENT, headers=headers)


def _etag(session: PeerSession) -> str:
    """Returns the strong entity tag of the session's current ICE session (RFC 9725 §4.3.1)."""
    return f'"{session.ufrag}"'


def _require_match(request: web.Request, session: PeerSession) -> None:
    """Checks that the request names the session's current ICE session (RFC 9725 §4.3.1)."""
    if hdrs.IF_MATCH not in request.headers:
        raise PreconditionRequired(
            RefusalCode.MISSING_IF_MATCH,
            "send If-Match with the ETag of the session, or If-Match: * for an ICE restart",
        )
    # The example of RFC 9725 §4.3.3 has the asterisk in quotes.
    names = {tag.value for tag in request.if_match or () if not tag.is_weak}
    if names.isdisjoint({session.ufrag, "*"}):
        raise PreconditionFailed(
            RefusalCode.ICE_SESSION_CHANGED,
            "ICE was restarted since: the If-Match is not the session's last ETag",
        )


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
    headers = {**ACCEPTED, hdrs.ALLOW: "POST, OPTIONS, GET"}
    return web.Response(status=204, headers=headers)


async def _session_options(_: web.Request) -> web.Response:
    headers = {**ACCEPTED, hdrs.ALLOW: "PATCH, DELETE, OPTIONS, GET"}
    return web.Response(status=204, headers=headers)
