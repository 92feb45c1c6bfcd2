"""The ports of a server with several processes, which its parent reserves for them."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from server.host.addresses import LocalAddress
from server.host.listeners import bound_socket
from server.settings import Settings, SettingsError

HIGHEST = 65_535


@dataclass(frozen=True, slots=True)
class Ports:
    """The numbers of the ports."""

    tcp: int
    lan: int
    udp: int
    """That of the first process; the others use the numbers that follow. 0: each takes a free one.
    """

    def udp_of(self, number: int) -> int:
        return self.udp + number if self.udp else 0


def reserve_ports(settings: Settings, addresses: Sequence[LocalAddress], stack: ExitStack) -> Ports:
    """Binds the TCP ports until `stack` ends, so that no other program can use them, but does not
    listen: only the processes do. Raises OSError if a port is in use, and SettingsError if there
    are too few UDP ports.
    """
    tcp = _reserve(settings.host, settings.port, stack)
    lan = settings.lan_port
    if settings.lan:
        for address in addresses:
            if address.is_private:
                lan = _reserve(address.text, lan, stack)
    udp = tcp if settings.udp_port is None else settings.udp_port
    if udp + settings.processes - 1 > HIGHEST:
        raise SettingsError(
            [f"udp_port {udp}: {settings.processes} processes need as many ports from there on"]
        )
    return Ports(tcp, lan, udp)


def _reserve(host: str, port: int, stack: ExitStack) -> int:
    """Returns the number of the port."""
    sock = stack.enter_context(bound_socket(host, port))
    # Set this after the port is bound. Set before, it would also allow the port of another server.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    number: int = sock.getsockname()[1]
    return number
