"""Draining, with a whole server: what it still takes, who is asked to go, and when."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server import app, draining
from tests.fixtures.deadline import eventually
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import SDP, NewRoom, Server, running
from tests.fixtures.viewer import Viewer


class AnotherServer:
    """A server that takes everything."""

    present = True

    async def leave(self) -> None:
        pass


@asynccontextmanager
async def drain(server: Server) -> AsyncIterator[asyncio.Task[None]]:
    """Drains the server from here on."""
    task = asyncio.create_task(server.draining.run())
    await eventually(lambda: server.rooms.acceptance.draining)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def code(server: Server, method: str, path: str, **options: Any) -> tuple[int, str]:
    async with server.http.request(method, server.url + path, **options) as response:
        text = await response.text()
        return response.status, (await response.json())["code"] if text.startswith("{") else text


def post_offer(server: Server, room: NewRoom) -> Any:
    headers = {**room.bearer, "Content-Type": SDP}
    return code(server, "POST", f"/whip/{room.name}", headers=headers, data="no offer")


CLOSING = (503, "server_closing")


async def test_a_server_without_others_does_not_wait(tmp_path: Path) -> None:
    """A restart is as quick as without draining; a viewer stays until the server closes."""
    async with (
        running(tmp_path) as server,
        Publisher(server.http, (room := await server.create()).whip, room.key),
        Viewer(server.http, server.url, room.name) as viewer,
    ):
        await viewer.frames(1)
        async with asyncio.timeout(1):
            await server.draining.run()
        assert await code(server, "GET", "/readyz") == CLOSING
        assert await code(server, "GET", "/healthz") == (200, "ok")
        await viewer.frames(5)


async def test_lives_are_waited_for_if_no_server_takes_them(tmp_path: Path) -> None:
    """Their creators may return and their viewers may join; nothing else begins."""
    async with running(tmp_path, drain=60) as server:
        room, idle = await server.create(), await server.create()
        publisher = Publisher(server.http, room.whip, room.key)
        async with publisher, Viewer(server.http, server.url, room.name) as viewer:
            await viewer.frames(1)
            async with drain(server) as task:
                assert await code(server, "GET", "/readyz") == CLOSING
                assert await code(server, "POST", "/api/rooms", json={}) == CLOSING
                assert await post_offer(server, idle) == CLOSING
                assert (await post_offer(server, room))[0] == 400  # the offer is read
                async with Viewer(server.http, server.url, room.name) as late:
                    await late.frames(1)
                assert not task.done() and not viewer.find_event({"type": "move"})
                await publisher.delete()
                async with asyncio.timeout(20):
                    await task


async def test_a_server_that_others_replace_refuses_creators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those who are on air. Each connection ends after its answer."""
    monkeypatch.setattr(draining, "NOTICED", 60)
    async with running(tmp_path, drain=600) as server:
        server.draining._others = AnotherServer()
        room = await server.create()
        async with Publisher(server.http, room.whip, room.key):
            await eventually(lambda: server.rooms.in_memory.is_on_air(room.name))
            async with drain(server):
                async with server.http.get(f"{server.url}/readyz") as answer:
                    assert (answer.status, answer.headers["Connection"]) == (503, "close")
                assert await post_offer(server, room) == CLOSING


async def test_creators_and_viewers_go_to_another_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Creators are asked to go first, then the ports close, then viewers go."""
    monkeypatch.setattr(draining, "NOTICED", 0.2)
    monkeypatch.setattr(draining, "LEAVING", 0.3)
    async with running(tmp_path) as server:
        server.draining._others = AnotherServer()
        room = await server.create()
        publisher = Publisher(server.http, room.whip, room.key)
        async with publisher, Viewer(server.http, server.url, room.name) as viewer:
            await viewer.frames(1)
            async with drain(server) as task:
                await viewer.event(type="move")
                await until_ports_are_closed(server)
                await viewer.frames(5)  # the live goes on until its creator has gone
                assert not task.done()
                await publisher.peer.close()
                assert await viewer.closed() == 1001
                async with asyncio.timeout(20):
                    await task


async def test_creators_who_cannot_go_are_waited_for_until_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They are asked again and again, because the other server may have refused them."""
    monkeypatch.setattr(draining, "MOVE_EVERY", 0.1)
    async with running(tmp_path, drain=1.2) as server:
        server.draining._others = AnotherServer()
        room = await server.create()
        publisher = Publisher(server.http, room.whip, room.key)
        async with publisher, Viewer(server.http, server.url, room.name) as viewer:
            await viewer.frames(1)
            async with asyncio.timeout(20):
                await server.draining.run()
            assert await viewer.closed() == 1001
    assert sum(event["type"] == "move" for event in viewer.events) > 1
    assert "1 lives are still here" in caplog.text


async def test_no_server_waits_for_others_that_drain_too(tmp_path: Path) -> None:
    """A restart of all servers is as quick as that of one."""
    async with running(tmp_path) as server:
        server.draining._others = other = AnotherServer()
        room = await server.create()
        publisher = Publisher(server.http, room.whip, room.key)
        async with publisher, Viewer(server.http, server.url, room.name) as viewer:
            await viewer.frames(1)
            async with drain(server) as task:
                await viewer.event(type="move")
                other.present = False
                async with asyncio.timeout(20):
                    await task
                await viewer.frames(1)


async def test_all_kinds_of_viewers_leave(tmp_path: Path) -> None:
    """In groups that fill the time: no moment in which all of them come to the other server."""
    async with running(tmp_path, drain=0.6) as server, AsyncExitStack() as stack:
        server.draining._others = AnotherServer()
        room = await server.create()
        viewers = [
            await stack.enter_async_context(Viewer(server.http, server.url, room.name))
            for _ in range(8)
        ]
        events = await stack.enter_async_context(
            server.http.get(f"{server.url}/api/rooms/{room.name}/events")
        )
        left: list[float] = []

        async def leave(viewer: Viewer) -> None:
            assert await viewer.closed() == 1001
            left.append(asyncio.get_running_loop().time())

        await asyncio.gather(server.draining.run(), *map(leave, viewers))
        assert "server_closing" in await events.text()
        assert left[-1] - left[0] > 0.05


async def test_a_second_signal_ends_the_drain(tmp_path: Path) -> None:
    async with (
        running(tmp_path, drain=600) as server,
        Publisher(server.http, (room := await server.create()).whip, room.key),
        Viewer(server.http, server.url, room.name) as viewer,
    ):
        await viewer.frames(1)
        drains = asyncio.create_task(app._drain(server.draining))  # after the first signal
        await eventually(lambda: server.rooms.acceptance.draining)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await drains
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)


async def until_ports_are_closed(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
            except ConnectionResetError:  # the port closed before it accepted the connection
                continue
            except ConnectionRefusedError:
                return
