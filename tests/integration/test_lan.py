"""The ports of --lan, with clients in the attached network and behind a router.

client 10.77.2.1 ── 10.77.2.2 router 10.77.1.2 ── 10.77.1.1 server
"""

import asyncio
import json
from pathlib import Path

from scripts.benchmarks.local_server import LocalServer
from tests.fixtures.networks import Networks
from tests.fixtures.requirements import require

URL = "https://10.77.1.1:8443/api/config"


async def test_clients_outside_of_the_attached_network_are_refused(tmp_path: Path) -> None:
    curl = [require("curl", "curl"), "--silent", "--insecure", "--max-time", "10"]
    with Networks() as hosts:
        for name in ("client", "router", "server"):
            hosts.host(name)
        hosts.cable("client", "10.77.2.1/24", "router", "10.77.2.2/24")
        hosts.cable("server", "10.77.1.1/24", "router", "10.77.1.2/24")
        hosts.router("router")
        hosts.gateway("client", "10.77.2.2")
        hosts.gateway("server", "10.77.1.2")
        async with LocalServer(tmp_path, "--lan", "--lan-port=8443", on=hosts.on("server")):
            near, far = [
                json.loads(await asyncio.to_thread(hosts.run, host, *curl, URL))
                for host in ("router", "client")
            ]
    assert near["create"] == "anyone"
    assert far["code"] == "foreign_network"
