"""The clips of lives."""

from contextlib import AsyncExitStack

from server.clips.clips import Clips
from server.clips.maker import ClipMaker
from server.composition.media import Media
from server.objects.objects import Objects
from server.recordings.recordings import Recordings
from server.rooms.registry import Rooms
from server.settings import Settings
from server.storage.clips import ClipLimits
from server.storage.storage import Storage


async def open_clips(
    rooms: Rooms,
    storage: Storage,
    objects: Objects,
    recordings: Recordings,
    media: Media,
    settings: Settings,
    stack: AsyncExitStack,
) -> Clips:
    """Discards the unfinished clips of the last run. Raises StorageError."""
    limits = ClipLimits(settings.clips_per_person, settings.clips_per_live)
    clips = Clips(rooms, storage, objects, ClipMaker(media.workers), limits, recordings)
    await clips.open()
    stack.push_async_callback(clips.close)
    return clips
