"""The addresses of this machine, and which of them receive media."""

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ifaddr

from server.setting_types import IPNetwork
from server.settings import Settings

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """An address of this machine, and the network of the interface that has this address."""

    text: str
    network: IPNetwork

    @property
    def is_private(self) -> bool:
        """Whether this is an IPv4 address that routers of the Internet do not forward, such as
        192.168.1.2 (RFC 1918). A global IPv6 address is not private, even if a phone on the same
        Wi-Fi can reach it.
        """
        return self.network.version == 4 and ipaddress.ip_address(self.text).is_private

    @property
    def is_global(self) -> bool:
        return ipaddress.ip_address(self.text).is_global


def local_addresses() -> list[LocalAddress]:
    """Returns the addresses at which other machines can reach this machine. IPv4 addresses come
    before IPv6 addresses. The address of the default route is first.

    Excludes loopback, link-local and IPv6 unique local addresses, and interfaces that are down.
    """
    found: dict[str, LocalAddress] = {}
    for adapter in ifaddr.get_adapters():
        if _is_down(adapter.name):
            continue
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            if _is_reachable(text) and text not in found:
                network = ipaddress.ip_network(f"{text}/{ip.network_prefix}", strict=False)
                found[text] = LocalAddress(text, network)
    preferred = _source_address()
    return sorted(found.values(), key=lambda one: (":" in one.text, one.text != preferred))


def media_hosts(settings: Settings, found: Sequence[LocalAddress]) -> list[str]:
    """Returns the addresses at which the server receives media. Unless --announce is set, SDP
    answers contain these addresses in this order. The order matters, because some clients try only
    the first candidate.

    The result contains only addresses at which clients can also reach a TCP port of the server. For
    example, with --host 127.0.0.1 and without --lan, the result is only the loopback address.
    `found`: the result of `local_addresses()`.
    """
    every = [address.text for address in found]
    private = [address.text for address in found if address.is_private]
    if settings.udp_hosts:
        return list(settings.udp_hosts)
    if settings.announce:  # the server is behind NAT, which forwards to one of these addresses
        return [*every, LOOPBACK]
    if settings.public_url:
        # Omit private addresses: clients on the Internet cannot reach them.
        public = [address.text for address in found if address.is_global] or every
        return list(dict.fromkeys([*public, *(private if settings.lan else ())])) or [LOOPBACK]
    if settings.on_loopback:
        return [LOOPBACK, *(private if settings.lan else ())]
    if _is_one_address(settings.host):
        return list(dict.fromkeys([settings.host, *(private if settings.lan else ())]))
    return [*every, LOOPBACK]


def _is_one_address(host: str) -> bool:
    """Whether `host` is one address, and neither a name nor the address for all interfaces."""
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_down(interface: str) -> bool:
    """Whether Linux reports that the interface is down. For example, a container bridge without
    containers is down. Returns False on other systems.
    """
    try:
        return Path("/sys/class/net", interface, "operstate").read_text().strip() == "down"
    except OSError:
        return False


def _is_reachable(text: str) -> bool:
    ip = ipaddress.ip_address(text)
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.is_global and not ip.is_multicast
    return not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified)


def _source_address() -> str | None:
    """Returns the IPv4 source address of packets to the Internet. To find the address, the function
    connects a UDP socket, which queries the routing table and sends nothing.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return address
