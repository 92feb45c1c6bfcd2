"""Finishes clips: the cut that the person has chosen is stored for all servers."""

import asyncio
import logging
import time
from dataclasses import dataclass, replace

from relay.errors import Refusal, RefusalCode
from server.clips.cut import Cut, CutRefused
from server.clips.draft import Draft
from server.clips.drafting import Drafting
from server.clips.final import FinalFiles, StoredFiles
from server.clips.life import TRANSITIONS, ClipEvent, State, states_before
from server.clips.listed_words import ListedWords
from server.clips.maker import ClipFailed
from server.clips.refusals import clips_off, finished, no_clip, not_made, refused_cut
from server.clips.rights import Rights, is_wider
from server.clips.tasks import Tasks
from server.clips.view import ClipView
from server.errors import Forbidden
from server.objects.errors import ObjectsError
from server.social.author import Requester
from server.social.moderation import BANNED_TEXT
from server.social.room_settings import read_room_settings
from server.storage.bans import BanStore
from server.storage.clip_record import ClipRecord
from server.storage.clips import ListedClip
from server.storage.errors import StorageError
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """The ends of a final clip, as media times (µs), and its words. None keeps the words."""

    start: int
    end: int
    title: str | None = None
    caption: str | None = None


class Finishing:
    """Finishes drafts. `tasks` owns the work that goes on if the client leaves."""

    def __init__(
        self,
        storage: Storage,
        drafting: Drafting,
        final: FinalFiles,
        words: ListedWords,
        tasks: Tasks,
    ) -> None:
        self._storage = storage
        self._drafting = drafting
        self._counters = drafting.counters
        self._final = final
        self._words = words
        self._tasks = tasks

    async def finish(
        self, found: ListedClip, rights: Rights, by: Requester, choice: Choice
    ) -> ClipView:
        """Makes the final clip from a draft. Raises a Refusal, StorageError or ObjectsError. After
        an error, the draft can be finished again.
        """
        record = found.record
        if record.state not in states_before(ClipEvent.FINISH):
            raise finished()
        draft = self._drafting.draft(record)
        if draft.busy:
            raise finished()
        draft.busy = True
        try:
            live = await self._live(record, by)
            event = await self._decide(record, live, rights, choice)
            cut = await self._cut(draft, choice)
            record = await self._narrowed(record, live)
            new = await self._make_final(draft, record, cut, event, choice)
        finally:
            draft.busy = False
        self._drafting.drafts.remove(draft)
        return ClipView(new, found.by, rights)

    async def _live(self, record: ClipRecord, by: Requester) -> RoomRecord:
        """Returns the live of a clip. Raises NotFound if the live was deleted, and Forbidden if the
        person is banned.
        """
        live = await self._storage.rooms.find(record.room)
        if live is None:
            raise no_clip()
        await require_not_banned(self._storage.bans, record, by)
        return live

    async def _decide(
        self, record: ClipRecord, live: RoomRecord, rights: Rights, choice: Choice
    ) -> ClipEvent:
        """Returns whether a clip is published or held back. Raises Forbidden if the person may no
        longer make clips of the live.
        """
        if rights.creator:
            return ClipEvent.PUBLISH
        clips = read_room_settings(live.settings).chat.clips
        if clips == "off":
            raise clips_off()
        if clips == "approve":
            return ClipEvent.HOLD_BACK
        title, caption = _words(record, choice)
        written = [caption] if title == live.title else [title, caption]
        listed = await self._words.are_in(record.creator, *written)
        return ClipEvent.HOLD_BACK if listed else ClipEvent.PUBLISH

    async def _narrowed(self, record: ClipRecord, live: RoomRecord) -> ClipRecord:
        """Returns the clip with the visibility of the live, if fewer people may see the live now
        than may see the clip.
        """
        if not is_wider(record.visibility, live.visibility):
            return record
        visibility = live.visibility
        await self._storage.clips.change(record.id, [record.state], visibility=visibility)
        return replace(record, visibility=visibility)

    async def _cut(self, draft: Draft, choice: Choice) -> Cut:
        draft.extend(time.monotonic())
        try:
            whole, _ = await self._drafting.stretch(draft)
            return whole.trimmed(choice.start, choice.end)
        except CutRefused as refusal:
            raise refused_cut(refusal) from refusal

    async def _make_final(
        self, draft: Draft, record: ClipRecord, cut: Cut, event: ClipEvent, choice: Choice
    ) -> ClipRecord:
        """Makes and stores the files, and then changes the state. Returns the new record."""
        store, making = self._storage.clips, State.MAKING
        if not await store.change(record.id, [record.state], state=making.value):
            raise no_clip()
        draft.attempts += 1
        new = replace(record, revision=draft.attempts)
        try:
            files = await self._final.store(new, cut)
            after = TRANSITIONS[making, event]
            new = _finished_record(new, cut, after, files, choice)
            if not await store.finish(new):  # The clip was deleted: the sweeping deletes its files.
                raise no_clip()
        except BaseException as error:
            await self._fail(draft, error)
            if isinstance(error, ClipFailed):
                raise not_made(record.id, error) from error
            raise
        self._counters.finished[new.state] += 1
        if new.revision > 1:
            self._tasks.start(self._final.remove_others(new))
        return new

    async def _fail(self, draft: Draft, error: BaseException) -> None:
        """Returns the clip to its draft."""
        if isinstance(error, Refusal | asyncio.CancelledError):
            return
        self._counters.failed += 1
        if isinstance(error, ObjectsError):
            logger.error("clip %s: %s", draft.clip, error)
        before = TRANSITIONS[State.MAKING, ClipEvent.FAIL]
        try:
            await self._storage.clips.change(draft.clip, [State.MAKING.value], state=before.value)
        except StorageError as failure:  # the row is discarded when the draft expires
            logger.error("clip %s: %s", draft.clip, failure)


async def require_not_banned(bans: BanStore, record: ClipRecord, by: Requester) -> None:
    """Raises Forbidden if the creator of the live, or the operator, has banned the person."""
    person = by.person.id
    if person and await bans.holds(record.creator, record.room, person, time.time()):
        raise Forbidden(RefusalCode.BANNED, BANNED_TEXT)


def _words(record: ClipRecord, choice: Choice) -> tuple[str, str]:
    """Returns the title and the caption of the final clip."""
    return (
        record.title if choice.title is None else choice.title,
        record.caption if choice.caption is None else choice.caption,
    )


def _finished_record(
    record: ClipRecord, cut: Cut, state: State, files: StoredFiles, choice: Choice
) -> ClipRecord:
    title, caption = _words(record, choice)
    return replace(
        record,
        title=title,
        caption=caption,
        state=state.value,
        media_time=cut.start,
        duration=cut.duration,
        width=cut.info.width,
        height=cut.info.height,
        bytes=files.size,
        pictures=files.pictures,
        published_at=time.time() if state is State.PUBLISHED else None,
    )
