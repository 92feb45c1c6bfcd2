"""The recordings, replays, clips and posters, and the task that keeps them within their bounds."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from server.clips.clips import Clips
from server.composition.clips import open_clips
from server.composition.media import Media
from server.media.keeping import Keeping, MediaBounds
from server.media.sweeping import Sweeping
from server.objects.objects import Objects
from server.posters.posters import Posters
from server.posters.replay_posters import ReplayPosters
from server.recordings.policy import Keep, RecordingPolicy
from server.recordings.recordings import Recordings
from server.recordings.replays import Replays
from server.rooms.registry import Rooms
from server.settings import Settings
from server.storage.storage import Storage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """The recordings, replays, clips and posters."""

    objects: Objects
    recordings: Recordings
    clips: Clips
    replays: Replays
    posters: Posters
    replay_posters: ReplayPosters

    def sizes(self) -> Mapping[str, Callable[[], int]]:
        """Returns functions that return the memory of stored media (`MemoryBudget`)."""
        return {
            "clips": lambda: self.clips.size,
            "replays": lambda: self.replays.size,
            "posters": lambda: self.posters.bytes + self.replay_posters.bytes,
        }


async def open_objects(settings: Settings, stack: AsyncExitStack) -> Objects:
    """Opens the object store. Raises ObjectsError."""
    objects = await Objects.open(settings)
    stack.push_async_callback(objects.close)
    if settings.database_url is not None and settings.media is None:
        logger.info(
            "recordings and clips are files of this server: set --media if other servers share "
            "the database"
        )
    return objects


async def open_stored_media(
    rooms: Rooms,
    storage: Storage,
    objects: Objects,
    media: Media,
    settings: Settings,
    stack: AsyncExitStack,
) -> StoredMedia:
    """Creates the parts, and starts their tasks. Raises StorageError."""
    recordings = await _open_recordings(rooms, storage, objects, settings, stack)
    clips = await open_clips(rooms, storage, objects, recordings, media, settings, stack)
    _start_keeping(storage, objects, settings, stack)
    replays = Replays(storage, objects, media.workers)
    stack.push_async_callback(replays.close)
    posters = _start_posters(rooms, media, stack)
    replay_posters = ReplayPosters(storage.recordings, objects, media.workers)
    return StoredMedia(objects, recordings, clips, replays, posters, replay_posters)


def _start_posters(rooms: Rooms, media: Media, stack: AsyncExitStack) -> Posters:
    """Starts the task that makes the posters of running lives."""
    posters = Posters(rooms.in_memory, media.workers)
    posters.start()
    stack.push_async_callback(posters.close)
    return posters


async def _open_recordings(
    rooms: Rooms, storage: Storage, objects: Objects, settings: Settings, stack: AsyncExitStack
) -> Recordings:
    """Starts to record the lives of this process. Raises StorageError."""
    policy = RecordingPolicy(
        Keep(settings.keep_replays),
        settings.max_replay_age,
        settings.max_replay_length,
        settings.max_media,
    )
    recordings = Recordings(
        rooms.in_memory, storage.recordings, storage.kept_media, objects, policy
    )
    rooms.observe(recordings)
    rooms.moves.before(recordings.release)
    await recordings.open()
    stack.push_async_callback(recordings.close)
    return recordings


def _start_keeping(
    storage: Storage, objects: Objects, settings: Settings, stack: AsyncExitStack
) -> None:
    """Starts the task that deletes media."""
    keeping = Keeping(
        storage.kept_media,
        Sweeping(storage.discarded, objects),
        MediaBounds(settings.max_media, settings.keep_clips),
    )
    keeping.start()
    stack.push_async_callback(keeping.close)
