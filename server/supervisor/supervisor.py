"""Starts the processes of a server, restarts them, and ends them."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from server.composition.cluster import node_name
from server.host import lan
from server.host.addresses import LocalAddress, local_addresses
from server.host.process import Process
from server.host.terminal import Terminal
from server.memory.machine import default_budget
from server.settings import Settings, SettingsError
from server.storage.adoption import adopt
from server.storage.database import Database
from server.storage.directory import DataDirectory
from server.supervisor.child import Child
from server.supervisor.link import Orders
from server.supervisor.member import Member
from server.supervisor.nats_server import NatsServer
from server.supervisor.ports import reserve_ports
from server.supervisor.shares import names_of, settings_of
from server.supervisor.start_failed import StartFailed

DRAIN = 30.0
"""Maximum seconds of a drain, by default."""
CLOSE_WITHIN = 15.0
"""Maximum seconds that a process needs to end, in addition to its drain."""
HURRY_WITHIN = 5.0
"""Maximum seconds that a process needs to end after a second signal."""
NATS_WITHIN = 3.0
"""Maximum seconds that nats-server needs to end."""


async def supervise(
    settings: Settings,
    arguments: Sequence[str],
    ready: Callable[[list[str]], None],
    stopping: Callable[[], None],
) -> None:
    """Serves with several processes until SIGINT or SIGTERM. `arguments`: those of the command
    line, which the processes get too. Calls `ready` with the URLs of the pages once all processes
    serve, and `stopping` when they begin to end. A second signal ends their drain. At SIGHUP, the
    processes read their settings again.

    Raises OSError, StorageError, SettingsError or StartFailed if the server cannot start.
    """
    if settings.nats is not None and settings.database is None:
        raise SettingsError(["--nats needs --database: all nodes share one PostgreSQL"])
    supervisor = Supervisor(ready, stopping)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    terminal = Terminal()
    loop.add_signal_handler(
        signal.SIGHUP, lambda: supervisor.stop() if terminal.closed else supervisor.reload()
    )
    with ExitStack() as stack:
        directory = DataDirectory.lock(settings.data)
        stack.callback(directory.close)
        addresses = local_addresses()
        ports = reserve_ports(settings, addresses, stack)
        names = names_of(node_name(settings), settings.processes)
        await _prepare_data(settings, names, addresses)
        memory, cores = settings.memory or default_budget(), os.cpu_count() or 1

        def child(number: int, name: str, nats: str | None) -> Child:
            process = Process(number, len(names), name, directory.descriptor)
            own = settings_of(settings, number, name, ports, memory, cores, nats)
            return Child(Orders(process, own), arguments, supervisor.changed)

        await supervisor.run(
            NatsServer(settings.data, supervisor.changed) if settings.nats is None else None,
            lambda nats: [child(*numbered, nats) for numbered in enumerate(names)],
            DRAIN if settings.drain is None else settings.drain,
        )


async def _prepare_data(
    settings: Settings, names: Sequence[str], addresses: Sequence[LocalAddress]
) -> None:
    """Creates what the processes would otherwise create at the same time."""
    if settings.database_url is None:
        database = await Database.open_sqlite(settings.data)
        try:
            await adopt(database, names)
        finally:
            await database.close()
    if settings.lan:
        lan.self_signed(settings.data, [each.text for each in addresses if each.is_private])


class Supervisor:
    """Runs the processes of one server."""

    def __init__(self, ready: Callable[[list[str]], None], stopping: Callable[[], None]) -> None:
        self._ready = ready
        self._stopping = stopping
        self._stops = False
        self._news = asyncio.Event()
        self._tasks: dict[Member, asyncio.Task[None]] = {}

    def stop(self) -> None:
        """Ends the processes. A second call shortens the time that they have."""
        if self._stops:
            for member in self._tasks:
                if isinstance(member, Child):
                    member.stop(signal.SIGTERM, HURRY_WITHIN)
        self._stops = True
        self._news.set()

    def reload(self) -> None:
        """Makes the processes that serve read their settings again."""
        for member in self._tasks:
            if isinstance(member, Child) and member.serves:
                member.signal(signal.SIGHUP)

    def changed(self) -> None:
        """A process serves, or has ended."""
        self._news.set()

    async def run(
        self,
        nats: NatsServer | None,
        make_children: Callable[[str | None], Sequence[Child]],
        drain: float,
    ) -> None:
        """Starts `nats`, then the children that `make_children` makes for its URL. Returns once
        `stop` was called and all have ended. Raises StartFailed.
        """
        children: Sequence[Child] = ()
        within = CLOSE_WITHIN
        try:
            if nats is None or await self._start([nats]):
                children = make_children(nats.url if nats else None)
                if await self._start(children):
                    within += drain
                    self._ready(children[0].urls)
                    await self._until_stopped()
            self._stopping()
        finally:
            await self._end(children, within)
            if nats:
                await self._end([nats], NATS_WITHIN)

    async def _start(self, members: Sequence[Member]) -> bool:
        """Returns True once all members serve, or False if `stop` is called before that."""
        for member in members:
            task = self._tasks[member] = asyncio.create_task(member.run())
            task.add_done_callback(lambda _: self._news.set())
        while not self._stops:
            self._news.clear()
            for member in members:
                if member.problem:
                    raise StartFailed(member.problem, member.code if member.code > 0 else 1)
            if all(member.serves for member in members):
                return True
            await self._wait()
        return False

    async def _until_stopped(self) -> None:
        while not self._stops:
            self._news.clear()
            await self._wait()

    async def _wait(self) -> None:
        """Waits for news. Raises the error of a task that has failed."""
        for task in self._tasks.values():
            if task.done():
                task.result()
        await self._news.wait()

    async def _end(self, members: Sequence[Member], within: float) -> None:
        """Ends members. Returns once they have ended."""
        for member in members:
            member.stop(signal.SIGTERM, within)
        if tasks := [self._tasks[member] for member in members if member in self._tasks]:
            await asyncio.wait(tasks)
