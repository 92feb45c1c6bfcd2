"""The web applications: endpoints behind middleware."""

import logging
import socket
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Middleware

from server.composition.endpoints import (
    Endpoint,
    clip_access,
    discovery_endpoints,
    media_endpoints,
    operator_endpoints,
    person_endpoints,
    public_page_endpoints,
    room_endpoints,
)
from server.composition.parts import Parts
from server.host.certificate import names_in
from server.http.admin import blocked, require_admin_token
from server.http.admission import Admissions
from server.http.auth import delayed_refusals
from server.http.cards import Cards
from server.http.charges import charges, request_limit
from server.http.clip_page import ClipPages
from server.http.embedded_media import EmbeddedMedia
from server.http.error_answers import refusals
from server.http.follows import Profiles
from server.http.forwarding import Forwarder
from server.http.headers import AnswerHeaders
from server.http.hosts import KnownHosts, Origins, known_hosts
from server.http.metering import metering
from server.http.metrics import Metrics, OwnMetrics
from server.http.middleware import hosts_and_origins, last_answers, preflights
from server.http.oembed import OEmbedEndpoint
from server.http.openapi import OpenApiEndpoint
from server.http.pages import Pages
from server.http.request import MAX_BODY
from server.http.status import StatusEndpoint
from server.http.templates import Templates
from server.recordings.replay_views import ReplayViews
from server.settings import Settings

logger = logging.getLogger(__name__)


def create_pages(parts: Parts) -> tuple[Pages, Profiles]:
    """Returns the pages, and the profiles that some pages show."""
    storage, stored = parts.storage, parts.stored
    profiles = Profiles(storage.people, storage.follows, storage.bans, parts.rooms)
    clips = ClipPages(stored.clips, clip_access(parts), storage.people, parts.rooms)
    cards = Cards(stored.posters, stored.replay_posters, parts.settings)
    views = ReplayViews(stored.replays, storage)
    pages = Pages(
        Templates(parts.settings),
        parts.rooms,
        profiles,
        clips,
        views,
        parts.visitors.access,
        parts.visitors.requesters,
        cards,
        parts.settings,
    )
    return pages, profiles


def public_application(
    parts: Parts,
    pages: Pages,
    profiles: Profiles,
    metrics: Metrics,
    hosts: KnownHosts,
    origins: Origins,
    forwarder: Forwarder | None,
) -> web.Application:
    """Returns the application for all clients."""
    settings, rooms, limits, outputs = parts.settings, parts.rooms, parts.limits, parts.outputs
    admissions = Admissions(limits.admission, rooms.in_memory, outputs.hls.renditions)
    app = _application(
        (
            pages,
            _embedded_media(parts, pages),
            _oembed_endpoint(parts, pages),
            *room_endpoints(parts),
            *person_endpoints(parts, profiles),
            *discovery_endpoints(parts, profiles),
            *public_page_endpoints(parts, profiles, pages.templates),
            StatusEndpoint(rooms, limits.admission, limits.memory, settings),
            OpenApiEndpoint(),
            *media_endpoints(parts, admissions),
            metrics,
            *operator_endpoints(parts, require_admin_token(settings)),
        ),
        limits.connections.middleware,
        metering(parts.media.meter, settings),
        refusals(pages, settings),
        delayed_refusals(settings),
        blocked(parts.blocklist, settings),
        request_limit(limits.rates, limits.connections.count, outputs.count_sessions, settings),
        hosts_and_origins(hosts, origins, settings),
        preflights,
        admissions.middleware,
        charges(limits.rates, rooms.knows, outputs.hls.renditions, parts.stored.replays, settings),
        parts.visitors.access.middleware,
        *([forwarder.middleware] if forwarder else []),
    )
    app.on_response_prepare.append(AnswerHeaders(settings, origins).prepare)
    app.on_response_prepare.append(parts.visitors.identity.prepare)
    app.on_response_prepare.append(last_answers(lambda: rooms.acceptance.draining))
    return app


def _embedded_media(parts: Parts, pages: Pages) -> EmbeddedMedia:
    views = ReplayViews(parts.stored.replays, parts.storage)
    return EmbeddedMedia(pages.templates, clip_access(parts), views, parts.settings)


def _oembed_endpoint(parts: Parts, pages: Pages) -> OEmbedEndpoint:
    return OEmbedEndpoint(
        parts.rooms,
        parts.stored.clips,
        parts.storage.recordings,
        pages.cards,
        pages.templates.strings_for,
        parts.settings,
    )


def admin_application(parts: Parts, pages: Pages, metrics: Metrics) -> web.Application:
    """Returns the application for the admin socket. Clients of this socket need no token."""
    return _application(
        (OwnMetrics(metrics), *operator_endpoints(parts, lambda _: None)),
        refusals(pages, parts.settings),
    )


def _application(endpoints: Iterable[Endpoint], *middlewares: Middleware) -> web.Application:
    """Returns an application with the routes of the endpoints. The first middleware is the
    outermost one.
    """
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    for endpoint in endpoints:
        app.add_routes(endpoint.routes())
    return app


def read_hosts(settings: Settings) -> KnownHosts:
    """Returns the hosts of this server. Logs a warning if the server accepts requests for all host
    names.
    """
    machine = socket.gethostname()
    known = known_hosts(
        settings,
        names_in(settings.tls_cert) if settings.tls_cert else (),
        (machine, f"{machine}.local"),
    )
    if known.any_host:
        logger.warning(
            "this server has no host name, so it answers for every host name: set --public-url, or "
            "--hosts"
        )
    return known
