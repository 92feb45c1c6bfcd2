"""The settings of each process of a server with several processes."""

from server.composition.cluster import NAME_LENGTH
from server.settings import Settings
from server.supervisor.ports import Ports

MIN_MEMORY = 64 << 20
"""The smallest memory budget of a process, bytes."""


def names_of(base: str, count: int) -> list[str]:
    """Returns the ids of the processes in the database. They are the same at each start. `base`:
    name of the server as a node.
    """
    longest = NAME_LENGTH - len(f"-{count - 1}")
    return [f"{base[:longest].rstrip('-')}-{number}" for number in range(count)]


def settings_of(
    settings: Settings,
    number: int,
    name: str,
    ports: Ports,
    memory: int,
    cores: int,
    nats: str | None,
) -> dict[str, object]:
    """Returns the settings of one process that differ from those of the server. `memory`: bytes
    that all processes together may use. `cores`: number of cores of the machine. `nats`: URL of the
    nats-server that the parent has started; None if there is another one.
    """
    count = settings.processes
    transcoders = cores if settings.transcoders is None else settings.transcoders
    own = {
        "processes": count,
        "port": ports.tcp,
        "lan_port": ports.lan,
        "udp_port": ports.udp_of(number),
        "memory": max(MIN_MEMORY, memory // count),
        "transcoders": transcoders // count + (number < transcoders % count),
        "demo": settings.demo and number == 0,
        "node_name": name,
    }
    return own if nats is None else {**own, "nats": nats}
