"""Writes one log line at startup that says whether publishers' media can probably reach this
server.
"""

import asyncio
import logging
import time

from relay.rtc.reachability import Probe, Unreachable
from relay.rtc.udp import UdpPort
from server.host.ice_servers import ice_servers
from server.settings import Settings

logger = logging.getLogger(__name__)


class SelfCheck:
    """Runs the self-check as an asyncio task, which `close()` cancels. `hosts`: the addresses of
    this server that are sent to browsers.
    """

    def __init__(self, port: UdpPort, hosts: list[str], settings: Settings) -> None:
        self._port = port
        self._hosts = hosts
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._good: list[str] = []
        self._bad: list[str] = []
        self._checked_from_outside = False

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        healthy, line = await self.check()
        logger.log(logging.INFO if healthy else logging.WARNING, "%s", line)

    async def check(self) -> tuple[bool, str]:
        """Checks every address and ICE server. Returns whether all checks succeeded, and the text
        of the log line.
        """
        probe = Probe(self._port)
        try:
            await asyncio.gather(*(self._ask_address(probe, host) for host in self._hosts))
            await asyncio.gather(
                *(
                    self._ask_server(probe, server)
                    for server in ice_servers(self._settings, "self-check", time.time())
                )
            )
        finally:
            probe.close()
        parts = [*self._bad, *self._good]
        if not self._checked_from_outside:
            parts.append("whether firewalls block publishers outside cannot be checked from here")
        return not self._bad, f"UDP port {self._port.port}: " + "; ".join(parts)

    async def _ask_address(self, probe: Probe, host: str) -> None:
        try:
            await probe.check_directly(host)
            self._good.append(f"{host} answers")
        except Unreachable as error:
            if host in self._settings.announce and host not in self._port.hosts:
                self._good.append(
                    f"the announced address {host} does not answer from here ({error}), as is "
                    "usual behind NAT"
                )
            else:
                self._bad.append(f"{host} does not answer ({error}): a firewall on this machine?")

    async def _ask_server(self, probe: Probe, server: dict[str, object]) -> None:
        urls = server["urls"]
        assert isinstance(urls, list)
        for url in urls:
            try:
                if url.startswith("turn"):
                    await self._ask_turn(
                        probe, url, str(server["username"]), str(server["credential"])
                    )
                elif url.startswith("stun:"):
                    await self._ask_stun(probe, url)
            except Unreachable as error:
                self._bad.append(f"{url}: {error}")

    async def _ask_turn(self, probe: Probe, url: str, username: str, credential: str) -> None:
        reached = await probe.check_through_turn(url, username, credential, self._hosts)
        if reached:
            self._checked_from_outside = True
            self._good.append(f"{url} relays to {' and '.join(reached)}")
            await self._ask_foreign(probe, url, username, credential)
        else:
            self._bad.append(
                f"{url} provides a relay, but none of this server's addresses answers through it: "
                "publishers who need it cannot connect"
            )

    async def _ask_foreign(self, probe: Probe, url: str, username: str, credential: str) -> None:
        """Checks that the configured TURN server does not relay to other machines. Otherwise every
        viewer could reach those machines, because every viewer gets TURN credentials.
        """
        if url not in self._settings.turn_urls:
            return
        foreign = set(await probe.foreign_peers(url, username, credential)) - set(self._hosts)
        if foreign:
            self._bad.append(
                f"{url} relays to every address, such as {' and '.join(sorted(foreign))}, and "
                "every viewer gets credentials: deny other peers with denied-peer-ip and "
                "allowed-peer-ip"
            )

    async def _ask_stun(self, probe: Probe, url: str) -> None:
        host, number = await probe.mapped_address(url)
        if host in self._hosts and number == self._port.port:
            self._good.append(f"{url} sees it as {host}:{number}")
        elif host in self._hosts:
            self._bad.append(
                f"{url} sees it as port {number}: a NAT changes the number, forward port "
                f"{self._port.port} to this machine"
            )
        else:
            self._bad.append(
                f"{url} sees it as {host}, which browsers do not get: start with --announce "
                f"{host}, and forward the port to this machine"
            )
