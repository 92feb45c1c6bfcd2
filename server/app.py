"""The composition root: creates every part once, and closes the parts in reverse order."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry

from relay.rtc.udp import UdpPort
from relay.whep import WhepSessions
from relay.worker.workers import Workers
from server.clips.clips import Clips
from server.composition.applications import (
    admin_application,
    create_pages,
    public_application,
    read_hosts,
)
from server.composition.cluster import open_cluster
from server.composition.discovery import open_discovery
from server.composition.feed import open_feed
from server.composition.limits import open_limits, share_limits
from server.composition.measuring import create_metrics, start_sampler, start_shedding
from server.composition.media import open_media
from server.composition.outputs import create_outputs
from server.composition.parts import Parts
from server.composition.ports import open_ports
from server.composition.pushes import open_pushes
from server.composition.reloading import create_reloading
from server.composition.serving import serve_clients, serve_operator
from server.composition.stored_media import open_objects, open_stored_media
from server.composition.upkeep import start_upkeep
from server.composition.visitors import open_visitors
from server.demo import Demo
from server.draining import Draining, NoOtherServers
from server.host.listeners import Listener
from server.host.load import LoadSampler
from server.host.process import Process
from server.host.self_check import SelfCheck
from server.host.terminal import Terminal
from server.http.access import Access
from server.http.blocklist import Blocklist
from server.http.connections import Connections
from server.http.forwarding import Forwarder
from server.http.hosts import Origins
from server.http.identity import Identity
from server.http.playback_metrics import Playing
from server.http.shared_blocks import SharedBlocks
from server.http.siblings import Siblings
from server.memory.machine import Allocator
from server.objects.objects import Objects
from server.posters.posters import Posters
from server.push.pushes import INTERNET, Pushes, PushNetwork
from server.recordings.recordings import Recordings
from server.reloading import Reloading
from server.rooms.registry import Rooms
from server.rooms.room import RoomPolicy
from server.settings import Settings, admin_socket_name
from server.shedding import Shedding
from server.storage.storage import Storage

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

logger = logging.getLogger(__name__)


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
    recordings: Recordings
    identity: Identity
    access: Access
    workers: Workers
    posters: Posters
    clips: Clips
    objects: Objects
    pushes: Pushes | None
    draining: Draining
    reloading: Reloading
    cluster: "Cluster | None"
    """None unless the server is a node of a cluster."""


async def serve(
    settings: Settings,
    ready: Callable[[list[str]], None],
    stopping: Callable[[], None],
    load: Callable[[], Settings],
    process: Process | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM. Calls `ready` with the URLs of the pages once the server
    answers, and `stopping` when the server begins to shut down. A second signal ends the drain. At
    SIGHUP, reads the settings again with `load`. Raises OSError if a port is not available,
    StorageError if the data cannot be opened.
    """
    Allocator().limit_arenas()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        server = await start(settings, stack, process=process)
        _tune_garbage_collector()
        # The start of a process pauses this process for some milliseconds. Prepare the workers
        # here, because no media is forwarded yet.
        server.workers.prepare()
        _reload_on_hangup(server.reloading, load, stop)
        ready(server.urls)
        await stop.wait()
        stopping()
        await _drain(server.draining)


def _reload_on_hangup(
    reloading: Reloading, load: Callable[[], Settings], stop: asyncio.Event
) -> None:
    """Handles SIGHUP: reads the settings again, or stops if the terminal was closed."""
    terminal = Terminal()

    def hang_up() -> None:
        if terminal.closed:
            stop.set()
        else:
            reloading.run(load)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hang_up)


async def _drain(draining: Draining) -> None:
    """Drains the server until the next SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(draining.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()):
        logger.error("the drain failed", exc_info=error)


def _tune_garbage_collector() -> None:
    """Makes garbage collections short and rare. Collections skip the objects that exist after
    startup. Rare collections are enough, because the media path creates no reference cycles.

    A closed session must not be part of a reference cycle: until the next full collection, the
    cycle would keep the session and its OpenSSL memory, perhaps for hours.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def start(
    settings: Settings,
    stack: AsyncExitStack,
    push_network: PushNetwork = INTERNET,
    process: Process | None = None,
) -> RunningServer:
    """Starts all parts of the server. `stack` closes the parts on exit. `push_network`: how the
    server reaches push services. `process`: this process, if the server has several.
    """
    # Each server has its own registry: several servers may run in one process.
    registry = CollectorRegistry()
    origins = Origins(settings)
    parts, listeners = await _open_parts(settings, registry, origins, push_network, process, stack)
    metrics = create_metrics(parts, registry)
    pages, profiles = create_pages(parts)
    hosts = read_hosts(settings)
    forwarder = Forwarder(parts.cluster, settings) if parts.cluster else None
    if forwarder:
        stack.push_async_callback(forwarder.close)
    app = public_application(parts, pages, profiles, metrics, hosts, origins, forwarder)
    close_ports = await serve_clients(app, listeners, parts, stack)
    socket_path = settings.data / admin_socket_name(process.number if process else None)
    await serve_operator(socket_path, admin_application(parts, pages, metrics), stack)
    sampler, shedding = start_sampler(parts, stack), start_shedding(parts, stack)
    self_check = SelfCheck(parts.media.udp, parts.hosts, settings)
    self_check.start()
    stack.push_async_callback(self_check.close)
    urls = [listener.url for listener in listeners]
    if settings.demo:
        urls.append(await _start_demo(urls[0], parts.rooms, stack))
    return RunningServer(
        urls,
        app,
        parts.rooms,
        parts.media.udp,
        parts.outputs.whep,
        sampler,
        shedding,
        parts.limits.connections,
        parts.storage,
        parts.stored.recordings,
        parts.visitors.identity,
        parts.visitors.access,
        parts.media.workers,
        parts.stored.posters,
        parts.stored.clips,
        parts.stored.objects,
        parts.pushes,
        Draining(
            parts.rooms,
            parts.outputs.watch,
            parts.outputs.events,
            parts.outputs.whep,
            close_ports,
            parts.cluster or NoOtherServers(),
            settings.drain,
        ),
        create_reloading(parts, listeners, hosts),
        parts.cluster,
    )


async def _open_parts(
    settings: Settings,
    registry: CollectorRegistry,
    origins: Origins,
    push_network: PushNetwork,
    process: Process | None,
    stack: AsyncExitStack,
) -> tuple[Parts, list[Listener]]:
    """Opens the data and the UDP port, restores the rooms of the last run, and creates the parts
    that serve these rooms. The TCP ports are bound, but do not listen yet.
    """
    cluster = await open_cluster(settings, stack, one_machine=process is not None)
    storage = await _open_storage(settings, cluster, process, stack)
    objects = await open_objects(settings, stack)
    blocklist = Blocklist()
    blocks = SharedBlocks(blocklist, storage.blocks)
    await blocks.read()
    prefix = f"{cluster.id}." if cluster else ""
    media = open_media(settings, prefix, stack)
    policy, heard = _room_policy(settings), Playing(registry).receive
    rooms = Rooms(storage, media.hub, media.ingest.open, policy, heard, cluster)
    shared = process is not None
    listeners, hosts = await open_ports(settings, media.udp, stack, shared=shared)
    await rooms.open()
    if cluster:
        rooms.observe(cluster)
        cluster.copies.edges.pulse = media.hub.pulse
        await cluster.serve(rooms, storage.server_leases.read_others, heard)
    stored = await open_stored_media(rooms, storage, objects, media, settings, stack)
    start_upkeep(rooms, storage, settings, stack)
    visitors = await open_visitors(rooms, storage, origins, settings, stack)
    outputs = create_outputs(rooms, media, visitors, hosts, settings, prefix)
    limits = open_limits(rooms, media, outputs, stored.sizes(), settings, stack)
    if cluster:
        await share_limits(limits, visitors.identity, cluster, stack)
    discovery = open_discovery(rooms, storage, stored.posters, stack)
    parts = Parts(
        settings,
        storage,
        blocklist,
        blocks,
        rooms,
        media,
        hosts,
        visitors,
        outputs,
        stored,
        limits,
        discovery,
        await open_pushes(rooms, storage, settings, push_network, stack),
        open_feed(rooms, storage, discovery, stack),
        cluster,
        Siblings(settings.data, process) if process else None,
    )
    blocks.open(rooms, parts.cut)
    stack.push_async_callback(blocks.close)
    return parts, listeners


async def _open_storage(
    settings: Settings, cluster: "Cluster | None", process: Process | None, stack: AsyncExitStack
) -> Storage:
    storage = await Storage.open(
        settings.data,
        settings.database_url,
        server=cluster.name if cluster else None,
        lock=process.lock if process else None,
    )
    stack.push_async_callback(storage.close)
    return storage


def _room_policy(settings: Settings) -> RoomPolicy:
    return RoomPolicy(
        settings.idle_ttl,
        settings.away_grace,
        settings.max_length,
        settings.max_messages_per_room_second,
    )


async def _start_demo(url: str, rooms: Rooms, stack: AsyncExitStack) -> str:
    """Starts the synthetic publisher. Returns the URL at which people can watch the publisher's
    room.
    """
    demo = Demo(url, rooms)
    await demo.start()
    stack.push_async_callback(demo.close)
    return demo.watch_url
