"""The composition root: creates every part once, and closes the parts in reverse order."""

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import CollectorRegistry

from relay.channel.hub import Hub
from relay.meter import Meter, MeterPolicy
from relay.rtc.udp import UdpPort
from relay.whep import WhepSessions
from relay.worker.workers import Workers
from server.demo import Demo
from server.host.addresses import local_addresses, media_hosts
from server.host.admission import Admission
from server.host.certificate import names_in
from server.host.descriptors import most_connections
from server.host.headroom import Limits
from server.host.listeners import Listener, bind_listeners, bind_unix_socket
from server.host.load import Audience, LoadSampler
from server.host.self_check import SelfCheck
from server.host.stages import Stages
from server.http.access import Access
from server.http.account import AccountEndpoint
from server.http.admin import AdminEndpoint, blocked, require_admin_token, restore_blocks
from server.http.admin_moderation import AdminModerationEndpoint
from server.http.admin_people import AdminPeopleEndpoint
from server.http.admission import Admissions
from server.http.auth import delayed_refusals
from server.http.blocklist import Blocklist
from server.http.charges import charges, request_limit
from server.http.chat import ChatEndpoint
from server.http.client import is_in
from server.http.codes import CodesEndpoint
from server.http.connections import EACH, Connections
from server.http.countdown import CountdownEndpoint
from server.http.devices import DevicesEndpoint
from server.http.error_answers import refusals
from server.http.events import EventsEndpoint
from server.http.follows import FollowsEndpoint, Profiles
from server.http.headers import answer_headers
from server.http.hidden import HiddenEndpoint
from server.http.hls import HlsEndpoint
from server.http.hosts import KnownHosts, Origins, known_hosts
from server.http.identity import Identity
from server.http.metering import metering
from server.http.metrics import Metrics
from server.http.middleware import hosts_and_origins, preflights
from server.http.moderation import ModerationEndpoint
from server.http.openapi import OpenApiEndpoint
from server.http.pages import Pages
from server.http.people import PeopleEndpoint
from server.http.playback_metrics import Playing
from server.http.polls import PollsEndpoint
from server.http.reports import ReportsEndpoint
from server.http.request import MAX_BODY
from server.http.requester import Requesters
from server.http.rooms import RoomsEndpoint
from server.http.server_metrics import Sources
from server.http.sign_in import SignInEndpoint
from server.http.social_metrics import SocialSources
from server.http.status import StatusEndpoint
from server.http.summary import SummaryEndpoint
from server.http.tcp_site import TcpSite
from server.http.watch import WatchEndpoint
from server.http.watch_links import WatchLinksEndpoint
from server.http.whep import WhepEndpoint
from server.http.whip import WhipEndpoint
from server.ingest.sessions import IngestSessions
from server.ingest.transcoders import Transcoders
from server.memory.budget import MemoryBudget, MemoryLimits
from server.memory.machine import Allocator, default_budget
from server.people.purge import Purge
from server.rooms.registry import Rooms
from server.rooms.room import RoomPolicy
from server.setting_types import IPNetwork
from server.settings import ADMIN_SOCKET_NAME, Settings
from server.shedding import Shedding
from server.storage.purging import Purging
from server.storage.retention import RetentionPeriods
from server.storage.storage import Storage

logger = logging.getLogger(__name__)

SHUTDOWN = 3.0
"""Maximum seconds that open requests may take at shutdown before they are cancelled."""
MAX_SOCKET_PATH = 108
"""Size of `sun_path` on Linux, bytes, with the terminating zero (unix(7))."""


class Endpoint(Protocol):
    """One or more HTTP resources."""

    def routes(self) -> list[web.RouteDef]: ...


@dataclass(frozen=True, slots=True)
class RunningServer:
    """The parts of a running server that tests and embedding programs need."""

    urls: list[str]
    """URLs of the web pages."""
    application: web.Application
    rooms: Rooms
    udp: UdpPort
    whep: WhepSessions
    load: LoadSampler
    shedding: Shedding
    connections: Connections
    storage: Storage
    identity: Identity
    access: Access


async def serve(
    settings: Settings, ready: Callable[[list[str]], None], stopping: Callable[[], None]
) -> None:
    """Serves until SIGINT or SIGTERM. Calls `ready` with the URLs of the pages once the server
    answers, and `stopping` when the server begins to shut down. Raises OSError if a port is not
    available, StorageError if the data cannot be opened.
    """
    Allocator().limit_arenas()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        server = await start(settings, stack)
        _tune_garbage_collector()
        ready(server.urls)
        await stop.wait()
        stopping()


def _tune_garbage_collector() -> None:
    """Makes garbage collections short and rare. Collections skip the objects that exist after
    startup. Rare collections are enough, because the media path creates no reference cycles.

    A closed session must not be part of a reference cycle: until the next full collection, the
    cycle would keep the session and its OpenSSL memory, perhaps for hours.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def start(settings: Settings, stack: AsyncExitStack) -> RunningServer:
    """Starts all parts of the server. `stack` closes the parts on exit."""
    storage = await Storage.open(settings.data, settings.database_url)
    stack.push_async_callback(storage.close)
    blocklist = Blocklist()
    await restore_blocks(blocklist, storage)
    media = _open_media(settings, stack)
    # Each server has its own registry: several servers may run in one process.
    registry = CollectorRegistry()
    policy = RoomPolicy(
        settings.idle_ttl,
        settings.away_grace,
        settings.max_length,
        settings.max_messages_per_room_second,
    )
    rooms = Rooms(storage, media.hub, media.ingest.open, policy, Playing(registry).receive)
    addresses = local_addresses()
    listeners = bind_listeners(settings, addresses)
    # The ports are bound but do not listen yet: the rooms of the last run are restored first.
    for listener in listeners:
        stack.callback(listener.sock.close)
    udp_port = listeners[0].port if settings.udp_port is None else settings.udp_port
    await media.udp.open(media_hosts(settings, addresses), udp_port)
    hosts = list(settings.announce or media.udp.hosts)
    await rooms.open()
    purging = Purging(storage.retention, _retention_periods(settings))
    purging.start()
    stack.push_async_callback(purging.close)
    origins = Origins(settings)
    identity = Identity(storage.people, storage.cookie_keys, origins, settings)
    await identity.open()
    stack.push_async_callback(identity.close)
    purge = Purge(storage.accounts, identity.counters, rooms.forget_person)
    purge.start()
    stack.push_async_callback(purge.close)
    requesters = Requesters(identity, settings)
    access = Access(rooms, requesters, settings)
    access.open()
    stack.push_async_callback(access.close)
    outputs = _create_outputs(rooms, media, identity, access, hosts, settings)
    limits = _open_limits(rooms, outputs, settings, stack)
    social = SocialSources(
        rooms.social, identity.counters, rooms.in_memory, outputs.watch, outputs.events
    )
    sources = _sources(rooms, storage, media, outputs, limits)
    metrics = Metrics(sources, social, registry, settings)

    def cut(network: IPNetwork) -> None:
        limits.connections.cut(network)
        outputs.whep.end_clients(lambda address: is_in(address, (network,)))

    admin = partial(AdminEndpoint, rooms, blocklist, storage, cut)
    admin_people = partial(AdminPeopleEndpoint, identity, storage.people, storage.cookie_keys)
    admin_moderation = partial(AdminModerationEndpoint, rooms, storage)
    profiles = Profiles(storage.people, storage.follows, rooms)
    pages = Pages(rooms, profiles, access, settings)
    admissions = Admissions(limits.admission, rooms.in_memory, outputs.hls.renditions)
    endpoints: tuple[Endpoint, ...] = (
        pages,
        RoomsEndpoint(rooms, identity, settings),
        PeopleEndpoint(identity, storage.people, settings),
        PollsEndpoint(rooms, requesters),
        CountdownEndpoint(rooms, requesters),
        SummaryEndpoint(rooms, requesters),
        FollowsEndpoint(identity, storage.follows, profiles),
        ChatEndpoint(rooms, requesters),
        ModerationEndpoint(rooms, requesters),
        ReportsEndpoint(rooms, storage.reports, identity, requesters),
        WatchLinksEndpoint(rooms, requesters, settings),
        *_person_endpoints(identity, storage, settings),
        StatusEndpoint(rooms, limits.admission, limits.memory, settings),
        OpenApiEndpoint(),
        outputs.watch,
        outputs.events,
        outputs.hls,
        WhipEndpoint(rooms, limits.memory, admissions, settings, hosts),
        outputs.play,
        metrics,
        admin(require_admin_token(settings)),
        admin_people(require_admin_token(settings)),
        admin_moderation(require_admin_token(settings)),
    )
    app = _application(
        endpoints,
        limits.connections.middleware,
        metering(media.meter, settings),
        refusals(pages, settings),
        delayed_refusals(settings),
        blocked(blocklist, settings),
        request_limit(limits.connections.count, outputs.count_sessions, settings),
        hosts_and_origins(_known_hosts(settings), origins, settings),
        preflights,
        admissions.middleware,
        charges(rooms.in_memory, outputs.hls.renditions, settings),
        access.middleware,
    )
    app.on_response_prepare.append(answer_headers(settings, origins))
    app.on_response_prepare.append(identity.prepare)
    await _serve(app, listeners, rooms, outputs, limits.connections, stack)
    local = [endpoint(lambda _: None) for endpoint in (admin, admin_people, admin_moderation)]
    socket_app = _application(local, refusals(pages, settings))
    await _open_admin_socket(settings.data / ADMIN_SOCKET_NAME, socket_app, stack)
    sampler, shedding = _start_measuring(rooms, media, outputs, limits, settings, stack)
    self_check = SelfCheck(media.udp, hosts, settings)
    self_check.start()
    stack.push_async_callback(self_check.close)
    urls = [listener.url for listener in listeners]
    if settings.demo:
        urls.append(await _start_demo(urls[0], rooms, stack))
    return RunningServer(
        urls,
        app,
        rooms,
        media.udp,
        outputs.whep,
        sampler,
        shedding,
        limits.connections,
        storage,
        identity,
        access,
    )


def _retention_periods(settings: Settings) -> RetentionPeriods:
    return RetentionPeriods(
        rooms=settings.ended_ttl,
        messages=settings.message_ttl,
        reactions=settings.reaction_ttl,
        polls=settings.poll_ttl,
        logs=settings.log_ttl,
        reports=settings.report_ttl,
        devices=settings.device_ttl,
    )


def _person_endpoints(
    identity: Identity, storage: Storage, settings: Settings
) -> tuple[Endpoint, ...]:
    """Returns the endpoints for the sign-in, the devices and the data of a person."""
    return (
        SignInEndpoint(identity, storage.passkeys, storage.accounts, settings),
        CodesEndpoint(identity, storage.transfers, storage.accounts, settings),
        DevicesEndpoint(identity, storage.devices),
        HiddenEndpoint(identity, storage.hidden),
        AccountEndpoint(
            identity, storage.accounts, storage.devices, storage.personal_data, settings
        ),
    )


@dataclass(frozen=True, slots=True)
class _Media:
    """The parts that receive and keep the media of creators."""

    meter: Meter
    udp: UdpPort
    hub: Hub
    workers: Workers
    ingest: IngestSessions


def _open_media(settings: Settings, stack: AsyncExitStack) -> _Media:
    """Creates the parts for media. The UDP port is not open yet."""
    meter = Meter(MeterPolicy(settings.max_loop_share), time.thread_time_ns)
    port = UdpPort(meter)
    stack.push_async_callback(port.close)
    hub = Hub(settings.window_seconds, settings.window_bytes)
    hub.pulse.start()
    stack.callback(hub.close)
    workers = Workers(audio="relay.hls.aac_worker", video="server.ingest.transcoder_worker")
    stack.push_async_callback(workers.close)
    transcoders = Transcoders(
        workers,
        _transcoders(settings),
        settings.max_transcoders_per_address,
        settings.video_bitrate,
    )
    ingest = IngestSessions(port, transcoders, settings.remb, settings.max_bitrate)
    return _Media(meter, port, hub, workers, ingest)


def _transcoders(settings: Settings) -> int:
    """Returns the maximum number of rooms that are transcoded, by default one per core. A
    transcoder needs about a quarter of a core (720p, 30 fps), so most of the machine remains free.
    """
    return (os.cpu_count() or 1) if settings.transcoders is None else settings.transcoders


@dataclass(frozen=True, slots=True)
class _Outputs:
    """The parts that send media and events to viewers."""

    watch: WatchEndpoint
    events: EventsEndpoint
    hls: HlsEndpoint
    whep: WhepSessions
    play: WhepEndpoint

    def audience(self, ingest: IngestSessions) -> Audience:
        """Returns the numbers of creators and viewers, and the time that the delivery of media to
        viewers took.
        """
        return Audience(
            ingest.counters.sending,
            len(self.watch.viewers) + sum(viewers for _, viewers in self.whep.audiences),
            ingest.counters.total("delivery_ns"),
        )

    def count_sessions(self, address: str) -> tuple[int, int]:
        """Returns the number of sessions of the address, and of its network."""
        limiters = (self.watch.sockets, self.hls.requests, self.play.held)
        counts = [limiter.count(address) for limiter in limiters]
        return sum(own for own, _ in counts), sum(together for _, together in counts)


def _create_outputs(
    rooms: Rooms,
    media: _Media,
    identity: Identity,
    access: Access,
    hosts: list[str],
    settings: Settings,
) -> _Outputs:
    watch = WatchEndpoint(rooms, identity, access, settings)
    whep = WhepSessions(media.udp, hosts, settings.max_connecting_whep)
    return _Outputs(
        watch,
        EventsEndpoint(rooms, watch.sockets, identity, access, settings),
        HlsEndpoint(rooms, media.workers, settings),
        whep,
        WhepEndpoint(rooms, whep, access, settings),
    )


@dataclass(frozen=True, slots=True)
class _Limits:
    """The parts that limit the memory, the load and the connections of the server."""

    memory: MemoryBudget
    admission: Admission
    stages: Stages
    connections: Connections


def _open_limits(
    rooms: Rooms, outputs: _Outputs, settings: Settings, stack: AsyncExitStack
) -> _Limits:
    memory = MemoryBudget(
        MemoryLimits(
            settings.memory or default_budget(),
            settings.window_seconds,
            settings.window_bytes,
            settings.remb,
        ),
        rooms.in_memory,
        outputs.hls.renditions,
        outputs.whep,
        outputs.watch.buffered,
    )
    memory.start()
    stack.callback(memory.close)
    connections = Connections(
        EACH * settings.max_sockets_per_address,
        settings.trusted_proxies,
        min(settings.max_connections, most_connections()),
    )
    stack.callback(connections.close)
    return _Limits(memory, Admission(Limits(settings.max_load)), Stages(settings.remb), connections)


def _sources(
    rooms: Rooms, storage: Storage, media: _Media, outputs: _Outputs, limits: _Limits
) -> Sources:
    """Returns the objects from which the metrics are read."""
    return Sources(
        rooms.in_memory,
        media.hub,
        media.udp,
        outputs.watch,
        outputs.hls.renditions,
        outputs.whep,
        media.ingest,
        limits.memory,
        media.workers,
        media.meter,
        limits.admission,
        limits.stages,
        limits.connections,
        storage.database,
    )


def _application(endpoints: Iterable[Endpoint], *middlewares: Middleware) -> web.Application:
    """Returns an application with the routes of the endpoints. The first middleware is the
    outermost one.
    """
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    for endpoint in endpoints:
        app.add_routes(endpoint.routes())
    return app


async def _serve(
    app: web.Application,
    listeners: Sequence[Listener],
    rooms: Rooms,
    outputs: _Outputs,
    connections: Connections,
    stack: AsyncExitStack,
) -> None:
    """Serves the application at all TCP ports."""
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(rooms.close)
    stack.push_async_callback(outputs.hls.close)
    stack.push_async_callback(outputs.whep.close)
    stack.callback(outputs.watch.close_viewers)
    stack.callback(outputs.events.close_streams)
    stack.callback(rooms.refuse_new)  # before viewers are closed: players reconnect at once
    for listener in listeners:
        await TcpSite(runner, listener, connections).start()


async def _open_admin_socket(path: Path, app: web.Application, stack: AsyncExitStack) -> None:
    """Serves the admin API on a Unix socket that only this user can open. If the path is too long
    for a socket, logs a warning instead.
    """
    if len(os.fsencode(path)) >= MAX_SOCKET_PATH:
        logger.warning(
            "no admin socket: the path %s is over %d bytes; use --admin-token instead",
            path,
            MAX_SOCKET_PATH - 1,
        )
        return
    sock = bind_unix_socket(path)
    stack.callback(partial(path.unlink, missing_ok=True))
    stack.callback(sock.close)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, sock).start()


def _start_measuring(
    rooms: Rooms,
    media: _Media,
    outputs: _Outputs,
    limits: _Limits,
    settings: Settings,
    stack: AsyncExitStack,
) -> tuple[LoadSampler, Shedding]:
    """Starts the measurement of the load. If the settings limit the load, also starts the shedding
    of load.
    """
    admission = limits.admission
    sampler = LoadSampler(
        media.udp,
        media.hub.pulse,
        media.meter,
        admission,
        media.ingest.keyframes,
        lambda: outputs.audience(media.ingest),
    )
    sampler.start()
    stack.callback(sampler.close)
    shedding = Shedding(
        limits.stages,
        rooms.in_memory,
        outputs.hls.renditions,
        outputs.watch.viewers,
        lambda: admission.headroom,
    )
    if not admission.limits.never:
        shedding.start()
        stack.callback(shedding.close)
    return sampler, shedding


async def _start_demo(url: str, rooms: Rooms, stack: AsyncExitStack) -> str:
    """Starts the synthetic publisher. Returns the URL at which its room can be watched."""
    demo = Demo(url, rooms)
    await demo.start()
    stack.push_async_callback(demo.close)
    return demo.watch_url


def _known_hosts(settings: Settings) -> KnownHosts:
    """Returns the hosts of this server. Logs a warning if every host is known."""
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
