"""The files of finished clips in the object store."""

import asyncio
import logging
from dataclasses import dataclass

from server.clips.cut import Cut
from server.clips.maker import ClipFailed, ClipMaker, ClipPictures
from server.objects.errors import ObjectMissing, ObjectsError, ObjectsUnavailable
from server.objects.objects import Objects
from server.storage.clip_record import ClipRecord
from server.storage.discarded import clip_prefix

logger = logging.getLogger(__name__)

MEDIA_TYPES = {
    "video.mp4": "video/mp4",
    "poster.jpg": "image/jpeg",
    "poster.webp": "image/webp",
    "preview.webp": "image/webp",
    "filmstrip.jpg": "image/jpeg",
}
"""The files of a clip, with their media types."""


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """The files that were stored. `size`: total size of the files, bytes."""

    size: int
    pictures: bool


def file_key(record: ClipRecord, name: str) -> str:
    """Returns the key of a file in the object store."""
    return f"{clip_prefix(record.id)}{record.revision}/{name}"


def pictures_by_name(pictures: ClipPictures) -> dict[str, bytes]:
    return {
        "poster.jpg": pictures.poster_jpeg,
        "poster.webp": pictures.poster_webp,
        "preview.webp": pictures.preview,
        "filmstrip.jpg": pictures.filmstrip,
    }


class FinalFiles:
    """Makes and stores the files of finished clips."""

    def __init__(self, objects: Objects, maker: ClipMaker) -> None:
        self._objects = objects
        self._maker = maker

    async def store(self, record: ClipRecord, cut: Cut) -> StoredFiles:
        """Makes and stores the files of a clip. Returns after the store has received all files. A
        clip without pictures is stored too. Raises ClipFailed or ObjectsError.
        """
        drawing = asyncio.ensure_future(self._draw(record, cut))
        try:
            made = await self._maker.make(cut)
            files = {"video.mp4": made.video, **await drawing}
        finally:
            drawing.cancel()
            await asyncio.wait([drawing])
        results = await asyncio.gather(
            *(self._put(file_key(record, name), name, data) for name, data in files.items()),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return StoredFiles(sum(map(len, files.values())), len(files) > 1)

    async def _draw(self, record: ClipRecord, cut: Cut) -> dict[str, bytes]:
        try:
            return pictures_by_name(await self._maker.pictures(cut))
        except ClipFailed as error:
            logger.info("clip %s: no pictures: %s", record.id, error)
            return {}

    async def _put(self, key: str, name: str, data: bytes) -> None:
        """Stores a file. Raises ObjectsUnavailable, also if the store has lost the file."""
        await self._objects.put(key, data, MEDIA_TYPES[name])
        try:
            size = await self._objects.size(key)
        except ObjectMissing:
            size = -1
        if size != len(data):
            raise ObjectsUnavailable(f"{self._objects.place}: {key} was stored, but is not there")

    async def remove_others(self, record: ClipRecord) -> None:
        """Deletes the files of earlier attempts to finish a clip."""
        for revision in range(1, record.revision):
            prefix = f"{clip_prefix(record.id)}{revision}/"
            try:
                await self._objects.delete_prefix(prefix)
            except ObjectsError as error:
                logger.error("%s remains: %s", prefix, error)
