"""What the page of a replay shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import RefusalCode
from server.errors import NotFound
from server.people.person import Person
from server.recordings.replay_clock import hearts_in_replay
from server.recordings.replays import Kept, Replays
from server.recordings.stored_replay import StoredReplay
from server.rooms.owner import read_owner
from server.social.reactions import WINDOW
from server.storage.storage import Storage

MAX_PERIODS = 360
"""Maximum number of points in the curve of the hearts."""


@dataclass(frozen=True, slots=True)
class ReplayView:
    """A replay with everything that its page shows."""

    replay: StoredReplay
    title: str
    creator: Person | None
    """The creator of the live; None for a program or a deleted person."""
    visibility: str
    began_at: float
    """Time at which the live began, Unix seconds."""
    hearts: Sequence[int]
    """Number of taps in each period of the replay."""
    period: int
    """Length of a period, seconds."""


class ReplayViews:
    """Reads what the pages of replays show."""

    def __init__(self, replays: Replays, storage: Storage) -> None:
        self._replays = replays
        self._storage = storage

    async def kept(self, room: str) -> Kept:
        """Returns whether an ended live has a replay. Raises StorageError."""
        return await self._replays.kept(room)

    async def find(self, room: str) -> ReplayView:
        """Returns what the page of a replay shows. Raises NotFound if the room has no replay, and
        StorageError.
        """
        replay = await self._replays.find(room)
        record = await self._storage.rooms.find(room)
        if record is None:
            raise NotFound(RefusalCode.NO_REPLAY, "there is no replay of this live")
        first = replay.runs[0].media_time // 1_000_000
        stored = await self._storage.summaries.hearts(room, first, WINDOW)
        taps = {first + index * WINDOW: number for index, number in stored.steps.items()}
        counts, period = hearts_in_replay(replay.runs, taps, WINDOW, MAX_PERIODS)
        return ReplayView(
            replay,
            record.title,
            await read_owner(record, self._storage),
            record.visibility,
            record.live_at or record.created_at,
            counts,
            period,
        )
