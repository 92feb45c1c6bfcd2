"""The budget over the rooms of a server. The resident memory is what the test says."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

import pytest
import pytest_asyncio

from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import RefusalCode
from relay.hls.endpoint import Renditions
from relay.hls.playlist import MAX_BYTES
from relay.rtc.receive.sdp import parse_offer
from relay.stream.window import OVERHEAD
from relay.websocket.viewer import WebSocketViewer
from server.errors import Unavailable
from server.memory.budget import SILENT, STORED, MemoryBudget, MemoryLimits
from server.memory.machine import Allocator
from server.memory.policy import CRITICAL, LEAST_PLAYLIST_BYTES, LEAST_SECONDS, STRAINED
from server.rooms.life import RoomEvent
from server.rooms.room import Room
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.offers import offer
from tests.fixtures.server import SDP, Server, running
from tests.fixtures.workers import running_workers

BUDGET, BASE = 512 << 20, 100 << 20
HOME = ClientAddress("192.0.2.1", "192.0.2.0/24")
FRAME = 3_000


class Machine(Allocator):
    """A machine whose resident memory is set by the test."""

    def __init__(self) -> None:
        self.resident = BASE
        self.workers = 0
        self.trims = 0

    def measure(self) -> int:
        return self.resident

    def trim(self) -> None:
        self.trims += 1
        self.resident = BASE


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path) as server:
        yield server


@pytest_asyncio.fixture
async def renditions() -> AsyncIterator[Renditions]:
    async with running_workers() as workers:
        renditions = Renditions(workers)
        yield renditions
        await renditions.close()


@pytest_asyncio.fixture
async def budget(server: Server, machine: Machine, renditions: Renditions) -> MemoryBudget:
    return make(server, machine, renditions)


def make(
    server: Server,
    machine: Machine,
    renditions: Renditions,
    viewers: Iterable[WebSocketViewer] = (),
    stored: Mapping[str, Callable[[], int]] = MappingProxyType({}),
) -> MemoryBudget:
    return MemoryBudget(
        MemoryLimits(BUDGET, 90, 64 << 20, 4_000_000),
        server.rooms.in_memory,
        renditions,
        server.whep,
        viewers,
        measure_workers=lambda: machine.workers,
        measure_stored=stored,
        measure_resident=machine.measure,
        allocator=machine,
    )


async def live_room(server: Server, seconds: int = 60) -> Room:
    """A room with this much video."""
    room = server.room(await server.create())
    stream = room.stream
    stream.set_track(video_track(), 0)
    now = time.time_ns() // 1_000
    for second in range(seconds):
        stream.publish(video_sample(second * 90_000, key=True, data=bytes(1_000), publish=now))
    return room


async def test_what_is_counted(server: Server, budget: MemoryBudget) -> None:
    room = await live_room(server)
    budget.measure()
    held = budget.figures.held
    assert held["windows"] == room.stream.window.size == 60 * (OVERHEAD + 1_000)
    assert held["joins"] == room.channel.held > 1_000
    assert budget.figures.use == BASE / BUDGET
    room.publish(parse_offer(offer("chromium")), HOME)
    budget.measure()
    assert budget.figures.held["sessions"] > 0


async def test_stored_media_counts(
    server: Server, machine: Machine, renditions: Renditions
) -> None:
    budget = make(server, machine, renditions, stored=dict.fromkeys(STORED, lambda: 60 << 20))
    budget.measure()
    assert {budget.figures.held[kind] for kind in STORED} == {60 << 20}
    assert budget.figures.use > 3 * (60 << 20) / BUDGET


async def test_workers_count(server: Server, budget: MemoryBudget, machine: Machine) -> None:
    """As if the server held their memory itself, apart from what it can return to the system."""
    budget.measure()
    places = budget.creators
    machine.workers = 100 << 20
    budget.measure()
    figures = budget.figures
    assert figures.held["workers"] == 100 << 20
    assert figures.use == (BASE + (100 << 20)) / BUDGET
    assert figures.all_resident == BASE + (100 << 20) and figures.counted < 1 << 20
    assert 0 < budget.creators < places
    machine.workers = BUDGET
    budget.measure()
    with pytest.raises(Unavailable):
        budget.take_creator(server.room(await server.create()), HOME)


async def test_windows_get_shorter_step_by_step_and_longer_again(
    server: Server, budget: MemoryBudget, machine: Machine
) -> None:
    room = await live_room(server)
    machine.resident = round(STRAINED * BUDGET)
    lengths = []
    for _ in range(30):
        budget.measure()
        lengths.append(len(room.stream.window))
    assert lengths[0] == 60, "the first step leaves 72 s"
    assert all(after >= 0.75 * before for before, after in zip(lengths, lengths[1:], strict=False))
    assert lengths[-1] == LEAST_SECONDS + 1
    machine.resident = round(CRITICAL * BUDGET)
    for _ in range(30):
        budget.measure()
    assert 1 <= len(room.stream.window) <= 2, "the newest keyframe stays"
    machine.resident = BASE
    budget.measure()
    assert budget.figures.window_seconds == 90


async def test_the_window_of_a_silent_stream_is_short(server: Server, budget: MemoryBudget) -> None:
    room = await live_room(server)
    budget.measure()
    assert len(room.stream.window) == 60
    room.stream.published -= round((SILENT + 1) * 1_000_000)
    budget.measure()
    assert len(room.stream.window) == LEAST_SECONDS + 1


async def test_playlists_get_smaller(
    server: Server, budget: MemoryBudget, machine: Machine, renditions: Renditions
) -> None:
    room = await live_room(server)
    rendition = await renditions.open(room.channel, "live.m3u8")
    await rendition.playable()
    budget.measure()
    assert budget.figures.held["hls"] == rendition.held > 0
    assert rendition.playlist._max_bytes == MAX_BYTES
    machine.resident = round(STRAINED * BUDGET)
    budget.measure()
    assert rendition.playlist._max_bytes == LEAST_PLAYLIST_BYTES


async def test_new_creators_are_refused_and_returning_ones_are_not(
    server: Server, budget: MemoryBudget, machine: Machine
) -> None:
    new, returning = await live_room(server), await live_room(server)
    returning.happen(RoomEvent.MEDIA_CAME)
    budget.measure()
    budget.take_creator(new, HOME)
    machine.resident = round(CRITICAL * BUDGET)
    budget.measure()
    with pytest.raises(Unavailable) as refused:
        budget.take_creator(new, HOME)
    assert refused.value.code is RefusalCode.OUT_OF_MEMORY and refused.value.retry_after
    budget.take_creator(returning, HOME)
    assert budget.counters.refused == 1
    machine.resident = BASE
    budget.measure()
    budget.take_creator(new, HOME)


async def test_creators_count_before_they_are_measured(
    server: Server, budget: MemoryBudget
) -> None:
    """A thousand that arrive at once do not all fit."""
    room = server.room(await server.create())
    budget.measure()
    with pytest.raises(Unavailable):
        for number in range(1_000):
            budget.take_creator(room, ClientAddress(f"10.0.{number}.1", f"10.0.{number}.0/24"))
    budget.measure()
    budget.take_creator(room, HOME)


async def test_free_memory_is_returned(
    server: Server, budget: MemoryBudget, machine: Machine
) -> None:
    budget._trims._next = 0.0
    budget.measure()
    budget._trim()
    assert (machine.trims, budget.counters.trims) == (0, 0)
    machine.resident = 3 * BASE
    budget.measure()
    budget._trim()
    assert (machine.trims, budget.counters.trims) == (1, 1)


class SlowViewer:
    """A viewer for which bytes wait."""

    def __init__(self, waiting: int, address: ClientAddress = HOME) -> None:
        self.waiting, self.address = waiting, address
        self.closed: list[RefusalCode] = []

    def close(self, code: RefusalCode, text: str) -> None:
        self.closed.append(code)


async def test_slow_viewers_of_one_address_are_closed_under_pressure(
    server: Server, machine: Machine, renditions: Renditions
) -> None:
    slow = [SlowViewer(4 << 20) for _ in range(40)]
    viewers = [*slow, SlowViewer(4 << 20, UNKNOWN)]
    budget = make(server, machine, renditions, cast("list[WebSocketViewer]", viewers))
    budget.measure()
    assert budget.figures.held["websocket"] == 41 * (4 << 20)
    assert budget.counters.cut == 0
    machine.resident = round(0.8 * BUDGET)
    budget.measure()
    closed = [viewer for viewer in viewers if viewer.closed]
    assert budget.counters.cut == len(closed) == 40 - BUDGET // 8 // (4 << 20)
    assert all(viewer.closed == [RefusalCode.TOO_SLOW] for viewer in closed)
    assert not viewers[-1].closed


async def test_a_full_server_answers_503(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """This test process itself is larger than the budget, which the server logs at its start."""
    async with running(tmp_path, memory=64 << 20) as server:
        assert "no creator fits into the memory budget of 64 MiB" in caplog.text
        room = await server.create()
        headers = {"Content-Type": SDP, **room.bearer}
        async with server.http.post(room.whip, data=offer("chromium"), headers=headers) as response:
            answer = await response.json()
            assert (response.status, answer["code"]) == (503, "out_of_memory")
            assert int(response.headers["Retry-After"]) == answer["retry_after"] > 0
        async with server.http.get(f"{server.url}/metrics") as response:
            assert "microlive_memory_refusals_total 1.0" in await response.text()
        async with server.http.get(f"{server.url}/api/health") as response:
            health = await response.json()
        assert (health["level"], health["creators"]) == ("full", 0)
        assert health["memory"] > health["memory_budget"] == 64 << 20
        assert await server.status("GET", "/readyz") == 503
