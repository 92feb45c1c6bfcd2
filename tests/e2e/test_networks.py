"""Publisher and server in different networks: through coturn where UDP is blocked, and 1:1 NAT.

creator 10.77.2.1 ── 10.77.2.2 router 10.77.1.2 ── 10.77.1.1 server
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Playwright

from scripts.benchmarks.chromium import executable, launch, script, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Studio, Visitors
from tests.fixtures.coturn import SECRET, coturn
from tests.fixtures.networks import Networks

CREATOR, NEAR_CREATOR, NEAR_SERVER, SERVER = "10.77.2.1", "10.77.2.2", "10.77.1.2", "10.77.1.1"
TURN_PORT = 3_478
OUTER = "203.0.113.7"
NARROW = ("root", "tbf", "rate", "1mbit", "burst", "8kb", "latency", "300ms")
"""Arguments of `tc qdisc` for a link of 1 Mbps that buffers up to 300 ms of data."""

# The kinds of the two candidates that media travels between.
PAIR = """
(async () => {
  const report = await connections.made.at(-1).getStats();
  const pairs = [...report.values()].filter(({ type }) => type === 'candidate-pair');
  const pair = pairs.find(({ nominated, state }) => nominated && state === 'succeeded');
  const candidates = pair && [pair.localCandidateId, pair.remoteCandidateId].map(
    id => report.get(id),
  );
  return candidates?.map(({ candidateType, relayProtocol, address }) => ({
    candidateType, relayProtocol, address,
  }));
})()
"""


@pytest.fixture
def hosts() -> Iterator[Networks]:
    with Networks() as made:
        for name in ("creator", "router", "server"):
            made.host(name)
        made.cable("creator", f"{CREATOR}/24", "router", f"{NEAR_CREATOR}/24")
        made.cable("server", f"{SERVER}/24", "router", f"{NEAR_SERVER}/24")
        made.router("router")
        made.gateway("creator", NEAR_CREATOR)
        made.gateway("server", NEAR_SERVER)
        yield made


@asynccontextmanager
async def browser(
    playwright: Playwright, hosts: Networks, folder: Path, url: str
) -> AsyncIterator[Browser]:
    """The publisher's browser, which treats `url` as a secure origin."""
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec {" ".join(hosts.on("creator"))} {executable()} "$@"\n')
    program.chmod(0o755)
    launched = await launch(
        playwright,
        program=str(program),
        more=(f"--unsafely-treat-insecure-origin-as-secure={url}",),
    )
    try:
        yield launched
    finally:
        await launched.close()


async def goes_live(visitors: Visitors, url: str) -> Studio:
    """A live publisher, seen by a viewer."""
    studio = await visitors.studio(url)
    room = await visitors.room(await studio.go_live())
    await room.plays(3)
    return studio


@pytest.mark.timeout(120)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_live_through_coturn_only(
    playwright: Playwright, hosts: Networks, tmp_path: Path, transport: str
) -> None:
    """UDP from the publisher reaches the server only by the relay, with our credentials.

    With `tcp` no UDP leaves the publisher's network.
    """
    hosts.run("router", "iptables", "-A", "FORWARD", "-p", "udp", "-j", "DROP")
    if transport == "tcp":
        hosts.run(
            "router", "iptables", "-A", "INPUT", "-i", "to-creator", "-p", "udp", "-j", "DROP"
        )
    turn = [
        f"--turn-urls=turn:{NEAR_CREATOR}:{TURN_PORT}?transport={transport}",
        f"--turn-secret={SECRET}",
    ]
    arguments = [f"--host={SERVER}", f"--udp-hosts={SERVER}", *turn]
    async with (
        coturn(
            tmp_path,
            TURN_PORT,
            [NEAR_CREATOR, NEAR_SERVER],
            NEAR_SERVER,
            lambda path: hosts.run("router", "cat", path),
            hosts.on("router"),
        ),
        LocalServer(tmp_path / "data", *arguments, on=hosts.on("server")) as server,
        browser(playwright, hosts, tmp_path, server.url) as chromium,
    ):
        visitors = Visitors(chromium)
        studio = await goes_live(visitors, server.url)
        local, remote = await studio.page.evaluate(PAIR)
        assert (local["candidateType"], local["relayProtocol"], remote["address"]) == (
            "relay",
            transport,
            SERVER,
        )
        await visitors.leave()
    assert visitors.complaints.unexpected == []
    assert any(
        f"turn:{NEAR_CREATOR}:{TURN_PORT}?transport={transport} relays to {SERVER}" in line
        for line in server.log
    )


@pytest.mark.timeout(120)
async def test_a_browser_that_listens_to_remb_alone_follows_a_narrow_path(
    playwright: Playwright, hosts: Networks, tmp_path: Path
) -> None:
    """Without transport-wide feedback the server estimates the path.

    The encoder lowers its bitrate on a link of 1 Mbps, and raises it after.
    """
    async with narrow_path(playwright, hosts, tmp_path, "timecode", "noise", "remb") as studio:
        low = (await studio.page.evaluate("connections.sent()"))["targetBitrate"]
        hosts.run("creator", "tc", "qdisc", "del", "dev", "to-router", "root")
        # The bitrate reached in this time depends on the machine; scripts/bench uplink measures it.
        await aims(studio, f">= {1.2 * low}", 40)
        assert await studio.page.evaluate(
            "connections.made.at(-1).remoteDescription.sdp.match(/transport-cc|abs-send-time/g)"
        ) == ["abs-send-time"]


# Records the browser's estimate of the path four times a second, as pairs (ms, bit/s).
RECORD = """
(() => {
  const estimates = [];
  setInterval(async () => {
    const report = [...(await connections.made.at(-1).getStats()).values()];
    const pair = report.find(({ type, nominated }) => type === 'candidate-pair' && nominated);
    estimates.push([performance.now(), pair?.availableOutgoingBitrate]);
  }, 250);
  Object.assign(window, { estimates });
})()
"""
# Whether the estimate rose above 2 Mbps by 40 % within a second. Without a probe, it rises by 8 %.
JUMPED = """
estimates.some(([at, estimate]) => estimate > 2_000_000 && estimates.some(
  ([before, low]) => before < at && at - before <= 1_000 && low * 1.4 < estimate,
))
"""


@pytest.mark.timeout(120)
async def test_the_studio_probes_a_path_that_was_narrow(
    playwright: Playwright, hosts: Networks, tmp_path: Path
) -> None:
    """The browser finds the capacity of the wide path at once, and the session goes on."""
    async with narrow_path(playwright, hosts, tmp_path, "timecode", "noise") as studio:
        await studio.page.evaluate(RECORD)
        hosts.run("creator", "tc", "qdisc", "del", "dev", "to-router", "root")
        await until(studio.page, JUMPED, 60)
        assert await studio.page.evaluate("connections.made.length") == 1


@asynccontextmanager
async def narrow_path(
    playwright: Playwright, hosts: Networks, folder: Path, *scripts: str
) -> AsyncIterator[Studio]:
    """A live publisher whose encoder has adapted to a link that has become narrow."""
    async with (
        LocalServer(
            folder / "data", f"--host={SERVER}", f"--udp-hosts={SERVER}", on=hosts.on("server")
        ) as server,
        browser(playwright, hosts, folder, server.url) as chromium,
    ):
        visitors = Visitors(chromium)
        # The scripts run there too, without a camera.
        visitors.complaints.allow("about:blank: .*getUserMedia")
        studio = await visitors.studio(server.url, *map(script, scripts))
        await studio.go_live()
        await aims(studio, ">= 2e6", 20)
        hosts.run("creator", "tc", "qdisc", "add", "dev", "to-router", *NARROW)
        await aims(studio, "<= 1e6", 10)
        yield studio
        await visitors.leave()
    assert visitors.complaints.unexpected == []


async def aims(studio: Studio, comparison: str, within: float) -> None:
    """Waits until the encoder's target bitrate (bit/s) meets the comparison."""
    await until(
        studio.page,
        f"connections.sent().then(({{ targetBitrate }}) => targetBitrate {comparison})",
        within,
    )


@pytest.mark.timeout(120)
async def test_a_live_behind_one_to_one_nat(
    playwright: Playwright, hosts: Networks, tmp_path: Path
) -> None:
    """The server has an inner address; clients reach it at the outer one, which it announces."""
    hosts.run(
        "router",
        "iptables",
        "-t",
        "nat",
        "-A",
        "PREROUTING",
        "-d",
        OUTER,
        "-j",
        "DNAT",
        "--to-destination",
        SERVER,
    )
    hosts.run(
        "router",
        "iptables",
        "-t",
        "nat",
        "-A",
        "POSTROUTING",
        "-s",
        SERVER,
        "-j",
        "SNAT",
        "--to-source",
        OUTER,
    )
    hosts.run(
        "router",
        "iptables",
        "-A",
        "FORWARD",
        "-d",
        SERVER,
        "-m",
        "conntrack",
        "!",
        "--ctstate",
        "DNAT",
        "--ctdir",
        "ORIGINAL",
        "-j",
        "DROP",
    )
    arguments = [f"--host={SERVER}", f"--udp-hosts={SERVER}", f"--announce={OUTER}"]
    async with LocalServer(tmp_path / "data", *arguments, on=hosts.on("server")) as server:
        url = server.url.replace(SERVER, OUTER)
        async with browser(playwright, hosts, tmp_path, url) as chromium:
            visitors = Visitors(chromium)
            studio = await goes_live(visitors, url)
            _, remote = await studio.page.evaluate(PAIR)
            assert (remote["candidateType"], remote["address"]) == ("host", OUTER)
            await visitors.leave()
    assert any(f"{OUTER} answers" in line for line in server.log), server.log
    assert visitors.complaints.unexpected == []
