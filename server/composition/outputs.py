"""The parts that send media and events to viewers."""

from dataclasses import dataclass

from relay.whep import WhepSessions
from server.composition.media import Media
from server.composition.visitors import Visitors
from server.host.load import Audience
from server.http.events import EventsEndpoint
from server.http.hls import HlsEndpoint
from server.http.limits import ConnectionLimiter
from server.http.rewind import RewindEndpoint
from server.http.watch import WatchEndpoint
from server.http.whep import WhepEndpoint
from server.ingest.sessions import IngestSessions
from server.rooms.registry import Rooms
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Outputs:
    """The parts that send media and events to viewers."""

    watch: WatchEndpoint
    events: EventsEndpoint
    hls: HlsEndpoint
    rewind: RewindEndpoint
    whep: WhepSessions
    play: WhepEndpoint
    replay_requests: ConnectionLimiter
    """Limiter of the requests for replays of each address."""

    def apply(self, settings: Settings) -> None:
        """Changes the limits of viewers to those of other settings."""
        limit = settings.max_sockets_per_address
        self.watch.sockets.set_limit(limit)
        for limiter in (
            *(self.hls.requests, self.rewind.requests, self.play.held),
            self.replay_requests,
        ):
            limiter.limit = limit
        self.play.connecting.limit = settings.max_connecting_whep_per_address
        self.whep.max_connecting = settings.max_connecting_whep

    def audience(self, ingest: IngestSessions) -> Audience:
        """Returns the numbers of creators and viewers, and the total time that was spent on
        delivery to viewers. Viewers on standby do not count.
        """
        return Audience(
            ingest.counters.sending,
            len(self.watch.viewers)
            - self.watch.sockets.standbys
            + sum(viewers for _, viewers in self.whep.audiences),
            ingest.counters.total("delivery_ns"),
        )

    def count_sessions(self, address: str) -> tuple[int, int]:
        """Returns two numbers of sessions: the number for the address, and the number for its
        network.
        """
        counts = [
            self.watch.sockets.count(address),
            self.hls.requests.count(address),
            self.play.held.count(address),
        ]
        return sum(own for own, _ in counts), sum(together for _, together in counts)


def create_outputs(
    rooms: Rooms,
    media: Media,
    visitors: Visitors,
    hosts: list[str],
    settings: Settings,
    prefix: str,
) -> Outputs:
    """Creates the endpoints for viewers. `hosts`: the addresses at which viewers reach the UDP
    port. `prefix`: the beginning of the ids of sessions.
    """
    identity, access = visitors.identity, visitors.access
    watch = WatchEndpoint(rooms, identity, access, settings)
    whep = WhepSessions(media.udp, hosts, settings.max_connecting_whep, prefix)
    return Outputs(
        watch,
        EventsEndpoint(rooms, watch.sockets, identity, access, settings),
        HlsEndpoint(rooms, media.workers, settings),
        RewindEndpoint(rooms, settings),
        whep,
        WhepEndpoint(rooms, whep, access, settings),
        ConnectionLimiter(settings.max_sockets_per_address),
    )
