"""The composition root: every started part is ended, even if a later one fails to start."""

import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from relay.errors import RefusalCode
from server import app
from server.errors import Unavailable
from server.http.events import EventsEndpoint
from server.http.watch import WatchEndpoint
from server.settings import Settings
from server.storage.errors import StorageError
from tests.fixtures.server import running


async def test_a_server_starts_and_ends_ten_times(tmp_path: Path) -> None:
    """On the same data. Every test checks for leaked sockets and tasks."""
    for _ in range(10):
        async with running(tmp_path) as server:
            assert await server.status("GET", "/healthz") == 200


async def test_one_server_for_each_data_directory(tmp_path: Path) -> None:
    """A second one is refused, leaves nothing open, and does not affect the first."""
    async with running(tmp_path) as server:
        async with AsyncExitStack() as stack:
            with pytest.raises(StorageError):
                await app.start(
                    Settings(data=tmp_path, port=0, udp_port=0, udp_hosts=("127.0.0.1",)), stack
                )
        assert await server.status("GET", "/healthz") == 200


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_port_in_use(tmp_path: Path, kind: socket.SocketKind) -> None:
    """For TCP and UDP, an OSError names the port, and nothing is left open."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        number = taken.getsockname()[1]
        ports = (
            {"port": number, "udp_port": 0}
            if kind == socket.SOCK_STREAM
            else {"port": 0, "udp_port": number}
        )
        async with AsyncExitStack() as stack:
            with pytest.raises(OSError, match=str(number)):
                await app.start(Settings(data=tmp_path, udp_hosts=("127.0.0.1",), **ports), stack)


@pytest.mark.parametrize(
    ("endpoint", "close"), [(WatchEndpoint, "close_viewers"), (EventsEndpoint, "close_streams")]
)
async def test_nothing_new_is_taken_while_viewers_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: type, close: str
) -> None:
    """A page that reconnects at once is refused: its room is about to close."""
    refusals: list[Unavailable] = []
    ends = getattr(endpoint, close)

    def closing(self: WatchEndpoint | EventsEndpoint) -> None:
        ends(self)
        try:
            server.rooms.local(room.name).send(None)  # found in memory: it does not wait
        except StopIteration:
            return
        except Unavailable as refusal:
            refusals.append(refusal)

    monkeypatch.setattr(endpoint, close, closing)
    async with running(tmp_path) as server:
        room = await server.create()
    assert [refusal.code for refusal in refusals] == [RefusalCode.SERVER_CLOSING]


async def test_media_uses_the_port_number_of_the_page_by_default(tmp_path: Path) -> None:
    """A firewall has to open one number, for TCP and UDP."""
    async with running(tmp_path, udp_port=None) as server:
        assert server.url.endswith(f":{server.udp.port}")
