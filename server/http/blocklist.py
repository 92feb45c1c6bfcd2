"""The networks that the operator has blocked. Pure: `now` is in Unix seconds."""

import ipaddress
from dataclasses import dataclass

from server.http.client import parse_address
from server.setting_types import IPNetwork

MAX_BLOCKS = 10_000


class BlocklistFull(Exception):
    """MAX_BLOCKS networks are blocked already."""


@dataclass(frozen=True, slots=True)
class Block:
    """A blocked network."""

    network: IPNetwork
    until: float
    """Time at which the block ends, Unix seconds."""
    reason: str


class Blocklist:
    """The blocked networks. A lookup takes one step for each prefix length in use."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[int, int], dict[int, Block]] = {}
        """Blocks by IP version and prefix length, then by the network's first address."""
        self._count = 0

    def add(self, block: Block, now: float) -> None:
        """Adds a block, or replaces the block of the same network. Raises BlocklistFull."""
        if self.find_network(block.network) is None and self._count >= MAX_BLOCKS:
            self.expire(now)
            if self._count >= MAX_BLOCKS:
                raise BlocklistFull
        blocks = self._blocks.setdefault(_kind(block.network), {})
        self._count += int(block.network.network_address) not in blocks
        blocks[int(block.network.network_address)] = block

    def remove(self, network: IPNetwork) -> bool:
        """Removes the block of exactly this network. Returns whether the block existed."""
        kind = _kind(network)
        removed = self._blocks.get(kind, {}).pop(int(network.network_address), None)
        if removed is None:
            return False
        self._count -= 1
        if not self._blocks[kind]:
            del self._blocks[kind]
        return True

    def find(self, address: str, now: float) -> Block | None:
        """Returns a block that applies to the address; None if the address is not blocked."""
        if not self._count:
            return None
        ip = parse_address(address)
        if ip is None:
            return None
        number, bits = int(ip), ip.max_prefixlen
        for (version, length), blocks in self._blocks.items():
            if version == ip.version:
                block = blocks.get(number >> (bits - length) << (bits - length))
                if block is not None and block.until > now:
                    return block
        return None

    def find_network(self, network: IPNetwork) -> Block | None:
        """Returns the block of exactly this network, whether or not the block has expired."""
        return self._blocks.get(_kind(network), {}).get(int(network.network_address))

    def blocks(self, now: float) -> list[Block]:
        """Returns the blocks that have not expired. The block that ends last is first."""
        self.expire(now)
        every = [block for blocks in self._blocks.values() for block in blocks.values()]
        return sorted(every, key=lambda block: -block.until)

    def expire(self, now: float) -> None:
        """Removes the expired blocks."""
        every = [block for blocks in self._blocks.values() for block in blocks.values()]
        for block in every:
            if block.until <= now:
                self.remove(block.network)


def parse_network(text: str) -> IPNetwork:
    """Parses an address or a network in CIDR notation. An IPv6 address becomes its /64, because one
    client has a whole /64. Raises ValueError.
    """
    ip = parse_address(text)
    if ip is not None and "/" not in text:
        return ipaddress.ip_network((int(ip), 64) if ip.version == 6 else str(ip), strict=False)
    return ipaddress.ip_network(text, strict=False)


def _kind(network: IPNetwork) -> tuple[int, int]:
    return network.version, network.prefixlen
