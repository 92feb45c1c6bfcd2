"""The parts that endpoints, middleware and metrics share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.composition.discovery import Discovery
from server.composition.limits import LoadLimits
from server.composition.media import Media
from server.composition.outputs import Outputs
from server.composition.stored_media import StoredMedia
from server.composition.visitors import Visitors
from server.feed.feed import Feed
from server.http.blocklist import Blocklist
from server.http.client import is_in
from server.http.shared_blocks import SharedBlocks
from server.http.siblings import Siblings
from server.push.pushes import Pushes
from server.rooms.registry import Rooms
from server.setting_types import IPNetwork
from server.settings import Settings
from server.storage.storage import Storage

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that endpoints, middleware and metrics share."""

    settings: Settings
    storage: Storage
    blocklist: Blocklist
    blocks: SharedBlocks
    rooms: Rooms
    media: Media
    hosts: list[str]
    """The addresses at which publishers and viewers reach the UDP port."""
    visitors: Visitors
    outputs: Outputs
    stored: StoredMedia
    limits: LoadLimits
    discovery: Discovery
    pushes: Pushes | None
    """None if the server sends no pushes."""
    feed: Feed
    cluster: "Cluster | None"
    """None unless the server is a node of a cluster."""
    siblings: Siblings | None
    """None unless the server has several processes."""

    def cut(self, network: IPNetwork) -> None:
        """Ends the connections and the WHEP sessions of a network."""
        self.limits.connections.cut(network)
        self.outputs.whep.end_clients(lambda address: is_in(address, (network,)))
