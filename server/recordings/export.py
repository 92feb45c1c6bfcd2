"""Writes everything of an ended live as files: one MP4 file for each piece of the recording, the
chat as one JSON file and as WebVTT for each piece, and the hearts as JSON.

The files are made while they are sent, so that they need no disk and little memory.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import asdict, dataclass

from relay.media.bmff_reader import read_fragment, read_init
from relay.media.movie import Movie, movie_data
from relay.sample import Sample, TrackInfo
from server.objects.objects import Objects
from server.people.person import ANONYMOUS
from server.recordings.chat_track import begin_track, cue
from server.recordings.piece_clock import PieceClock, piece_clocks
from server.rooms.commands.timeline import ReadTimeline
from server.rooms.timeline import read_timeline
from server.social.author import Requester
from server.social.timeline import MAX_SPAN, Timeline, TimelineMessage
from server.storage.recording_records import PieceRecord, SegmentRecord
from server.storage.recordings import segment_key
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

LATEST = 60_000_000
"""Media time after the last segment in which there may be messages, µs."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export."""

    name: str
    content_type: str
    seconds: float
    """Duration of the media; 0 for a file without times of its own."""
    why: str
    """What the file contains, and why there is more than one video."""


@dataclass(frozen=True, slots=True)
class Body:
    """The content of a file."""

    size: int | None
    """Size in bytes; None if the size is unknown."""
    parts: AsyncIterator[bytes]


class Export:
    """The files of one ended live."""

    def __init__(
        self, record: RoomRecord, storage: Storage, objects: Objects, now: Callable[[], float]
    ) -> None:
        self._record = record
        self._storage = storage
        self._objects = objects
        self._now = now
        self._pieces: list[PieceRecord] = []
        self._clocks: dict[int, PieceClock] = {}

    async def open(self) -> None:
        """Reads the index of the recording. Raises StorageError."""
        room = self._record.room
        self._pieces = await self._storage.recordings.pieces(room)
        self._clocks = piece_clocks(await self._storage.recordings.segments(room))
        self._pieces = [piece for piece in self._pieces if piece.piece in self._clocks]

    def files(self) -> list[ExportFile]:
        """Returns the files, the videos first."""
        files = []
        before: PieceRecord | None = None
        for number, piece in enumerate(self._pieces, 1):
            seconds = round(self._clocks[piece.piece].duration / 1_000_000, 3)
            why = _reason(before, piece)
            files.append(ExportFile(f"video-{number}.mp4", "video/mp4", seconds, why))
            about = f"the chat of video-{number}.mp4"
            files.append(ExportFile(f"chat-{number}.vtt", "text/vtt", seconds, about))
            before = piece
        files.append(ExportFile("chat.json", "application/json", 0.0, "the chat"))
        files.append(ExportFile("hearts.json", "application/json", 0.0, "hearts and other taps"))
        return files

    async def read(self, name: str) -> Body | None:
        """Returns the content of a file; None if there is no such file. Raises StorageError,
        ObjectMissing and ObjectsUnavailable, also while the parts are read.
        """
        for number, piece in enumerate(self._pieces, 1):
            if name == f"video-{number}.mp4":
                return await self._video(piece)
            if name == f"chat-{number}.vtt":
                return Body(None, self._track(self._clocks[piece.piece]))
        if name == "chat.json":
            return Body(None, self._chat())
        if name == "hearts.json":
            return Body(None, self._hearts())
        return None

    # Video

    async def _video(self, piece: PieceRecord) -> Body:
        tracks, clock = read_init(piece.init), self._clocks[piece.piece]
        movie = Movie(tracks)
        for segment, at in zip(clock.segments, clock.starts, strict=True):
            movie.add(await self._samples(segment, tracks), segment.media_time, at)
        header = movie.header()
        return Body(len(header) + movie.data_size, self._movie(header, clock, tracks))

    async def _movie(
        self, header: bytes, clock: PieceClock, tracks: Iterable[TrackInfo]
    ) -> AsyncIterator[bytes]:
        yield header
        for segment in clock.segments:
            yield b"".join(movie_data(await self._samples(segment, tracks)))

    async def _samples(self, segment: SegmentRecord, tracks: Iterable[TrackInfo]) -> list[Sample]:
        data = await self._objects.read(segment_key(segment.room, segment.sequence))
        return read_fragment(data, tracks, segment.epoch)

    # Chat and hearts

    async def _timelines(self) -> AsyncIterator[Timeline]:
        """Yields the timelines of all parts of the live, in order."""
        record = self._record
        age = round(((record.ended_at or self._now()) - record.created_at) * 1_000_000)
        media = [clock.segments[-1].media_time for clock in self._clocks.values()]
        end = max([age, *media]) + LATEST
        by = Requester(ANONYMOUS, "", "")
        start = 0
        while start < end:
            command = ReadTimeline(by, start, min(end, start + MAX_SPAN))
            found = await read_timeline(record, self._storage, command, self._now())
            yield found
            start = found.until

    async def _track(self, clock: PieceClock) -> AsyncIterator[bytes]:
        yield begin_track().encode()
        async for part in self._timelines():
            cues = (
                cue(at, message.name, message.body)
                for message in part.messages
                if (at := clock.at(message.media_time)) is not None
            )
            yield "".join(cues).encode()

    async def _chat(self) -> AsyncIterator[bytes]:
        def rows(part: Timeline) -> Iterable[object]:
            return map(self._message, part.messages)

        async for data in self._list("messages", rows):
            yield data

    async def _hearts(self) -> AsyncIterator[bytes]:
        def rows(part: Timeline) -> Iterable[object]:
            return ({"second": one.second, "emoji": dict(one.emoji)} for one in part.hearts)

        async for data in self._list("hearts", rows):
            yield data

    async def _list(
        self, name: str, rows: Callable[[Timeline], Iterable[object]]
    ) -> AsyncIterator[bytes]:
        """Yields the text of a JSON object with the room, the title and a list."""
        head = {"room": self._record.room, "title": self._record.title}
        yield f"{_json(head)[:-1]},{_json(name)}:[".encode()
        comma = ""
        async for part in self._timelines():
            for row in rows(part):
                yield f"{comma}\n{_json(row)}".encode()
                comma = ","
        yield b"\n]}\n"

    def _message(self, message: TimelineMessage) -> object:
        """Returns a message with its place in the videos."""
        row = {**asdict(message), "role": message.role.value, "video": None, "seconds": None}
        for number, piece in enumerate(self._pieces, 1):
            at = self._clocks[piece.piece].at(message.media_time)
            if at is not None:
                row |= {"video": number, "seconds": round(at / 1_000_000, 3)}
        return row


def _reason(before: PieceRecord | None, piece: PieceRecord) -> str:
    """Returns why a new video begins with this piece."""
    size = f"{piece.width}×{piece.height}"
    if before is None:
        return f"the recording, {size}"
    if (before.width, before.height) != (piece.width, piece.height):
        return f"the picture changed from {before.width}×{before.height} to {size}"
    return f"the encoding changed, {size}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
