"""The store of recordings and clips, the task that keeps stored media within its bounds, and
posters.
"""

import logging
from contextlib import AsyncExitStack

from server.composition.media import Media
from server.media.keeping import Keeping, MediaBounds
from server.media.sweeping import Sweeping
from server.objects.objects import Objects
from server.posters.posters import Posters
from server.recordings.policy import Keep, RecordingPolicy
from server.recordings.recordings import Recordings
from server.rooms.registry import Rooms
from server.settings import Settings
from server.storage.storage import Storage

logger = logging.getLogger(__name__)


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


def start_posters(rooms: Rooms, media: Media, stack: AsyncExitStack) -> Posters:
    """Starts the task that makes the posters of running lives."""
    posters = Posters(rooms.in_memory, media.workers)
    posters.start()
    stack.push_async_callback(posters.close)
    return posters


async def open_recordings(
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
    await recordings.open()
    stack.push_async_callback(recordings.close)
    return recordings


def start_keeping(
    storage: Storage, objects: Objects, settings: Settings, stack: AsyncExitStack
) -> Keeping:
    """Starts the task that deletes media."""
    keeping = Keeping(
        storage.kept_media,
        Sweeping(storage.discarded, objects),
        MediaBounds(settings.max_media, settings.keep_clips),
    )
    keeping.start()
    stack.push_async_callback(keeping.close)
    return keeping
