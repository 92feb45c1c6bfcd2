"""Makes the files of clips."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from relay.media.aac import TRACK
from relay.media.progressive import Run, progressive_parts
from relay.sample import Sample
from relay.worker.workers import WorkerFailed, Workers
from server.clips.cut import Cut
from server.clips.picture_messages import MAX_KEYFRAMES
from server.clips.picture_process import draw_pictures
from server.clips.sound import SoundPlan, plan_sound
from server.clips.sound_maker import SoundMaker

AT_ONCE = 2
"""Maximum number of videos, and of sets of pictures, that are made at the same time. Other clips of
the same moments then find most of their audio encoded.
"""
SOUND_WITHIN = 10.0
"""Maximum seconds for the audio of a clip. A hostile stream may be slow to decode, and the other
clips wait meanwhile.
"""
MAX_WAITING = 40
"""Maximum number of clips that wait for their turn."""


class ClipFailed(Exception):
    """The files could not be made: a worker failed, or too many clips wait (`busy`)."""

    def __init__(self, reason: str, *, busy: bool = False) -> None:
        super().__init__(reason)
        self.busy = busy


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """The video of a clip."""

    video: bytes
    """A progressive MP4 file with H.264 and AAC."""
    width: int
    height: int
    duration: int
    """Duration, µs."""
    keyframes: list[int]
    """Media times of the keyframes, µs."""


@dataclass(frozen=True, slots=True)
class Tile:
    """The place of one keyframe in a filmstrip."""

    at: int
    """Media time of the keyframe, µs."""
    x: int
    y: int
    """Upper left corner of the tile, pixels."""


@dataclass(frozen=True, slots=True)
class ClipPictures:
    """The pictures of a clip."""

    poster_jpeg: bytes
    """The first frame."""
    poster_webp: bytes
    preview: bytes
    """The poster, small, as WebP."""
    filmstrip: bytes
    """A row of tiles as JPEG."""
    tiles: list[Tile]
    tile_width: int
    tile_height: int
    """Height of a tile, pixels."""


class ClipMaker:
    """Makes videos and pictures, a few at a time. Every clip has worker processes of its own, so
    that one creator's media cannot change the clips of others.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._sounds = SoundMaker(workers)
        self._videos = _Turns(AT_ONCE)
        self._pictures = _Turns(AT_ONCE)

    @property
    def size(self) -> int:
        """Memory of the audio that is kept for other clips, bytes."""
        return self._sounds.size

    async def make(self, cut: Cut) -> ClipFiles:
        """Returns the video of a clip. The samples of the video are those of the live, unchanged.
        Raises ClipFailed.
        """
        async with self._videos.turn():
            runs = [Run(cut.info, cut.video, cut.end_ticks)]
            plan = plan_sound(cut)
            if plan:
                await asyncio.sleep(0)  # Let the event loop forward media first.
                frames = await self._encode(plan)
                runs.append(Run(TRACK, plan.samples(frames), plan.end))
                await asyncio.sleep(0)
            # The thread does not hold the GIL while it copies the megabytes of a clip.
            video = await asyncio.to_thread(b"".join, progressive_parts(runs))
        keyframes = [sample.media_time for sample in cut.keyframes]
        return ClipFiles(video, cut.info.width, cut.info.height, cut.duration, keyframes)

    async def _encode(self, plan: SoundPlan) -> list[bytes]:
        try:
            async with asyncio.timeout(SOUND_WITHIN):
                return await self._sounds.encode(plan.blocks)
        except WorkerFailed as error:
            raise ClipFailed(str(error)) from error
        except TimeoutError as error:
            raise ClipFailed("encoding the audio takes too long") from error

    async def pictures(self, cut: Cut) -> ClipPictures:
        """Returns the pictures of a clip, or of the stretch from which a clip is cut: the first
        frame as poster, and a filmstrip of at most MAX_KEYFRAMES keyframes. Raises ClipFailed.
        """
        keyframes = _spread(cut.keyframes)
        async with self._pictures.turn():
            try:
                drawn = await draw_pictures(
                    self._workers, cut.info.config, [sample.data for sample in keyframes]
                )
            except WorkerFailed as error:
                raise ClipFailed(str(error)) from error
        width, height = drawn.tile_width, drawn.tile_height
        tiles = [Tile(sample.media_time, n * width, 0) for n, sample in enumerate(keyframes)]
        return ClipPictures(
            *(drawn.poster_jpeg, drawn.poster_webp, drawn.preview, drawn.filmstrip),
            *(tiles, width, height),
        )


class _Turns:
    """Lets a few tasks work at the same time. The others wait, up to a limit."""

    def __init__(self, at_once: int) -> None:
        self._semaphore = asyncio.Semaphore(at_once)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn. Raises ClipFailed if too many tasks wait."""
        if self._waiting >= MAX_WAITING:
            raise ClipFailed("too many clips are being made", busy=True)
        self._waiting += 1
        try:
            await self._semaphore.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._semaphore.release()


def _spread(keyframes: Sequence[Sample]) -> Sequence[Sample]:
    """Returns at most MAX_KEYFRAMES keyframes at even distances, with the first one."""
    count = min(len(keyframes), MAX_KEYFRAMES)
    return [keyframes[number * len(keyframes) // count] for number in range(count)]
