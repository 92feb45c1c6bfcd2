"""The ports of the server."""

from contextlib import AsyncExitStack

from relay.rtc.udp import UdpPort
from server.host.addresses import local_addresses, media_hosts
from server.host.listeners import Listener, bind_listeners
from server.settings import Settings


async def open_ports(
    settings: Settings, udp: UdpPort, stack: AsyncExitStack, *, shared: bool
) -> tuple[list[Listener], list[str]]:
    """Opens the UDP port, and binds the TCP ports, which do not listen yet. Returns the TCP ports,
    and the addresses at which publishers and viewers reach the UDP port. Raises OSError.
    `shared`: whether other processes of this server listen on the same TCP ports.
    """
    addresses = local_addresses()
    listeners = bind_listeners(settings, addresses, shared=shared)
    for listener in listeners:
        stack.callback(listener.sock.close)
    port = listeners[0].port if settings.udp_port is None else settings.udp_port
    await udp.open(media_hosts(settings, addresses), port)
    return listeners, list(settings.announce or udp.hosts)
