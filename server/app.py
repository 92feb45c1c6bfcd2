"""The composition root: creates every part once, and closes the parts in reverse order."""

import asyncio
import gc
import logging
import os
import signal
import socket
import ssl
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
from relay.websocket.tcp import TCP_NOTSENT_LOWAT
from relay.whep import WhepSessions
from relay.worker.workers import Workers
from server.demo import Demo
from server.host import lan
from server.host.addresses import LocalAddress, local_addresses, media_hosts
from server.host.admission import Admission
from server.host.certificate import names_in
from server.host.descriptors import most_connections
from server.host.headroom import Limits
from server.host.load import Audience, LoadSampler
from server.host.self_check import SelfCheck
from server.host.stages import Stages
from server.http.acceptor import TlsAcceptor
from server.http.admin import AdminEndpoint, blocked, require_admin_token, restore_blocks
from server.http.admission import Admissions
from server.http.auth import delayed_refusals
from server.http.blocklist import Blocklist
from server.http.charges import charges, request_limit
from server.http.connections import EACH, PROXY_IDLE, Connection, Connections
from server.http.events import EventsEndpoint
from server.http.headers import answer_headers
from server.http.hls import HlsEndpoint
from server.http.hosts import KnownHosts, Origins, known_hosts
from server.http.lan_peers import LanProtocol
from server.http.limits import ConnectionLimiter
from server.http.metering import metering
from server.http.metrics import Metrics, Playing, Sources
from server.http.middleware import hosts_and_origins, preflights, refusals
from server.http.openapi import OpenApiEndpoint
from server.http.pages import Pages
from server.http.request import MAX_BODY
from server.http.request_handler import RequestHandler
from server.http.rooms import RoomsEndpoint
from server.http.status import StatusEndpoint
from server.http.watch import WatchEndpoint
from server.http.whep import WhepEndpoint
from server.http.whip import WhipEndpoint
from server.ingest.sessions import IngestSessions
from server.ingest.transcoders import Transcoders
from server.memory.budget import MemoryBudget, MemoryLimits
from server.memory.machine import Allocator, default_budget
from server.rooms.registry import Rooms
from server.rooms.room import RoomPolicy
from server.settings import ADMIN_SOCKET_NAME, IPNetwork, Settings
from server.shedding import Shedding
from server.storage.database import Storage

logger = logging.getLogger(__name__)

SHUTDOWN = 3.0
"""Maximum seconds that open requests may take at shutdown before they are cancelled."""
MAX_SOCKET_PATH = 108
"""Size of `sun_path` on Linux, bytes, with the terminating zero (unix(7))."""
UNSENT_BYTES = 65_536
"""Maximum number of unsent bytes in the kernel's buffer of a connection."""
BACKLOG = 4_096
"""Maximum number of new TCP connections that wait for `accept`. Many viewers may connect at once.
"""


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
    """Makes garbage collections short. Collections skip the objects created at startup. The media
    path creates no reference cycles.

    Full collections are rare. A closed session must therefore not be part of a reference cycle,
    which would keep the session and its OpenSSL memory for hours.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def start(settings: Settings, stack: AsyncExitStack) -> RunningServer:
    """Starts all parts of the server. `stack` closes the parts on exit."""
    storage = await Storage.open(settings.data)
    stack.push_async_callback(storage.close)
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
    # Each server has its own registry: several servers may run in one process.
    registry = CollectorRegistry()
    policy = RoomPolicy(settings.idle_ttl, settings.away_grace, settings.ended_ttl)
    rooms = Rooms(storage, hub, ingest.open, policy, Playing(registry).receive)
    watch = WatchEndpoint(rooms, settings)
    events = EventsEndpoint(rooms, watch.sockets, settings)
    hls = HlsEndpoint(rooms, workers, settings)
    addresses = local_addresses()
    listeners = _bind(settings, addresses)
    # The ports are bound but do not listen yet: the rooms of the last run are restored first.
    for listener in listeners:
        stack.callback(listener.sock.close)
    udp_port = listeners[0].port if settings.udp_port is None else settings.udp_port
    await port.open(media_hosts(settings, addresses), udp_port)
    hosts = list(settings.announce or port.hosts)
    await rooms.open()
    whep = WhepSessions(port, hosts, settings.max_connecting_whep)
    memory = MemoryBudget(
        MemoryLimits(
            settings.memory or default_budget(),
            settings.window_seconds,
            settings.window_bytes,
            settings.remb,
        ),
        rooms.in_memory,
        hls.renditions,
        whep,
        watch.viewers,
    )
    memory.start()
    stack.callback(memory.close)
    admission = Admission(Limits(settings.max_load))
    stages = Stages(settings.remb)
    connections = Connections(
        EACH * settings.max_sockets_per_address,
        settings.trusted_proxies,
        min(settings.max_connections, most_connections()),
    )
    stack.callback(connections.close)
    sources = Sources(
        rooms.in_memory,
        hub,
        port,
        watch,
        hls.renditions,
        whep,
        ingest,
        memory,
        workers,
        meter,
        admission,
        stages,
        connections,
    )
    metrics = Metrics(sources, registry, settings)
    admissions = Admissions(admission, rooms.in_memory, hls.renditions)
    blocklist = Blocklist()
    await restore_blocks(blocklist, storage)
    admin = partial(AdminEndpoint, rooms, blocklist, storage, connections.cut)
    origins = Origins(settings)
    pages = Pages(rooms, settings)
    play = WhepEndpoint(rooms, whep, settings)
    sessions = (watch.sockets, hls.requests, play.held)
    endpoints = (
        pages,
        RoomsEndpoint(rooms, settings),
        StatusEndpoint(rooms, admission, memory, settings),
        OpenApiEndpoint(),
        watch,
        events,
        hls,
        WhipEndpoint(rooms, memory, admissions, settings, hosts),
        play,
        metrics,
        admin(require_admin_token(settings)),
    )
    app = _application(
        endpoints,
        connections.middleware,
        metering(meter, settings),
        refusals(pages, settings),
        delayed_refusals(settings),
        blocked(blocklist, settings),
        request_limit(connections.count, lambda address: _count(sessions, address), settings),
        hosts_and_origins(_known_hosts(settings), origins, settings),
        preflights,
        admissions.middleware,
        charges(rooms.in_memory, hls.renditions, settings),
    )
    app.on_response_prepare.append(answer_headers(settings, origins))
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(rooms.close)
    stack.push_async_callback(hls.close)
    stack.push_async_callback(whep.close)
    stack.callback(watch.close_viewers)
    stack.callback(events.close_streams)
    stack.callback(rooms.refuse_new)  # before viewers are closed: players reconnect at once
    for listener in listeners:
        await _Site(runner, listener, connections).start()
    socket_app = _application([admin(lambda _: None)], refusals(pages, settings))
    await _open_admin_socket(settings.data / ADMIN_SOCKET_NAME, socket_app, stack)
    sampler = LoadSampler(
        port,
        hub.pulse,
        meter,
        admission,
        ingest.keyframes,
        lambda: _audience(watch, whep, ingest),
    )
    sampler.start()
    stack.callback(sampler.close)
    shedding = Shedding(
        stages, rooms.in_memory, hls.renditions, watch.viewers, lambda: admission.headroom
    )
    if settings.max_load < 1:
        shedding.start()
        stack.callback(shedding.close)
    self_check = SelfCheck(port, hosts, settings)
    self_check.start()
    stack.push_async_callback(self_check.close)
    urls = [listener.url for listener in listeners]
    if settings.demo:
        demo = Demo(urls[0], rooms)
        await demo.start()
        stack.push_async_callback(demo.close)
        urls.append(demo.watch_url)
    return RunningServer(urls, app, rooms, port, whep, sampler, shedding, connections)


def _audience(watch: WatchEndpoint, whep: WhepSessions, ingest: IngestSessions) -> Audience:
    """Returns the numbers of creators and viewers, and the time that the delivery took."""
    return Audience(
        ingest.counters.sending,
        len(watch.viewers) + sum(viewers for _, viewers in whep.audiences),
        ingest.counters.totals()["delivery_ns"],
    )


def _transcoders(settings: Settings) -> int:
    """Returns the maximum number of rooms that are transcoded, by default one per core. A
    transcoder needs about a quarter of a core (720p, 30 fps), so most of the machine remains free.
    """
    return (os.cpu_count() or 1) if settings.transcoders is None else settings.transcoders


def _application(endpoints: Iterable[Endpoint], *middlewares: Middleware) -> web.Application:
    """Returns an application with the routes of the endpoints. The first middleware is the
    outermost one.
    """
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    for endpoint in endpoints:
        app.add_routes(endpoint.routes())
    return app


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
    sock = _bound_unix_socket(path)
    stack.callback(_remove, path)
    stack.callback(sock.close)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, sock).start()


def _bound_unix_socket(path: Path) -> socket.socket:
    _remove(path)  # a server that was killed leaves its socket
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        sock.bind(os.fspath(path))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{path}: {error.strerror}") from error
    finally:
        os.umask(umask)
    return sock


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _count(limiters: Sequence[ConnectionLimiter], address: str) -> tuple[int, int]:
    """Returns the number of sessions of the address, and of its network, over all limiters."""
    counts = [limiter.count(address) for limiter in limiters]
    return sum(own for own, _ in counts), sum(together for _, together in counts)


@dataclass(frozen=True, slots=True)
class _Listener:
    """A bound TCP port of the server."""

    sock: socket.socket
    host: str
    tls: ssl.SSLContext | None
    networks: tuple[IPNetwork, ...] | None = None
    """Networks whose peers may connect. None: every peer may connect."""

    @property
    def port(self) -> int:
        number: int = self.sock.getsockname()[1]
        return number

    @property
    def url(self) -> str:
        host = (
            "127.0.0.1"
            if self.host in ("0.0.0.0", "::")
            else f"[{self.host}]"
            if ":" in self.host
            else self.host
        )
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


class _Site(web.SockSite):
    """An aiohttp SockSite that uses an AdmissionProtocol for each connection."""

    def __init__(
        self, runner: web.AppRunner, listener: _Listener, connections: Connections
    ) -> None:
        super().__init__(runner, listener.sock, ssl_context=listener.tls)
        self._listener = listener
        self._connections = connections
        self._acceptor: TlsAcceptor | None = None

    async def start(self) -> None:
        await web.BaseSite.start(self)
        handlers = self._runner.server
        assert handlers is not None
        listener = self._listener
        if listener.tls:
            self._acceptor = TlsAcceptor(
                listener.sock, listener.tls, self._connections, lambda: self._protocol(handlers)
            )
            self._acceptor.start(BACKLOG)
            return
        self._server = await asyncio.get_running_loop().create_server(
            lambda: self._protocol(handlers), sock=listener.sock, backlog=BACKLOG
        )

    async def stop(self) -> None:
        if self._acceptor:
            await self._acceptor.close()
        await super().stop()

    def _protocol(self, server: web.Server) -> Connection:
        make_handler = partial(
            RequestHandler,
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # as in aiohttp's own runner
            keepalive_timeout=PROXY_IDLE,
        )
        networks = self._listener.networks
        if networks is None:
            return Connection(self._connections, make_handler)
        return LanProtocol(self._connections, make_handler, networks)


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


def _bind(settings: Settings, addresses: Sequence[LocalAddress]) -> list[_Listener]:
    """Binds the TCP ports. Returns the main listener first, then the listeners of --lan. If a port
    cannot be bound, closes all sockets and raises OSError.
    """
    listeners: list[_Listener] = []
    try:
        tls = (
            _tls(settings.tls_cert, settings.tls_key)
            if settings.tls_cert and settings.tls_key
            else None
        )
        listeners.append(_Listener(_bound_socket(settings.host, settings.port), settings.host, tls))
        if settings.lan:
            private = [address for address in addresses if address.is_private]
            networks = tuple(address.network for address in private)
            hosts = [address.text for address in private]
            lan_tls = _tls(*lan.self_signed(settings.data, hosts))
            lan_port = settings.lan_port
            for host in hosts:
                sock = _bound_socket(host, lan_port)
                listeners.append(_Listener(sock, host, lan_tls, networks))
                lan_port = listeners[-1].port
    except BaseException:
        for listener in listeners:
            listener.sock.close()
        raise
    return listeners


def _bound_socket(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        # Accepted connections inherit this limit. Without the limit, the kernel keeps megabytes for
        # a client that reads nothing.
        sock.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"port {port} of {host}: {error.strerror}") from error
    return sock


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
