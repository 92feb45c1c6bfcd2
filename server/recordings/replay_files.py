"""The files of replays: the init segments, and the segments, which are made when clients ask for
them. Each file exists with AAC, which every player plays, and with Opus, which needs no encoder.
"""

import asyncio
import hashlib
import logging
from dataclasses import dataclass

from relay.errors import BitstreamError, RefusalCode
from relay.media.bmff_reader import read_fragment
from relay.sample import Sample, Track
from relay.worker.workers import WorkerFailed, Workers
from server.errors import NotFound, Unavailable
from server.objects.errors import ObjectMissing
from server.objects.objects import Objects
from server.recent_bytes import RecentBytes
from server.recordings.aac_encoders import AacEncoders
from server.recordings.replay_opus import opus_samples
from server.recordings.replay_playlist import ListedSegment
from server.recordings.replay_segment import (
    AudioJob,
    aac_samples,
    audio_job,
    frames_between,
    frames_shown,
    replay_segment,
    silence_for,
)
from server.recordings.stored_replay import StoredReplay
from server.storage.recordings import segment_key

logger = logging.getLogger(__name__)

MAX_MADE = 48 << 20
"""Maximum size of the finished segments in memory, bytes."""
MAX_SOURCES = 24 << 20
"""Maximum size of the stored segments in memory, bytes. Each stored segment is needed for three
segments.
"""
MAX_MAKING = 32
"""Maximum number of segments that are being made at the same time."""
WITHIN = 20.0
"""Maximum time until a segment is made, including the wait for an encoder, seconds."""
RETRY = 2.0
"""Seconds after which a client tries again."""
SAMPLE_OVERHEAD = 200
"""Memory of a sample in addition to its data, bytes."""


@dataclass(frozen=True, slots=True)
class ReplayMedia:
    """The bytes of one file of a replay."""

    data: bytes
    tag: str
    """Changes with the bytes: an entity tag without its quotes."""
    whole: bool = True
    """False for a segment with silence instead of its audio, because the encoder failed. The same
    request may succeed later.
    """

    @property
    def size(self) -> int:
        return len(self.data)


_Key = tuple[str, str, int, bool]
"""Room, version and number of a segment, and whether its audio is Opus."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A stored segment."""

    samples: list[Sample]
    size: int


class ReplayFiles:
    """The files of all replays. `close()` ends the work that is running."""

    def __init__(self, objects: Objects, workers: Workers) -> None:
        self._objects = objects
        self._encoders = AacEncoders(workers)
        self._made: RecentBytes[_Key, ReplayMedia] = RecentBytes(MAX_MADE)
        self._sources: RecentBytes[tuple[str, str, int], _Source] = RecentBytes(MAX_SOURCES)
        self._making: dict[_Key, asyncio.Task[ReplayMedia]] = {}

    @property
    def size(self) -> int:
        """Memory of the segments, bytes."""
        return self._made.size + self._sources.size

    async def close(self) -> None:
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._encoders.close()

    def forget(self, replay: StoredReplay) -> None:
        """Drops the segments of a replay that are in memory."""
        for segment in replay.segments:
            key = (replay.room, replay.version, segment.sequence)
            for opus in (False, True):
                self._made.forget((*key, opus))
            self._sources.forget(key)

    def init(self, replay: StoredReplay, number: int, *, opus: bool = False) -> ReplayMedia:
        """Returns the init segment of a piece, with AAC or with Opus. Raises NotFound."""
        piece = replay.piece(number)
        if piece is None:
            raise _no_file()
        data = piece.opus_init if opus else piece.init
        return ReplayMedia(data, _tag(data))

    async def segment(
        self, replay: StoredReplay, sequence: int, *, opus: bool = False
    ) -> ReplayMedia:
        """Returns a segment, with AAC or with Opus. Clients that ask for the same segment
        wait for the same work. Raises NotFound, Unavailable, ObjectsError.
        """
        at = replay.place(sequence)
        if at is None:
            raise _no_file()
        key = (replay.room, replay.version, sequence, opus)
        made = self._made.get(key)
        if made is not None:
            return made
        task = self._making.get(key)
        if task is None:
            if len(self._making) >= MAX_MAKING:
                raise _busy()
            making = asyncio.wait_for(self._make(replay, at, opus), WITHIN)
            task = self._making[key] = asyncio.get_running_loop().create_task(making)
            task.add_done_callback(lambda done: self._end(key, done))
        try:
            return await asyncio.shield(task)
        except TimeoutError as error:
            raise _busy() from error

    async def _make(self, replay: StoredReplay, at: int, opus: bool) -> ReplayMedia:
        segment = replay.segments[at]
        near = replay.segments[max(at - 1, 0) : at + 2]
        sources = await asyncio.gather(*(self._source(replay, one) for one in near))
        samples = dict(zip(near, sources, strict=True))
        sound = [sample for one in near for sample in samples[one] if sample.track is Track.AUDIO]
        frames = [sample for sample in samples[segment] if sample.track is Track.VIDEO]
        earlier = samples[near[0]] if near[0].piece == segment.piece else []
        video = frames_shown(
            frames,
            [sample for sample in earlier if sample.track is Track.VIDEO],
            segment.media_time,
            segment.end,
        )
        begin, end = segment.media_time, replay.end_of(at)
        if opus:
            return await asyncio.to_thread(
                _assemble_opus, video, sound, begin, end, segment.sequence
            )
        job = await asyncio.to_thread(audio_job, frames_between(begin, end), sound)
        encoded, whole = await self._encode(replay.room, job)
        return await asyncio.to_thread(_assemble, video, job, encoded, segment.sequence, whole)

    async def _encode(self, room: str, job: AudioJob) -> tuple[list[list[bytes]], bool]:
        """Encodes the audio, or silence if the encoder fails. Also returns whether the audio was
        encoded. Raises Unavailable if silence cannot be encoded either.
        """
        try:
            return await self._encoders.encode(job.packets), True
        except WorkerFailed as error:
            logger.warning("replay of room %s: %s", room, error)
        try:
            # The frames of silence have the same numbers as the frames of the job.
            return await self._encoders.encode(silence_for(job)), False
        except WorkerFailed as error:
            raise _busy() from error

    async def _source(self, replay: StoredReplay, segment: ListedSegment) -> list[Sample]:
        """Returns the samples of a stored segment. Raises NotFound, ObjectsError."""
        key = (replay.room, replay.version, segment.sequence)
        known = self._sources.get(key)
        if known is not None:
            return known.samples
        piece = replay.piece(segment.piece)
        if piece is None:
            raise _no_file()
        try:
            data = await self._objects.read(segment_key(replay.room, segment.sequence))
            samples = await asyncio.to_thread(read_fragment, data, piece.tracks)
        except ObjectMissing as error:
            raise _no_file() from error
        except BitstreamError as error:
            logger.error("replay of room %s, segment %d: %s", replay.room, segment.sequence, error)
            raise _no_file() from error
        self._sources.keep(key, _Source(samples, len(data) + SAMPLE_OVERHEAD * len(samples)))
        return samples

    def _end(self, key: _Key, task: asyncio.Task[ReplayMedia]) -> None:
        del self._making[key]
        if not task.cancelled() and task.exception() is None and task.result().whole:
            self._made.keep(key, task.result())


def _assemble(
    video: list[Sample], job: AudioJob, encoded: list[list[bytes]], sequence: int, whole: bool
) -> ReplayMedia:
    data = replay_segment(video, aac_samples(job, encoded), sequence)
    return ReplayMedia(data, _tag(data), whole)


def _assemble_opus(
    video: list[Sample], sound: list[Sample], begin: int, end: int, sequence: int
) -> ReplayMedia:
    data = replay_segment(video, opus_samples(sound, begin, end), sequence)
    return ReplayMedia(data, _tag(data))


def _tag(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _no_file() -> NotFound:
    return NotFound(RefusalCode.FILE_NOT_FOUND, "this replay has no such file")


def _busy() -> Unavailable:
    return Unavailable(
        RefusalCode.MEDIA_UNAVAILABLE, "this part of the replay cannot be read now", RETRY
    )
