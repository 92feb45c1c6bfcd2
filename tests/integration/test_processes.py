"""`microlive serve --processes 2`: two processes are one server."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientSession, TCPConnector
from prometheus_client.parser import text_string_to_metric_families

from relay.sample import Track
from server.storage.directory import DataDirectory
from tests.fixtures.deadline import eventually
from tests.fixtures.migrated import provide_database
from tests.fixtures.processes import Processes, await_gone, processes
from tests.fixtures.publisher import Publisher
from tests.fixtures.viewer import Viewer

# A busy machine takes long to start the processes.
pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(100):
        while not await condition():  # noqa: ASYNC110 (the condition has no event)
            await asyncio.sleep(0.05)


async def create(server: Processes) -> str:
    """Creates a room over a new connection, and returns its name."""
    async with (
        ClientSession(connector=TCPConnector(force_close=True)) as http,
        http.post(f"{server.url}/api/rooms", json={}) as response,
    ):
        assert response.status == 201, await response.text()
        name: str = (await response.json())["room"]
        return name


async def names(server: Processes, process: int) -> set[str]:
    """The rooms that a process runs."""
    rooms = (await server.ask(process, "rooms"))["rooms"]
    return {each["room"]["room"] for each in rooms if each["process"] == process}


async def up(server: Processes) -> list[float]:
    """What `/metrics` says about the processes."""
    async with ClientSession() as http, http.get(f"{server.url}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    found = {family.name: family.samples for family in families}
    started = found["process_start_time_seconds"]
    values = [sample.value for sample in found["microlive_process_up"]]
    assert len(started) == sum(values), "the metrics of each process that answers"
    return values


async def test_one_of_two_processes_is_killed(tmp_path: Path) -> None:
    """Both answer at one port and share the data. Nothing is lost, and the kernel gives new
    connections to the process that is left.
    """
    await provide_database(tmp_path)
    with processes(tmp_path) as server:
        await asyncio.to_thread(server.read_url)
        rooms = {await create(server)}
        async with asyncio.timeout(30):
            while not all([await names(server, number) for number in (0, 1)]):
                rooms.add(await create(server))
        before = [await names(server, number) for number in (0, 1)]
        assert before[0] | before[1] == rooms and not before[0] & before[1]
        assert await up(server) == [1, 1]

        [first, second] = server.pids()
        os.kill(first, signal.SIGKILL)
        await_gone([first])
        rooms |= {await create(server) for _ in range(5)}
        assert sorted(await up(server)) == [0, 1]
        listed = await asyncio.to_thread(server.list_rooms)
        assert {each["room"]["room"] for each in listed} <= rooms

        async def serves_again() -> bool:
            try:
                return {*await names(server, 0), *await names(server, 1)} == rooms
            except aiohttp.ClientError:
                return False

        await until(serves_again)
        assert before[0] <= await names(server, 0) and second in server.pids()

        assert len(server.running()) == 3, "with nats-server"
        code, output, _ = await asyncio.to_thread(server.end)
        assert (code, output) == (0, ""), "the URL was printed once"
        assert not list(tmp_path.glob("*.sock"))


def apart() -> ClientSession:
    """A client whose connections are all new, so that any process may get them."""
    return ClientSession(connector=TCPConnector(force_close=True))


async def viewers_of_both(server: Processes, room: str, stack: AsyncExitStack) -> dict[int, Viewer]:
    """Lets viewers join until each process has one. Returns a viewer of each process."""
    found: dict[int, Viewer] = {}
    async with asyncio.timeout(60):
        while len(found) < 2:
            before = await joins(server)
            http = await stack.enter_async_context(apart())
            viewer = await stack.enter_async_context(Viewer(http, server.url, room))
            await viewer.frames(1)
            after = await joins(server)
            [number] = [number for number in after if after[number] > before[number]]
            found.setdefault(number, viewer)
    return found


async def joins(server: Processes) -> dict[int, float]:
    """The WebSocket viewers that have joined, by process."""
    async with apart() as http, http.get(f"{server.url}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    return {
        int(sample.labels["process"]): sample.value
        for family in families
        for sample in family.samples
        if sample.name == "microlive_joins_total" and sample.labels["path"] == "websocket"
    }


async def test_a_live_goes_on_without_either_process(tmp_path: Path) -> None:
    """A process that does not own the room is killed, and then its owner."""
    await provide_database(tmp_path)
    with processes(tmp_path) as server:
        await asyncio.to_thread(server.read_url)
        pids = server.pids()
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(apart())
            async with http.post(f"{server.url}/api/rooms", json={}) as response:
                room = await response.json()
            publisher = Publisher(http, room["whip"], room["key"])
            await stack.enter_async_context(publisher)
            viewers = await viewers_of_both(server, room["room"], stack)
            [owner] = [n for n in (0, 1) if room["room"] in await names(server, n)]

            epoch = viewers[owner].media(Track.VIDEO)[-1].epoch
            os.kill(pids[1 - owner], signal.SIGKILL)
            assert await viewers[1 - owner].closed() == 1006
            frames = await viewers[owner].frames(10)
            assert {frame.epoch for frame in frames} == {epoch}, "of the same session"

            async def both_serve() -> bool:
                return await up(server) == [1, 1]

            await until(both_serve)
            os.kill(pids[owner], signal.SIGKILL)
            last = viewers[owner].media(Track.VIDEO)[-1]
            await_gone([pids[owner]])
            again = Publisher(http, room["whip"], room["key"])
            await stack.enter_async_context(again)
            viewer = await stack.enter_async_context(Viewer(http, server.url, room["room"]))
            [first, *_] = await viewer.frames(5)
            assert first.epoch > last.epoch and first.media_time > last.media_time
            assert room["room"] in await names(server, 1 - owner)


async def test_all_end_with_the_parent(tmp_path: Path) -> None:
    """Also while they start. The data directory stays locked until the last one has ended."""
    await provide_database(tmp_path)
    with processes(tmp_path) as server:
        await eventually(lambda: len(server.pids()) == 2, 100)
        running = list(server.running())
        assert len(running) == 3, "with nats-server"
        server.parent.kill()
        await asyncio.to_thread(await_gone, running)
    DataDirectory.lock(tmp_path).close()


async def test_the_parent_says_once_why_the_server_does_not_start(tmp_path: Path) -> None:
    await provide_database(tmp_path)
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        port = tcp.getsockname()[1]
        with processes(tmp_path, port=port) as server:
            _, errors = await asyncio.to_thread(server.parent.communicate, timeout=100)
            assert server.parent.returncode == 2
            assert errors == f"cannot start: port {port} of 127.0.0.1: Address already in use\n"
        tcp.close()

        udp.bind(("127.0.0.1", port + 1))
        arguments = ("--udp-port", str(port), "--log-level", "error")
        with processes(tmp_path, *arguments) as server:
            _, errors = await asyncio.to_thread(server.parent.communicate, timeout=100)
            *log, line = errors.splitlines()
            assert server.parent.returncode == 2 and "in use" in line
            assert all(" ERROR server.supervisor" in each for each in log), errors
