"""The address of a client."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """The address of a client and the network that contains the address, as keys for counting. Both
    are empty if they are unknown.
    """

    address: str = ""
    """IPv4 address, or the /64 of an IPv6 address."""
    network: str = ""
    """The /24 of an IPv4 address, or the /48 of an IPv6 address."""


UNKNOWN = ClientAddress()
