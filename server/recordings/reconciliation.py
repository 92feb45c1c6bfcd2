"""Makes the index of a recording agree with the object store, after a crash or at the end."""

import logging

from server.objects.errors import ObjectMissing
from server.objects.objects import Objects
from server.storage.discarded import live_prefix
from server.storage.recordings import RecordingStore, segment_key

logger = logging.getLogger(__name__)

STEP = 500
"""Maximum number of segments that are deleted at once."""


async def reconcile(room: str, store: RecordingStore, objects: Objects) -> None:
    """Deletes objects that the index does not name, because a crash came between storing the object
    and storing its row. Removes segments from the index whose objects the store has lost. Changes
    nothing if the store has no object of the recording: it is probably another store. Call this
    function only while no recorder writes. Raises ObjectsError and StorageError.
    """
    found = {info.key for info in await objects.list(live_prefix(room))}
    named = {
        segment_key(room, segment.sequence): segment.sequence
        for segment in await store.segments(room)
    }
    if named and not found:
        logger.warning("room %s: no segment of its recording is in %s", room, objects.place)
        return
    unnamed = sorted(found - named.keys())
    for first in range(0, len(unnamed), STEP):
        await objects.delete(unnamed[first : first + STEP])
    lost = [named[key] for key in sorted(named.keys() - found) if await _is_missing(key, objects)]
    for first in range(0, len(lost), STEP):
        await store.forget_segments(room, lost[first : first + STEP])
    if unnamed or lost:
        logger.warning(
            "room %s: its recording is repaired: %d unfinished segments deleted, %d lost segments",
            room,
            len(unnamed),
            len(lost),
        )


async def _is_missing(key: str, objects: Objects) -> bool:
    """Asks the store again, because the list of a store may be late."""
    try:
        await objects.size(key)
    except ObjectMissing:
        return True
    return False
