"""Keeps the process within its memory budget: counts the memory of all rooms and viewers, sets the
lengths of windows and playlists, and refuses new creators.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import RefusalCode
from relay.hls.endpoint import Renditions
from relay.hls.playlist import MAX_BYTES
from relay.websocket.viewer import WebSocketViewer
from relay.whep import WhepSessions
from server.errors import Unavailable
from server.memory import policy
from server.memory.machine import Allocator, resident
from server.memory.trim import TrimSchedule
from server.rooms.arrivals import Publishable
from server.rooms.in_memory import RoomsInMemory
from server.rooms.room import Room

logger = logging.getLogger(__name__)

TICK = 0.5
"""Seconds between two measurements."""
SILENT = 10.0
"""Seconds without media after which a stream's window is limited to policy.LEAST_SECONDS."""
PACKET_BYTES = 1_600
"""Memory of a received packet that waits until missing earlier packets arrive, bytes."""
VIEWER_SESSION_BYTES = 100_000
"""Memory of a WHEP session apart from media, bytes."""
STORED = ("clips", "replays", "posters")
"""Kinds of memory that other parts measure: drafts of clips and the audio of other clips, the media
of replays, and pictures.
"""
KINDS = (
    *("windows", "joins", "whep", "hls", "ingest", "sessions"),
    *STORED,
    *("websocket", "workers"),
)
NOT_COUNTED = ("websocket", "workers")
"""Kinds of memory that `Figures.counted` omits, because they are partly shared or are not in this
process.
"""


@dataclass(slots=True)
class Figures:
    """The figures of the latest measurement."""

    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    """Counted memory by kind, bytes. The bytes that wait for WebSocket viewers are partly shared
    between viewers.
    """
    resident: int = 0
    """Resident memory of the process, bytes."""
    use: float = 0.0
    """Used share of the budget."""
    window_seconds: float = 0.0
    """Maximum length of a window, seconds."""

    @property
    def counted(self) -> int:
        """Counted memory of this process, bytes, except bytes that wait for WebSocket viewers."""
        return sum(size for kind, size in self.held.items() if kind not in NOT_COUNTED)

    @property
    def all_resident(self) -> int:
        """Resident memory of this process and of its workers, bytes."""
        return self.resident + self.held["workers"]


@dataclass(slots=True)
class MemoryCounters:
    """Totals since the process began."""

    refused: int = 0
    """Number of creators that were refused because of the memory budget."""
    cut: int = 0
    """Number of WebSocket viewers that were disconnected because too many bytes waited for the
    viewers of one address or network.
    """
    trims: int = 0
    """Number of times that free memory was returned to the system."""


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """The settings that limit memory."""

    budget: int
    """Maximum resident memory of the process and its workers, bytes."""
    window_seconds: float
    window_bytes: int
    bitrate: int
    """Bitrate at which every creator may send, bit/s."""


class MemoryBudget:
    """Measures and limits the memory of the process. Call `start`, and `close` at the end."""

    def __init__(
        self,
        limits: MemoryLimits,
        rooms: RoomsInMemory,
        renditions: Renditions,
        whep: WhepSessions,
        viewers: Iterable[WebSocketViewer],
        *,
        measure_workers: Callable[[], int],
        measure_stored: Mapping[str, Callable[[], int]] = MappingProxyType({}),
        measure_resident: Callable[[], int] = resident,
        allocator: Allocator | None = None,
    ) -> None:
        """`viewers`: the WebSocket viewers for whom bytes may wait in this process.
        `measure_workers`: returns the memory of the processes that decode media, bytes.
        `measure_stored`: functions that return the memory of the kinds in STORED, bytes.
        """
        self.limits = limits
        self.figures = Figures(window_seconds=limits.window_seconds)
        self.counters = MemoryCounters()
        self._rooms = rooms
        self._renditions = renditions
        self._whep = whep
        self._viewers = viewers
        self._resident = measure_resident
        self._workers = measure_workers
        self._stored = measure_stored
        self._allocator = allocator or Allocator()
        self._loop = asyncio.get_running_loop()
        self._trims = TrimSchedule(measure_resident(), self._loop.time())
        self._needs = policy.Needs(0, limits.bitrate)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self.measure()
        if not self._needs.fits(UNKNOWN, self.limits.budget):
            logger.warning(
                "no creator fits into the memory budget of %d MiB; the process alone uses %d MiB",
                self.limits.budget >> 20,
                self.figures.all_resident >> 20,
            )
        self._timer = self._loop.call_later(TICK, self._tick)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    # Admission

    @property
    def creators(self) -> int:
        """Number of further creators that the server would accept now, if each creator came from a
        different network.
        """
        return self._needs.places(self.limits.budget)

    def take_creator(self, room: Publishable, creator: ClientAddress) -> None:
        """Accepts a creator. Raises Unavailable if the memory does not suffice for one more live. A
        creator who returns to a live is always accepted.
        """
        if room.on_air or room.sessions:
            return
        if not self._needs.fits(creator, self.limits.budget):
            self.counters.refused += 1
            raise Unavailable(
                RefusalCode.OUT_OF_MEMORY,
                "the server has no memory left for another live: try again later",
                policy.RETRY,
            )
        # Until the next tick measures the creator's session, count the minimum memory of a live.
        self._needs.add(policy.Live(creator, 0, 0))

    # Measurements

    def _tick(self) -> None:
        self._timer = self._loop.call_later(TICK, self._tick)
        self.measure()
        self._trim()

    def measure(self) -> None:
        """Measures the memory, and sets the limits that follow from the measurement."""
        held = dict.fromkeys(KINDS, 0)
        rooms = [room for room in self._rooms if room.in_use]
        playlists = self._renditions.held
        lives = [self._measure(room, playlists.get(room.name, 0), held) for room in rooms]
        held["hls"] = sum(playlists.values())
        held |= {kind: measure() for kind, measure in self._stored.items()}
        held["sessions"] += VIEWER_SESSION_BYTES * len(self._whep.sessions)
        waiting = [(viewer, size) for viewer in self._viewers if (size := viewer.waiting)]
        held["websocket"] = sum(size for _, size in waiting)
        held["workers"] = workers = self._workers()
        figures = self.figures
        figures.held = held
        figures.resident = self._resident()
        counted = round(policy.OVERHEAD * figures.counted)
        figures.use = (max(counted, figures.resident) + workers) / self.limits.budget
        rest = max(0, figures.resident - counted) + workers
        self._needs = policy.Needs(rest, self.limits.bitrate)
        for live in lives:
            self._needs.add(live)
        self._limit(rooms, lives)
        if figures.use > policy.RELAXED:
            self._cut(waiting)

    def _measure(self, room: Room, playlist: int, held: dict[str, int]) -> policy.Live:
        """Returns the memory of a room. Also adds the memory to `held`, by kind."""
        channel = room.channel
        window, joins = channel.stream.window.size, channel.held
        whep = self._whep.held(channel)
        packets = sum(PACKET_BYTES * session.rtc.packets_held for session in room.sessions)
        sessions = policy.SESSION_BYTES * len(room.sessions)
        held["windows"] += window
        held["joins"] += joins
        held["whep"] += whep
        held["ingest"] += packets
        held["sessions"] += sessions
        rest = joins + whep + packets + playlist
        return policy.Live(room.creator, window, rest, channel.bitrate)

    def _limit(self, rooms: list[Room], lives: list[policy.Live]) -> None:
        limits, figures = self.limits, self.figures
        target = policy.window_seconds(figures.use, limits.window_seconds)
        seconds = max(target, policy.SHRINK * figures.window_seconds)
        figures.window_seconds = seconds
        least = min(seconds, policy.LEAST_SECONDS)
        silent = (time.time() - SILENT) * 1_000_000
        sizes = policy.window_limits(lives, limits.budget, limits.window_bytes)
        for room, size in zip(rooms, sizes, strict=True):
            stream = room.stream
            stream.window.limit(seconds if stream.published > silent else least, size)
        self._renditions.limit(policy.playlist_bytes(figures.use, MAX_BYTES))

    def _cut(self, waiting: list[tuple[WebSocketViewer, int]]) -> None:
        sizes = [(viewer.address, size) for viewer, size in waiting]
        for index in policy.excessive_viewers(sizes, self.limits.budget):
            self.counters.cut += 1
            waiting[index][0].close(RefusalCode.TOO_SLOW, "too much waits for this address")

    def _trim(self) -> None:
        figures, now = self.figures, self._loop.time()
        counted = round(policy.OVERHEAD * figures.counted)
        if self._trims.due(figures.resident, counted, now):
            self._allocator.trim()
            after = self._resident()
            self.counters.trims += 1
            self._trims.trimmed(figures.resident, after, now)
            logger.debug("returned %d MB to the system", (figures.resident - after) >> 20)
