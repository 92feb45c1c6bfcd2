"""Lets the server send pushes only to public addresses. A browser names the URL of its push
service, so the URL may be an attempt to reach the operator's own network through this server.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import AddressFamily

from aiohttp.abc import AbstractResolver, ResolveResult

NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that contain an IPv4 address (RFC 6052)."""


LOOKUPS = 32
"""Maximum number of lookups at the same time. A lookup cannot be cancelled: a name server that does
not answer holds its thread for some 20 s.
"""


class NotPublicError(OSError):
    """The host has no public address."""


class PublicAddresses(AbstractResolver):
    """A resolver that returns only public addresses. The connection uses exactly these addresses,
    so an answer that changes between a check and its use does no harm.
    """

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError if the host has no address, NotPublicError if it has no public address."""
        found = await self._resolver.resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise NotPublicError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


class SystemResolver(AbstractResolver):
    """Asks the resolver of the operating system, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS, "push-lookup")

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError."""
        look_up = partial(
            socket.getaddrinfo,
            host,
            port,
            family=family,
            type=socket.SOCK_STREAM,
            flags=socket.AI_ADDRCONFIG,
        )
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for family, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_public(text: str) -> bool:
    """Whether `text` is an address on the internet, and not of this machine, of a local network, or
    of a tunnel into one.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if address.sixtofour is not None or address.is_site_local:
            return False
        if inner is not None:
            address = inner
    return address.is_global and not (address.is_multicast or address.is_reserved)
