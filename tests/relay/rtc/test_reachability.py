"""The reachability tests, with a real coturn as STUN and TURN server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop

from relay.rtc.reachability import IceUrl, Probe, Unreachable
from relay.rtc.udp import UdpPort
from server.host.ice_servers import turn_credentials
from tests.conftest import open_sockets
from tests.fixtures.coturn import SECRET, coturn, free_port
from tests.fixtures.deadline import eventually

HERE = "127.0.0.1"
CREDENTIALS = turn_credentials(SECRET, "probe", 2_000_000_000)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[UdpPort]:
    made = UdpPort()
    await made.open([HERE], 0)
    yield made
    assert made.peers == {} and not any(bound.routes for bound in made._sockets)
    await made.close()


@pytest_asyncio.fixture
async def probe(port: UdpPort) -> AsyncIterator[Probe]:
    made = Probe(port)
    yield made
    made.close()


@pytest_asyncio.fixture
async def turn(tmp_path: Path) -> AsyncIterator[str]:
    """Host and port of a coturn."""
    number = free_port()
    async with coturn(tmp_path, number, [HERE], HERE, lambda path: Path(path).read_text()):
        yield f"{HERE}:{number}"


async def test_the_port_answers_itself(port: UdpPort, probe: Probe) -> None:
    """The port counts none of these datagrams as rejected."""
    await probe.check_directly(HERE)
    assert port.rejected.stranger == port.rejected.unreadable == port.rejected.failed == 0


def test_a_cancelled_check_leaves_no_socket() -> None:
    """Also on uvloop, which does not close a socket whose creation is cancelled."""

    async def cancel_at_each_step() -> None:
        port = UdpPort()
        await port.open([HERE], 0)
        probe = Probe(port)
        before = open_sockets()
        for steps in 10 * list(range(20)):
            check = asyncio.create_task(probe.check_directly(HERE))
            for _ in range(steps):
                await asyncio.sleep(0)
            check.cancel()
            await asyncio.wait([check])
        await eventually(lambda: open_sockets() == before)
        probe.close()
        await port.close()

    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    runner.run(cancel_at_each_step())
    runner.close()  # after a failure above, uvloop would wait here without end


async def test_an_address_without_the_port(probe: Probe) -> None:
    """127.0.0.2 belongs to this machine, but the port is not bound there."""
    with pytest.raises(Unreachable, match="no answer|refused"):
        await probe.check_directly("127.0.0.2")


@pytest.mark.service
async def test_another_program_at_the_address(port: UdpPort, turn: str) -> None:
    """A STUN server answers the check, but without the right password."""
    made = Probe(port)
    port.port = int(turn.rpartition(":")[2])
    with pytest.raises(Unreachable, match="another program"):
        await made.check_directly(HERE)
    made.close()


@pytest.mark.service
async def test_the_mapped_address(port: UdpPort, probe: Probe, turn: str) -> None:
    assert await probe.mapped_address(f"stun:{turn}") == (HERE, port.port)


@pytest.mark.service
async def test_through_a_relay(probe: Probe, turn: str) -> None:
    """Over UDP and TCP. An address at which the port is not bound does not answer."""
    for transport in ("udp", "tcp"):
        assert await probe.check_through_turn(
            f"turn:{turn}?transport={transport}", *CREDENTIALS, [HERE, "127.0.0.2"]
        ) == [HERE]


@pytest.mark.service
async def test_a_relay_with_another_secret(probe: Probe, turn: str) -> None:
    with pytest.raises(Unreachable, match="static-auth-secret"):
        await probe.check_through_turn(f"turn:{turn}", CREDENTIALS[0], "wrong", [HERE])


async def test_servers_that_do_not_answer(probe: Probe) -> None:
    """Each test fails after 2 s."""
    async with asyncio.timeout(8):
        for url in (f"turn:{HERE}:9", f"turn:{HERE}:9?transport=tcp", f"turns:{HERE}:9"):
            with pytest.raises(Unreachable):
                await probe.check_through_turn(url, *CREDENTIALS, [HERE])
        with pytest.raises(Unreachable):
            await probe.mapped_address(f"stun:{HERE}:9")


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("stun:a.example", IceUrl("a.example", 3_478, False, False)),
        ("turn:a.example:5?transport=tcp", IceUrl("a.example", 5, True, False)),
        ("turns:[2001:db8::1]", IceUrl("2001:db8::1", 5_349, True, True)),
    ],
)
def test_urls(url: str, parsed: IceUrl) -> None:
    assert IceUrl.parse(url) == parsed


def test_malformed_urls() -> None:
    with pytest.raises(Unreachable, match="not a valid"):
        IceUrl.parse("turn:a:b:c")
