"""The server's own figures for Prometheus. server/API.md lists the metrics."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from relay.channel.channel import Channel
from relay.channel.hub import Hub
from relay.edge.edges import Edges
from relay.hls.endpoint import Renditions
from relay.meter import SECOND, Meter
from relay.rtc.udp import UdpPort
from relay.stream.stream import Stream
from relay.whep import WhepSessions
from relay.worker.workers import Workers
from server.host.admission import Admission
from server.host.headroom import Level
from server.host.stages import Stages
from server.http.connections import Connections
from server.http.metric_families import Family, counter, gauge
from server.http.watch import WatchEndpoint
from server.ingest.sessions import IngestSessions
from server.memory.budget import MemoryBudget
from server.rooms.beacon import OTHER, PLAYERS
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import State
from server.storage.database import Database

QUANTILES = (0.5, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects from which the metrics are read."""

    rooms: RoomsInMemory
    hub: Hub
    udp: UdpPort
    watch: WatchEndpoint
    hls: Renditions
    whep: WhepSessions
    ingest: IngestSessions
    memory: MemoryBudget
    workers: Workers
    meter: Meter
    admission: Admission
    stages: Stages
    connections: Connections
    database: Database
    edges: Edges | None
    """The copies of rooms that other nodes own; None if this server is no node."""

    @property
    def channels(self) -> list[Channel]:
        """The channels that viewers of this process watch."""
        return self.hub.channels + (self.edges.channels if self.edges else [])


class ServerCollector(Collector):
    """Reads the counters of the server only when metrics are requested."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> Iterator[Family]:
        """Yields no metrics. Without this method, `register` would call `collect` while the server
        is still starting.
        """
        yield from ()

    def collect(self) -> Iterator[Family]:
        received, played = self._sources.ingest.counters.totals(), self._sources.whep.totals()
        yield from self._rooms()
        yield from self._viewers()
        yield from self._delivery(played)
        yield from self._connections()
        yield from self._traffic(received, played)
        yield from self._datagrams(received, played)
        yield from self._memory()
        yield from self._storage()
        yield from self._load()

    def _rooms(self) -> Iterator[Family]:
        states = self._sources.rooms.states
        yield gauge(
            "rooms",
            "Rooms that have not ended, by state",
            "state",
            {state.value: states[state] for state in State if state is not State.ENDED},
        )
        yield GaugeMetricFamily(
            "microlive_creators", "Connected creators", self._sources.rooms.creators
        )
        yield GaugeMetricFamily(
            "microlive_transcoders",
            "Creators whose video is transcoded",
            self._sources.ingest.transcoders.rooms,
        )
        failures = self._sources.workers.failures
        yield counter(
            "worker_failures",
            "Processes that decode creators' media and ended by themselves or were killed",
            "media",
            {media: failures[media] for media in self._sources.workers.kinds},
        )
        yield GaugeMetricFamily(
            "microlive_tasks", "Tasks of the event loop", len(asyncio.all_tasks())
        )
        yield GaugeMetricFamily(
            "microlive_loop_lateness_seconds",
            "How late the event loop's last timer ran",
            max(0.0, self._sources.hub.pulse.lateness),
        )

    def _viewers(self) -> Iterator[Family]:
        live, players = self._sources.rooms.live_streams, self._sources.rooms.players
        if self._sources.edges:
            live = live | {channel.stream for channel in self._sources.edges.channels}
        audiences = {
            "websocket": [
                (channel.stream, channel.direct_viewers) for channel in self._sources.channels
            ],
            "hls": self._sources.hls.audiences,
            "whep": self._sources.whep.audiences,
        }
        yield gauge(
            "viewers",
            "Viewers, by playback path",
            "path",
            {path: _count(found) for path, found in audiences.items()},
        )
        yield GaugeMetricFamily(
            "microlive_standby_viewers",
            "WebSockets on standby, which count as no viewers",
            sum(channel.standbys for channel in self._sources.channels),
        )
        yield gauge(
            "players",
            "Viewers that sent a beacon lately, by player",
            "player",
            {name: players[name] for name in sorted({*PLAYERS, OTHER})},
        )
        rates = {path: _bitrate(found, live) for path, found in audiences.items()}
        yield gauge(
            "egress_bits_per_second",
            "Sum over all viewers of their live room's bit rate",
            "path",
            rates,
        )

    def _delivery(self, played: dict[str, int]) -> Iterator[Family]:
        watch, hls, whep = self._sources.watch, self._sources.hls, self._sources.whep
        sockets = watch.counters
        dropped = sockets.dropped + sum(viewer.dropped for viewer in watch.viewers)
        lags = sorted(viewer.lag for viewer in watch.viewers if viewer.lag is not None)
        if lags:
            delays = {
                str(share): max(0.0, lags[round(share * (len(lags) - 1))] / 1_000)
                for share in QUANTILES
            }
            about = (
                "How far viewers over WebSockets are behind the live edge, half a round trip "
                "included, by their last reports"
            )
            yield gauge("delivery_delay_seconds", about, "quantile", delays)
        yield counter(
            "joins",
            "Viewers that joined",
            "path",
            {"websocket": sockets.joined, "hls": hls.counters.joined, "whep": whep.counters.joined},
        )
        yield counter(
            "dropped_pictures",
            "Video frames left out for slow viewers",
            "path",
            {"websocket": dropped, "whep": played["dropped"]},
        )
        yield CounterMetricFamily(
            "microlive_slowed",
            "Times that a WebSocket viewer became too slow for all frames",
            sockets.slowed,
        )
        yield CounterMetricFamily(
            "microlive_let_go",
            "WebSocket viewers closed because they read nothing for 15 s",
            sockets.let_go,
        )
        yield CounterMetricFamily(
            "microlive_refused_viewers",
            "WebSockets that broke the protocol",
            sockets.refused,
        )
        yield CounterMetricFamily(
            "microlive_failed_connections",
            "WHEP sessions that never connected",
            whep.counters.failed,
        )
        yield GaugeMetricFamily(
            "microlive_connecting_sessions",
            "WHEP sessions that are not connected yet",
            whep.connecting,
        )
        yield CounterMetricFamily(
            "microlive_refused_connections",
            "WHEP offers refused because too many sessions were connecting",
            whep.counters.refused,
        )

    def _connections(self) -> Iterator[Family]:
        connections = self._sources.connections
        deliveries = connections.deliveries
        yield GaugeMetricFamily("microlive_connections", "Open TCP connections", connections.held)
        yield GaugeMetricFamily(
            "microlive_unread_bytes",
            "Bytes of answers that are being sent",
            deliveries.unread,
        )
        yield counter(
            "ended_connections",
            "TCP connections that the server refused or ended, by reason",
            "reason",
            {
                "refused": connections.refused,
                "silent": connections.silent,
                "stalled": deliveries.stalled,
            },
        )

    def _traffic(self, received: dict[str, int], played: dict[str, int]) -> Iterator[Family]:
        """Yields the metrics of media traffic. `received`: totals of the creators' sessions.
        `played`: totals of the WHEP sessions.
        """
        yield CounterMetricFamily(
            "microlive_received_bytes", "Media from creators", received["payload_bytes"]
        )
        sent = {
            "websocket": self._sources.hub.octets + self._sources.watch.counters.octets,
            "hls": self._sources.hls.counters.octets,
            "whep": played["octets"],
        }
        yield counter(
            "sent_bytes",
            (
                "Media to viewers, without retransmissions and without the headers of HTTP, RTP "
                "and lower layers"
            ),
            "path",
            sent,
        )
        yield counter(
            "plis",
            "Requests for a keyframe, to creators and from viewers",
            "peer",
            {"creator": received["plis"], "viewer": played["plis"]},
        )
        yield counter(
            "nacks",
            "Requests for retransmissions, to creators and from viewers",
            "peer",
            {"creator": received["nacks"], "viewer": played["nacks"]},
        )
        yield CounterMetricFamily(
            "microlive_resent_packets",
            "Retransmissions to WebRTC viewers",
            played["resent"],
        )
        yield CounterMetricFamily(
            "microlive_ignored_nacks",
            "Requests for retransmissions beyond the limit of a WebRTC viewer",
            played["ignored_nacks"],
        )

    def _datagrams(self, received: dict[str, int], played: dict[str, int]) -> Iterator[Family]:
        for total, name, about in (
            ("limited", "limited_datagrams", "Datagrams dropped unread: the peer sent too many"),
            ("withheld", "withheld_datagrams", "Datagrams not sent: the address had not agreed"),
            ("unconsented", "unconsented_sessions", "Sessions ended: the peer answered no check"),
        ):
            values = {"creator": received[total], "viewer": played[total]}
            yield counter(name, about, "peer", values)
        reasons = {
            **asdict(self._sources.udp.rejected),
            "creator": received["rejected"],
            "viewer": played["rejected"],
        }
        yield counter(
            "rejected_datagrams",
            (
                "Dropped datagrams, by reason. creator, viewer: the datagram was not authentic "
                "or not readable"
            ),
            "reason",
            reasons,
        )
        yield CounterMetricFamily(
            "microlive_foreign_packets",
            "Video packets of creators dropped: another source (SSRC) of the creator is taken",
            received["foreign"],
        )
        yield CounterMetricFamily(
            "microlive_excessive_publishers",
            "Publishers whose session ended because they sent more than the server accepts",
            self._sources.ingest.counters.excessive,
        )

    def _storage(self) -> Iterator[Family]:
        database = self._sources.database
        commits, counters = database.commits, database.commits.counters
        yield GaugeMetricFamily(
            "microlive_database_answers",
            "Whether the last transaction reached the database",
            int(database.answers),
        )
        yield GaugeMetricFamily(
            "microlive_waiting_writes", "Writes that wait for a transaction", commits.waiting
        )
        yield CounterMetricFamily("microlive_writes", "Writes that were committed", counters.writes)
        yield CounterMetricFamily(
            "microlive_commits", "Transactions of writes that were committed", counters.commits
        )
        yield CounterMetricFamily(
            "microlive_refused_writes",
            "Writes refused because too many waited, or the database did not answer in time",
            counters.refused,
        )

    def _memory(self) -> Iterator[Family]:
        memory = self._sources.memory
        figures, counters = memory.figures, memory.counters
        yield gauge("memory_held_bytes", "Counted memory, by kind", "kind", figures.held)
        yield GaugeMetricFamily(
            "microlive_memory_budget_bytes",
            "Maximum memory of the process",
            memory.limits.budget,
        )
        yield GaugeMetricFamily(
            "microlive_memory_use_ratio",
            "Used share of the memory budget",
            figures.use,
        )
        yield GaugeMetricFamily(
            "microlive_window_seconds",
            "Maximum duration of the media kept for each live",
            figures.window_seconds,
        )
        yield CounterMetricFamily(
            "microlive_memory_refusals",
            "Creators refused because the memory budget was used up",
            counters.refused,
        )
        yield CounterMetricFamily(
            "microlive_memory_cut_viewers",
            "WebSocket viewers closed because too many bytes waited for their address",
            counters.cut,
        )
        yield CounterMetricFamily(
            "microlive_memory_trims",
            "Times that free memory was returned to the system",
            counters.trims,
        )
        yield CounterMetricFamily(
            "microlive_displaced_renditions",
            "HLS renditions ended because a room with viewers needed the place",
            self._sources.hls.counters.displaced,
        )
        yield CounterMetricFamily(
            "microlive_refused_renditions",
            "HLS renditions that did not start because too many others started or were played",
            self._sources.hls.counters.refused,
        )

    def _load(self) -> Iterator[Family]:
        meter, admission = self._sources.meter, self._sources.admission
        headroom = admission.headroom
        yield GaugeMetricFamily(
            "microlive_load", "Share of one core that the event loop uses", headroom.load
        )
        yield gauge(
            "level",
            "1 for what the server accepts now, 0 for the others",
            "level",
            {level.value: int(level is headroom.level) for level in Level},
        )
        yield GaugeMetricFamily(
            "microlive_shedding",
            "What the server gives up: 1 idle HLS, 2 unwatched video, 3 frames of slow viewers, "
            "4 bitrate",
            self._sources.stages.stage,
        )
        yield GaugeMetricFamily(
            "microlive_creator_cost", "Measured cost of a creator", headroom.creator_cost
        )
        yield GaugeMetricFamily(
            "microlive_viewer_cost", "Measured cost of a viewer", headroom.viewer_cost
        )
        delivery = self._sources.ingest.counters.total("delivery_ns")
        used = {
            **{kind.value: total / SECOND for kind, total in meter.totals.items()},
            "delivery": delivery / SECOND,
        }
        yield counter("used_seconds", "Time of the event loop by whose work it was", "by", used)
        yield CounterMetricFamily(
            "microlive_lost_datagrams",
            "Datagrams that the kernel dropped because a receive buffer was full",
            self._sources.udp.overflowed,
        )
        yield CounterMetricFamily(
            "microlive_delayed_plis",
            "Requests for a keyframe that waited, because all sessions together sent too many",
            self._sources.ingest.keyframes.refused,
        )
        refused = admission.refused
        yield counter(
            "full_refusals",
            "Requests refused because the server was full",
            "peer",
            {"creator": refused.creators, "viewer": refused.viewers},
        )
        yield counter(
            "slowed_accounts",
            "Times that a session or an address was slowed because it used too much time",
            "kind",
            {kind.value: number for kind, number in meter.slowed.items()},
        )
        yield counter(
            "cut_sessions",
            "Sessions ended because they used too much time",
            "kind",
            {kind.value: number for kind, number in meter.cut.items()},
        )


def _count(audiences: list[tuple[Stream, int]]) -> int:
    return sum(viewers for _, viewers in audiences)


def _bitrate(audiences: list[tuple[Stream, int]], live: set[Stream]) -> float:
    return sum(stream.bitrate * viewers for stream, viewers in audiences if stream in live)
