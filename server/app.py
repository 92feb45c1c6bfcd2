"""The composition root: everything is made here, once, and ended here, in the opposite order."""

import asyncio
import gc
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from relay.channel.hub import Hub
from relay.rtc.udp import UdpPort
from relay.whep import WhepSessions
from server.demo import Demo
from server.host import lan
from server.host.self_check import SelfCheck
from server.http.connections import EACH, HANDSHAKE, IDLE, AdmissionProtocol, Connections
from server.http.events import EventsEndpoint
from server.http.hls import HlsEndpoint
from server.http.metrics import Metrics, Sources
from server.http.middleware import cross_origin, refusals
from server.http.openapi import OpenApiEndpoint
from server.http.pages import Pages
from server.http.request import MAX_BODY
from server.http.rooms import RoomsEndpoint
from server.http.status import StatusEndpoint
from server.http.watch import WatchEndpoint
from server.http.whep import WhepEndpoint
from server.http.whip import WhipEndpoint
from server.ingest.transcoders import Transcoders
from server.rooms.registry import Rooms
from server.settings import Settings
from server.storage.database import Storage

logger = logging.getLogger(__name__)

SHUTDOWN = 3.0
"""Seconds that open requests have to end."""
BACKLOG = 4_096
"""Connections that may wait to be accepted: an audience comes all at once."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """What `start` made."""

    urls: list[str]
    """The URLs that answer."""
    application: web.Application
    rooms: Rooms
    udp: UdpPort
    whep: WhepSessions


async def serve(settings: Settings, ready: Callable[[list[str]], None]) -> None:
    """Serves until SIGINT or SIGTERM. `ready` gets the URLs once they answer. Raises OSError where
    a port cannot be had, StorageError where the data cannot.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        server = await start(settings, stack)
        _tame_collector()
        ready(server.urls)
        await stop.wait()


def _tame_collector() -> None:
    """Keeps garbage collections short: what is here now stays, and the media path makes nothing
    that they would have to find.

    Full ones come hardly ever. So nobody who leaves may stay in a circle of references: what it
    holds, OpenSSL's memory and all, would stay for hours.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def start(settings: Settings, stack: AsyncExitStack) -> RunningServer:
    """Starts everything; `stack` ends it."""
    storage = await Storage.open(settings.data)
    stack.push_async_callback(storage.close)
    port = UdpPort()
    stack.push_async_callback(port.close)
    hub = Hub(settings.window_seconds, settings.window_bytes)
    hub.pulse.start()
    stack.callback(hub.close)
    transcoders = Transcoders(_transcoders(settings), settings.video_bitrate)
    rooms = Rooms(storage, hub, port, settings, transcoders)
    watch = WatchEndpoint(rooms, settings)
    events = EventsEndpoint(rooms, watch.sockets, settings)
    hls = HlsEndpoint(rooms, settings)
    doors = _bind(settings)
    # Bound, but not yet listening: nobody is answered before the rooms of the last run are back.
    for door in doors:
        stack.callback(door.sock.close)
    await port.open(
        _media_hosts(settings), doors[0].port if settings.udp_port is None else settings.udp_port
    )
    hosts = list(settings.announce or port.hosts)
    await rooms.open()
    whep = WhepSessions(port, hosts)
    metrics = Metrics(Sources(rooms, hub, port, watch, hls.renditions, whep, transcoders))
    connections = Connections(EACH * settings.max_sockets_per_address, settings.trusted_proxies)
    stack.callback(connections.close)
    app = _application(rooms, watch, events, hls, whep, metrics, connections, settings, hosts)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN, keepalive_timeout=IDLE)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(rooms.close)
    stack.push_async_callback(hls.close)
    stack.push_async_callback(whep.close)
    stack.callback(watch.close_viewers)
    stack.callback(events.close_streams)
    for door in doors:
        await _Site(runner, door, connections).start()
    self_check = SelfCheck(port, hosts, settings)
    self_check.start()
    stack.push_async_callback(self_check.close)
    urls = [door.url for door in doors]
    if settings.demo:
        demo = Demo(urls[0], rooms)
        await demo.start()
        stack.push_async_callback(demo.close)
        urls.append(demo.watch_url)
    return RunningServer(urls, app, rooms, port, whep)


def _transcoders(settings: Settings) -> int:
    """One takes about a quarter of a core (720p, 30 fps), so that as many as there are cores leave
    most of the machine to everybody else.
    """
    return (os.cpu_count() or 1) if settings.transcoders is None else settings.transcoders


def _application(
    rooms: Rooms,
    watch: WatchEndpoint,
    events: EventsEndpoint,
    hls: HlsEndpoint,
    whep: WhepSessions,
    metrics: Metrics,
    connections: Connections,
    settings: Settings,
    hosts: list[str],
) -> web.Application:
    pages = Pages(rooms, settings)
    app = web.Application(
        middlewares=[connections.middleware, cross_origin(settings), refusals(pages)],
        client_max_size=MAX_BODY,
    )
    endpoints = (
        pages,
        RoomsEndpoint(rooms, settings),
        StatusEndpoint(rooms, settings),
        OpenApiEndpoint(),
        watch,
        events,
        hls,
        WhipEndpoint(rooms, settings, hosts),
        WhepEndpoint(rooms, whep, settings),
        metrics,
    )
    for endpoint in endpoints:
        app.add_routes(endpoint.routes())
    return app


@dataclass(frozen=True, slots=True)
class _Door:
    """A TCP port that we answer on."""

    sock: socket.socket
    host: str
    tls: ssl.SSLContext | None

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
    """aiohttp's own but for what stands between the port and its protocol."""

    def __init__(self, runner: web.AppRunner, door: _Door, connections: Connections) -> None:
        super().__init__(runner, door.sock, ssl_context=door.tls)
        self._door = door
        self._connections = connections

    async def start(self) -> None:
        await web.BaseSite.start(self)
        handlers = self._runner.server
        assert handlers is not None
        self._server = await asyncio.get_running_loop().create_server(
            lambda: AdmissionProtocol(self._connections, handlers()),
            sock=self._door.sock,
            ssl=self._door.tls,
            ssl_handshake_timeout=HANDSHAKE if self._door.tls else None,
            backlog=BACKLOG,
        )


def _bind(settings: Settings) -> list[_Door]:
    """The main door first, then those of --lan. Raises OSError, with nothing left open."""
    doors: list[_Door] = []
    try:
        tls = (
            _tls(settings.tls_cert, settings.tls_key)
            if settings.tls_cert and settings.tls_key
            else None
        )
        doors.append(_Door(_bound_socket(settings.host, settings.port), settings.host, tls))
        if settings.lan:
            addresses = lan.addresses()
            lan_tls = _tls(*lan.self_signed(settings.data, addresses))
            lan_port = settings.lan_port
            for address in addresses:
                doors.append(_Door(_bound_socket(address, lan_port), address, lan_tls))
                lan_port = doors[-1].port
    except BaseException:
        for door in doors:
            door.sock.close()
        raise
    return doors


def _bound_socket(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"port {port} of {host}: {error.strerror}") from error
    return sock


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def _media_hosts(settings: Settings) -> list[str]:
    """Where media is taken: as told, or on all of the machine's addresses and on loopback, which
    only browsers on this machine can reach.

    The order is that of the candidates in an answer; some clients try the first one only.
    """
    if settings.udp_hosts:
        return list(settings.udp_hosts)
    local, reachable = ["127.0.0.1"], lan.addresses()
    return (
        [*local, *reachable]
        if settings.host in ("127.0.0.1", "::1", "localhost")
        else [*reachable, *local]
    )
