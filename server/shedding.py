"""Stops the least important work while the server is overloaded. server/host/stages.py decides
which work is stopped.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from time import monotonic

from relay.hls.endpoint import Renditions
from relay.websocket.viewer import WebSocketViewer
from server.host.headroom import Headroom
from server.host.stages import Stage, Stages
from server.rooms.in_memory import RoomsInMemory

logger = logging.getLogger(__name__)

INTERVAL = 0.25


class Shedding:
    """Reads the server's load four times a second, and applies the stage that `Stages` chooses for
    this load. Runs from `start()` to `close()`.
    """

    def __init__(
        self,
        stages: Stages,
        rooms: RoomsInMemory,
        renditions: Renditions,
        viewers: Iterable[WebSocketViewer],
        read_headroom: Callable[[], Headroom],
    ) -> None:
        self.stages = stages
        self._rooms = rooms
        self._renditions = renditions
        self._viewers = viewers
        self._read_headroom = read_headroom
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._run)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _run(self) -> None:
        self.start()
        self.update(monotonic())

    def update(self, now: float) -> None:
        """Chooses the stage for the present load, and applies this stage."""
        headroom, stages = self._read_headroom(), self.stages
        if not stages.concerns(headroom.load, headroom.lateness):
            return
        before = stages.stage
        sessions = self._rooms.publishing
        heaviest = max((session.bitrate for session, _ in sessions), default=0.0)
        changed = stages.update(headroom.load, headroom.lateness, heaviest, now)
        if stages.stage is not before:
            logger.warning(
                "load %.0f %%, timers %.0f ms late: the server gives up %s",
                headroom.load * 100,
                headroom.lateness * 1_000,
                stages.stage.name.lower().replace("_", " "),
            )
        if stages.stage >= Stage.IDLE_HLS:
            self._renditions.close_idle()
        # The limits are set even if the stage has not changed, because the limit of a room changes
        # when its first viewer comes or its last viewer leaves.
        for session, viewers in sessions:
            session.limit_bitrate(stages.cap(viewers))
        slowed = stages.stage >= Stage.SLOW_VIEWERS
        if changed:
            for viewer in self._viewers:
                viewer.keep_slow(slowed)
