"""The line that a server logs at its start about its UDP port."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from relay.rtc.udp import UdpPort
from server.host.self_check import SelfCheck
from server.settings import Settings
from tests.fixtures.coturn import SECRET, coturn, free_port
from tests.fixtures.deadline import eventually
from tests.fixtures.server import running

UNKNOWN = "whether firewalls block publishers outside cannot be checked from here"


@pytest_asyncio.fixture
async def port() -> AsyncIterator[UdpPort]:
    made = UdpPort()
    await made.open(["127.0.0.1"], 0)
    yield made
    await made.close()


async def line_of(port: UdpPort, folder: Path, **settings: Any) -> tuple[bool, str]:
    made = Settings(data=folder, **settings)
    return await SelfCheck(port, list(made.announce or port.hosts), made).check()


async def test_addresses_of_this_machine(port: UdpPort, tmp_path: Path) -> None:
    """Bound addresses answer; the line says what remains unknown."""
    assert await line_of(port, tmp_path) == (
        True,
        f"UDP port {port.port}: 127.0.0.1 answers; {UNKNOWN}",
    )


async def test_a_public_address_that_is_not_reachable_from_inside(
    port: UdpPort, tmp_path: Path
) -> None:
    """That is no problem: few networks route their own public address inwards."""
    healthy, line = await line_of(port, tmp_path, announce=("127.0.0.2",))
    assert (
        healthy
        and "the announced address 127.0.0.2 does not answer from here" in line
        and UNKNOWN in line
    )


async def test_servers_that_do_not_answer(port: UdpPort, tmp_path: Path) -> None:
    """The line is a warning and starts with them."""
    healthy, line = await line_of(
        port,
        tmp_path,
        ice_servers=("stun:127.0.0.1:9",),
        turn_urls=("turn:127.0.0.1:9",),
        turn_secret="x",
    )
    assert not healthy and line.count("no answer") + line.count("refused") == 2
    assert line.index("stun:127.0.0.1:9") < line.index("127.0.0.1 answers")


@pytest.mark.service
async def test_servers_that_answer(port: UdpPort, tmp_path: Path) -> None:
    """A TURN relay reaches the server like a publisher outside, which answers the open question. A
    STUN server that sees another address gives the one to announce.
    """
    number = free_port()
    servers = {
        "ice_servers": (f"stun:127.0.0.1:{number}",),
        "turn_urls": (f"turn:127.0.0.1:{number}",),
        "turn_secret": SECRET,
    }
    async with coturn(
        tmp_path,
        number,
        ["127.0.0.1"],
        "127.0.0.1",
        lambda path: Path(path).read_text(),
        peer="127.0.0.1",
    ):
        healthy, line = await line_of(port, tmp_path, **servers)
        assert (
            healthy
            and f"sees it as 127.0.0.1:{port.port}" in line
            and "relays to 127.0.0.1" in line
            and UNKNOWN not in line
        )
        healthy, line = await line_of(port, tmp_path, announce=("127.0.0.2",), **servers)
        assert (
            not healthy
            and "--announce 127.0.0.1" in line
            and "none of this server's addresses answers" in line
        )


@pytest.mark.service
async def test_a_turn_server_that_relays_everywhere(port: UdpPort, tmp_path: Path) -> None:
    """The line warns of it, and names what to set."""
    number = free_port()
    async with coturn(
        tmp_path, number, ["127.0.0.1"], "127.0.0.1", lambda path: Path(path).read_text()
    ):
        healthy, line = await line_of(
            port, tmp_path, turn_urls=(f"turn:127.0.0.1:{number}",), turn_secret=SECRET
        )
    assert not healthy and "relays to every address, such as 10.255.255.254 and 192.0.2.1" in line
    assert "denied-peer-ip" in line and "relays to 127.0.0.1" in line


async def test_the_server_logs_the_line_at_its_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "server.host.self_check")
    async with running(tmp_path) as server:
        await eventually(lambda: caplog.records)
        assert caplog.records[0].message.startswith(
            f"UDP port {server.udp.port}: 127.0.0.1 answers"
        )
