"""Turns the address of a client into the keys under which the client is counted. Pure.

A household with an IPv6 /64 counts as one address, like a household with one IPv4 address.
"""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """The two keys under which a client is counted: its address and the network that contains the
    address. Both keys are empty if the address is unknown.
    """

    address: str = ""
    """IPv4 address, or the /64 of an IPv6 address."""
    network: str = ""
    """The /24 of an IPv4 address, or the /48 of an IPv6 address."""


UNKNOWN = ClientAddress()


@lru_cache(maxsize=4_096)
def keys_of(address: str) -> ClientAddress:
    """Returns the two keys for an address: one for the address, and one for its network. An IPv4
    address mapped into IPv6 counts as IPv4. For text that is not an IP address, both keys are this
    text.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ClientAddress(address, address)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if ip.version == 4:
        return ClientAddress(str(ip), _network(ip, 24))
    return ClientAddress(_network(ip, 64), _network(ip, 48))


def _network(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, prefix: int) -> str:
    return str(ipaddress.ip_network((ip, prefix), strict=False))
