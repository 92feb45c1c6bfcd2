"""The clips of all lives. Every server reads, changes and deletes the finished clips; only the
server of a live has its drafts (`Drafting`).
"""

import asyncio
import logging
import time
from dataclasses import dataclass

from relay.errors import RefusalCode
from server.clips.auto_highlights import AutoHighlights
from server.clips.drafting import Drafting, Tap
from server.clips.final import FinalFiles, file_key
from server.clips.finishing import Choice, Finishing, require_not_banned
from server.clips.life import FINISHED, UNFINISHED, ClipEvent, State, states_before
from server.clips.listed_words import ListedWords
from server.clips.maker import ClipMaker
from server.clips.recorded import RecordedMedia
from server.clips.refusals import (
    clipper_only,
    creator_only,
    finished,
    listed_word,
    no_clip,
    no_file,
)
from server.clips.rights import Rights, is_listed, is_open, is_wider
from server.clips.tasks import Tasks
from server.clips.view import ClipView
from server.errors import Conflict, NotFound
from server.objects.objects import Objects
from server.recordings.recordings import Recordings
from server.rooms.registry import Rooms
from server.rooms.requester import holds_key, require_key
from server.social.author import Requester
from server.social.room_settings import read_room_settings
from server.social.undo import WITHIN
from server.storage.clip_record import ClipRecord
from server.storage.clips import ClipChanges, ClipLimits, ListedClip
from server.storage.errors import StorageError
from server.storage.storage import Storage

logger = logging.getLogger(__name__)

GROW_EVERY = 1.0
"""Interval at which drafts take the media that follows their tap, seconds."""


@dataclass(frozen=True, slots=True)
class Change:
    """New values of a clip; None keeps the present value."""

    title: str | None = None
    caption: str | None = None
    visibility: str | None = None


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A file of a clip."""

    clip: str
    revision: int
    title: str
    public: bool
    """Whether everyone may see the file."""
    data: bytes | None = None
    """The file of a draft; None for a file in the object store."""
    key: str = ""
    """Key of the object; empty for a file of a draft."""


class Clips:
    """The clips of all lives. Call `open()` first, `close()` at the end."""

    def __init__(
        self,
        rooms: Rooms,
        storage: Storage,
        objects: Objects,
        maker: ClipMaker,
        limits: ClipLimits,
        recordings: Recordings,
    ) -> None:
        self._rooms = rooms
        self._storage = storage
        self._store = storage.clips
        self._tasks = Tasks()
        self._maker = maker
        recorded = RecordedMedia(storage.recordings, objects)
        self._drafting = Drafting(rooms, storage, maker, recorded, limits, self._tasks)
        final = FinalFiles(objects, maker)
        self._words = ListedWords(storage.words)
        self._finishing = Finishing(storage, self._drafting, final, self._words, self._tasks)
        self._highlights = AutoHighlights(
            storage, self._drafting, self._finishing, recorded, recordings, self._tasks
        )
        self.drafts = self._drafting.drafts
        self.counters = self._drafting.counters
        self._running: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Memory of the drafts, and of the audio that is kept for other clips, bytes."""
        return self.drafts.size + self._maker.size

    async def open(self) -> None:
        """Discards the clips that the last run of this server has not finished. Raises
        StorageError.
        """
        if number := await self._store.discard_unfinished(time.time()):
            logger.info("%d clips were not finished and are discarded", number)
        self._rooms.observe(self._highlights)
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Discards all drafts."""
        if self._running:
            self._running.cancel()
            await asyncio.wait([self._running])
        await self._tasks.close()
        if not self.drafts:
            return
        try:
            await self._store.discard_unfinished(time.time())
        except StorageError as error:  # The next start discards the clips.
            logger.debug("unfinished clips remain: %s", error)

    # Reading

    async def find(self, clip: str) -> ListedClip | None:
        """Returns a clip in any state. Raises StorageError."""
        return await self._store.find(clip)

    async def rights(self, record: ClipRecord, by: Requester) -> Rights:
        """Returns the rights of a person. The holder of a wrong key has no rights: an error would
        show that the clip exists.
        """
        if by.key:
            room = await self._storage.rooms.find(record.room)
            if room is None or not holds_key(room, by.key):
                return Rights()
        return _rights(record, by)

    async def view(self, found: ListedClip, rights: Rights) -> ClipView:
        """Returns what a person with these rights reads about a clip. Raises NotFound if the clip
        is a draft that is over, and Misdirected if another server has the draft.
        """
        if found.record.state in UNFINISHED:
            return await self._drafting.view(found, rights)
        return ClipView(found.record, found.by, rights)

    async def of_room(self, name: str, by: Requester) -> list[ClipView]:
        """Returns the clips of a live, the newest first: for the creator, all finished clips; for
        others, the clips that they may see. Raises NotFound if the room does not exist.
        """
        room = self._rooms.in_memory.find(name)
        live = room.record if room else await self._storage.rooms.find(name)
        if live is None:
            raise NotFound(RefusalCode.ROOM_NOT_FOUND, f"there is no room {name[:40]!r}")
        if by.key:
            require_key(live, by.key)
        views = []
        for found in await self._store.of_room(name, FINISHED):
            rights = _rights(found.record, by)
            if is_listed(found.record, rights, live.visibility):
                views.append(ClipView(found.record, found.by, rights))
        return views

    def file(self, record: ClipRecord, revision: int, name: str) -> ClipFile:
        """Returns a file of a clip that the client may see. Raises NotFound, and Misdirected if
        another server has the draft.
        """
        if revision != record.revision:
            raise no_file()
        if record.state in UNFINISHED:
            data = self._drafting.draft(record).files.get(name)
            if data is None:
                raise no_file()
            return ClipFile(record.id, revision, record.title, False, data)
        if name != "video.mp4" and not record.pictures:
            raise no_file()
        key = file_key(record, name)
        return ClipFile(record.id, revision, record.title, is_open(record), key=key)

    # Making

    async def make(self, name: str, by: Requester, tap: Tap, *, publish: bool = False) -> ClipView:
        """Makes a draft of the media before a tap. With `publish`, finishes the clip at once. The
        work goes on if the caller is cancelled. Raises a Refusal, StorageError or ObjectsError.
        """
        return await self._tasks.complete(self._make(name, by, tap, publish))

    async def _make(self, name: str, by: Requester, tap: Tap, publish: bool) -> ClipView:
        begun = await self._drafting.begin(name, by, tap)
        if not publish:
            return await self._drafting.complete(begun)
        cut = begun.cut
        try:
            choice = Choice(cut.start, cut.end)
            return await self._finishing.finish(begun.found, begun.rights, by, choice)
        except BaseException:
            self._drafting.discard(begun.draft)
            raise

    async def finish(
        self, found: ListedClip, rights: Rights, by: Requester, choice: Choice
    ) -> ClipView:
        """Makes the final clip from a draft (`Finishing.finish`). The work goes on if the caller is
        cancelled.
        """
        if not rights.clipper:
            raise clipper_only()
        return await self._tasks.complete(self._finishing.finish(found, rights, by, choice))

    # Changes

    async def change(
        self, found: ListedClip, rights: Rights, by: Requester, change: Change
    ) -> ClipView:
        """Changes what a clip shows, and who sees the clip. Raises a Refusal or StorageError."""
        _require_own(rights)
        record, visibility = found.record, change.visibility
        await require_not_banned(self._storage.bans, record, by)
        if (
            visibility is not None
            and is_wider(visibility, record.visibility)
            and not rights.creator
        ):
            raise creator_only()
        # Only what changes is stored: another person may change the rest at the same time.
        new: ClipChanges = {}
        if change.title is not None:
            new["title"] = change.title
        if change.caption is not None:
            new["caption"] = change.caption
        if visibility is not None and visibility != record.visibility:
            new["visibility"] = visibility
        if not rights.creator and ("title" in new or "caption" in new):
            await self._require_allowed_words(record, change)
        if new and not await self._store.change(record.id, (*UNFINISHED, *FINISHED), **new):
            raise no_clip()
        changed = await self._store.find(record.id)
        if changed is None or changed.record.state == State.DELETED:
            raise no_clip()
        return await self.view(changed, rights)

    async def _require_allowed_words(self, record: ClipRecord, change: Change) -> None:
        """Raises a Refusal if the person who made a clip may not give the clip these words. If the
        creator approves clips first, the words of a published clip are final.
        """
        if await self._words.are_in(record.creator, change.title or "", change.caption or ""):
            raise listed_word()
        if record.state != State.PUBLISHED:
            return
        live = await self._storage.rooms.find(record.room)
        if live is not None and read_room_settings(live.settings).chat.clips == "approve":
            raise creator_only()

    async def delete(self, found: ListedClip, rights: Rights) -> None:
        """Deletes a clip. The deletion of a finished clip can be undone for some seconds. Raises a
        Refusal or StorageError.
        """
        _require_own(rights)
        record = found.record
        if record.state in states_before(ClipEvent.DELETE):
            if await self._store.delete(record.id, time.time(), by_creator=rights.creator):
                self.counters.deleted += 1
            return
        draft = self._drafting.draft(record)
        if draft.busy:
            raise finished()
        self.drafts.remove(draft)
        await self._store.discard_draft(record.id, time.time())

    async def restore(self, found: ListedClip, rights: Rights, by: Requester) -> ClipView:
        """Undoes the deletion of a clip. The person who made the clip undoes only own deletions,
        and none while banned. Raises a Refusal or StorageError.
        """
        _require_own(rights)
        record = found.record
        await require_not_banned(self._storage.bans, record, by)
        if record.state == State.DELETED:
            if record.deleted_by_creator and not rights.creator:
                raise creator_only()
            if not await self._store.restore(record.id, time.time() - WITHIN):
                raise Conflict(RefusalCode.UNDO_OVER, "the deletion can no longer be undone")
        return await self._reread(record, rights)

    async def approve(self, found: ListedClip, rights: Rights) -> ClipView:
        """Publishes a clip that waits for the creator. Raises a Refusal or StorageError."""
        if not rights.creator:
            raise creator_only()
        if await self._store.approve(found.record.id, time.time()):
            self.counters.finished[State.PUBLISHED.value] += 1
        return await self._reread(found.record, rights)

    async def _reread(self, record: ClipRecord, rights: Rights) -> ClipView:
        found = await self._store.find(record.id)
        if found is None or found.record.state not in FINISHED:
            raise no_clip()
        return ClipView(found.record, found.by, rights)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(GROW_EVERY)
            self._drafting.grow()


def _rights(record: ClipRecord, by: Requester) -> Rights:
    """Returns the rights of a person, or of a program with the right key."""
    if by.key:
        return Rights(creator=True, clipper=record.person is None)
    person = by.person.id
    return Rights(
        creator=bool(person) and record.creator == person,
        clipper=bool(person) and record.person == person,
    )


def _require_own(rights: Rights) -> None:
    if not rights.own:
        raise clipper_only()
