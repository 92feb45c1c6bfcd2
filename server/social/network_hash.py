"""Salted hashes of the networks of clients. Pure.

A ban also applies to new guests from the network of the banned person. For this purpose the server
stores no address, but a salted hash. The salt is deleted at the end of the live, and after MAX_AGE
at the latest. The hash is then useless.
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

MAX_AGE = 86_400.0
"""Maximum age of a salt, seconds."""
SALT_BYTES = 16
HASH_CHARACTERS = 32
"""Length of a hash: 128 bits in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Salt:
    value: bytes
    made_at: float
    """Time at which the salt was made, Unix seconds."""

    def is_valid(self, now: float) -> bool:
        """Whether the salt may be used at `now`. A salt from the future is not valid: the clock was
        set back.
        """
        return len(self.value) == SALT_BYTES and 0 <= now - self.made_at < MAX_AGE

    @property
    def ends_at(self) -> float:
        """Time at which the salt becomes invalid, Unix seconds."""
        return self.made_at + MAX_AGE


def network_hash(address: str, salt: Salt) -> str:
    """Returns the hash of the client's /32 (IPv4) or /64 (IPv6) network, or an empty string if
    `address` is not an address.
    """
    network = _network(address)
    if not network:
        return ""
    return hashlib.blake2b(network, key=salt.value, digest_size=HASH_CHARACTERS // 2).hexdigest()


def _network(address: str) -> bytes:
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return b""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None:
            return ip.packed[:8]
        ip = ip.ipv4_mapped
    return ip.packed
