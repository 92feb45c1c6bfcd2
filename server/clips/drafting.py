"""Begins clips: a tap makes a draft in memory, which plays at once.

One server has the room of a live in memory. The same server has the drafts of the live.
"""

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass, replace

from relay.client_address import keys_of
from relay.errors import RefusalCode
from relay.stream.stream import Stream
from server.clips.counters import ClipCounters
from server.clips.cut import Cut, CutRefused
from server.clips.draft import Draft, Range
from server.clips.drafts import Drafts
from server.clips.life import State
from server.clips.maker import ClipFailed, ClipMaker
from server.clips.recorded import RecordedMedia
from server.clips.refusals import (
    clips_off,
    creator_only,
    no_clip,
    not_made,
    refused_cut,
    too_many_of_live,
)
from server.clips.rights import Rights
from server.clips.tasks import Tasks
from server.clips.view import ClipView, DraftView, Filmstrip, Tile
from server.errors import Conflict, Gone, Misdirected, TooManyRequests, Unprocessable
from server.rooms.creator_lists import creator_of
from server.rooms.registry import Rooms
from server.rooms.requester import require_key
from server.rooms.room import Room
from server.social.author import Requester, Role
from server.storage.clip_record import ClipRecord
from server.storage.clips import (
    PERSON_SECONDS,
    ClipLimits,
    ListedClip,
    TooManyOfLive,
    TooManyOfPerson,
)
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from server.storage.who import Who

logger = logging.getLogger(__name__)

AHEAD = 2_000_000
"""Maximum media time by which a playhead may be ahead of the live edge, µs."""


@dataclass(frozen=True, slots=True)
class Tap:
    """What a person wants to clip."""

    end: int | None
    """Media time that the person sees, µs; None for the live edge."""
    length: int
    """Length of the clip before `end`, µs."""
    title: str | None = None
    """Title of the clip; None for the title of the live."""
    source: str = "viewer"
    """What the clip was made from: `viewer`, `highlight` or `replay`."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A draft that has just begun, and the clip that the person saw."""

    found: ListedClip
    rights: Rights
    draft: Draft
    cut: Cut
    whole: Cut
    """The longest possible cut: only its keyframes, from which the filmstrip is made."""
    offered: Range


class Drafting:
    """Begins clips. `tasks` owns the work that goes on if the client leaves."""

    def __init__(
        self,
        rooms: Rooms,
        storage: Storage,
        maker: ClipMaker,
        recorded: RecordedMedia,
        limits: ClipLimits,
        tasks: Tasks,
    ) -> None:
        self._rooms = rooms
        self._storage = storage
        self._maker = maker
        self._recorded = recorded
        self._limits = limits
        self._tasks = tasks
        self._unpacking = asyncio.Lock()
        """Unpacking the samples of a draft takes many steps. The steps of several drafts at a time
        would delay frames.
        """
        self.drafts = Drafts(limits.person, PERSON_SECONDS)
        self.counters = ClipCounters()

    async def begin(self, name: str, by: Requester, tap: Tap) -> Begun:
        """Begins a draft with the media before the tap. Raises a Refusal, StorageError or
        ObjectsError.
        """
        room, live, creator = await self._find(name, by, tap)
        person = by.person.id or creator_of(live)
        self.drafts.count_tap(person, _now())
        try:
            draft = await self._draft(room, live, person, tap, creator)
            draft.client = keys_of(by.address)
            whole, offered = await self.stretch(draft)
            cut = whole.trimmed(max(0, draft.tap - tap.length), draft.tap)
        except BaseException as error:
            self.drafts.forget_tap(person)
            if isinstance(error, CutRefused):
                raise refused_cut(error) from error
            raise
        record = new_record(live, by, tap, cut, draft, self._storage.clips.server)
        self.keep(draft)
        await self._store(record, draft)
        rights = Rights(creator=creator, clipper=True)
        # All samples would need much memory while the clip waits for its turn.
        keyframes = replace(whole, video=whole.keyframes, audio=())
        return Begun(ListedClip(record, _who(by)), rights, draft, cut, keyframes, offered)

    async def _find(
        self, name: str, by: Requester, tap: Tap
    ) -> tuple[Room | None, RoomRecord, bool]:
        """Returns the room, its record, and whether the person is the creator. The room is None if
        the live has ended: only its creator makes clips of the recording, and others get Gone.
        """
        try:
            room = await self._rooms.local(name)
        except Gone:
            live = await self._storage.rooms.find(name)
            if live is None or not _is_creator(live, by):
                raise
            return None, live, True
        creator = await self._require_allowed(room, by, tap)  # reads changes of the record first
        return room, room.record, creator

    async def _draft(
        self, room: Room | None, live: RoomRecord, person: str, tap: Tap, creator: bool
    ) -> Draft:
        """Returns a draft with the media of the window; for the creator, with the media of the
        recording if the window has lost the moment. Raises CutRefused or Unprocessable.
        """
        if room is None:
            if tap.end is None:
                raise Unprocessable(RefusalCode.BAD_CLIP, "send the end of the clip")
            return await self._recorded.draft(live.room, new_id(), person, tap.end, _now())
        stream, end = room.stream, _playhead(room.stream, tap)
        draft = Draft.of_stream(new_id(), person, stream, end, _now())
        held = draft.excerpt.start
        if not creator or (held is not None and is_whole(stream, held, end - tap.length)):
            return draft
        try:
            recorded = await self._recorded.draft(live.room, draft.clip, person, end, _now())
        except CutRefused:
            return draft
        since = recorded.excerpt.start
        return recorded if since is not None and (held is None or since < held) else draft

    async def complete(self, begun: Begun) -> ClipView:
        """Makes the video of a draft. The pictures follow later. Raises Unavailable."""
        draft = begun.draft
        try:
            files = await self._maker.make(begun.cut)
        except BaseException as error:
            self.counters.failed += 1
            self.discard(draft)
            if isinstance(error, ClipFailed):
                raise not_made(draft.clip, error) from error
            raise
        self.draft(begun.found.record)  # other drafts may have taken its place
        draft.files["video.mp4"] = files.video
        self._tasks.start(self._draw(draft, begun.whole))
        self.counters.drafts += 1
        return _view(begun.found, begun.rights, draft, begun.offered)

    async def _require_allowed(self, room: Room, by: Requester, tap: Tap) -> bool:
        """Returns whether the person is the creator. Raises Forbidden if the person may not make
        the clip, and Conflict if the room is not live.
        """
        author = await room.social.author_of(by)
        creator, moderation = author.role is Role.CREATOR, room.social.moderation
        moderation.require_not_banned(by.person.id)
        if not creator and moderation.describe().clips == "off":
            raise clips_off()
        if not creator and tap.source != "viewer":
            raise creator_only()
        if not room.on_air or not room.stream.video_tracks:
            raise Conflict(RefusalCode.ROOM_NOT_LIVE, "this room is not live: try again later")
        return creator

    def keep(self, draft: Draft) -> None:
        """Keeps a draft in memory. Raises Unavailable."""
        for other in self.drafts.add(draft, _now()):
            self._discard_row(other)

    async def _store(self, record: ClipRecord, draft: Draft) -> None:
        """Stores the row of a draft. Raises TooManyRequests, and then forgets the draft."""
        try:
            await self._storage.clips.add(record, self._limits)
        except BaseException as error:
            self.drafts.remove(draft)
            code = RefusalCode.TOO_MANY_CLIPS
            if isinstance(error, TooManyOfPerson):
                text = "you have made many clips: wait a little"
                raise TooManyRequests(code, text, error.retry_after) from error
            if isinstance(error, TooManyOfLive):
                raise too_many_of_live() from error
            raise

    async def store_untapped(self, record: ClipRecord, more: int) -> None:
        """Stores the row of a draft that belongs to no person, so that no person's limit applies.
        `more`: number of clips above the limit of the live that are possible. Raises
        TooManyRequests.
        """
        limits = replace(self._limits, live=self._limits.live + more)
        try:
            await self._storage.clips.add(record, limits, tapped=False)
        except TooManyOfLive as error:
            raise too_many_of_live() from error

    async def stretch(self, draft: Draft) -> tuple[Cut, Range]:
        """Returns the longest cut around the tap, and the moments that it offers. Raises
        CutRefused.
        """
        async with self._unpacking:
            whole = await draft.stretch()
            return whole, await draft.range()

    async def _draw(self, draft: Draft, whole: Cut | None = None) -> None:
        """Makes the filmstrip and the poster of a draft. A draft without them is still useful.
        `whole`: the cut with their keyframes; None for the longest cut of the present samples.
        """
        try:
            if whole is None:
                whole, _ = await self.stretch(draft)
            draft.show(await self._maker.pictures(whole))
        except (ClipFailed, CutRefused) as error:
            logger.info("clip %s: no pictures: %s", draft.clip, error)

    def draft(self, record: ClipRecord) -> Draft:
        """Returns the draft of an unfinished clip. Raises Misdirected if another server has the
        draft, and NotFound if the draft is over.
        """
        draft = self.drafts.find(record.id)
        if draft is not None:
            return draft
        if record.server != self._storage.clips.server:
            raise Misdirected(
                RefusalCode.ROOM_ELSEWHERE,
                "another server with the same database has this draft",
                record.server,
            )
        raise no_clip()

    async def view(self, found: ListedClip, rights: Rights) -> ClipView:
        """Returns what the person who made a draft reads. Raises the refusals of `draft`."""
        draft = self.draft(found.record)
        self._extend(draft)
        try:
            async with self._unpacking:
                offered = await draft.range()
        except CutRefused as refusal:
            raise refused_cut(refusal) from refusal
        return _view(found, rights, draft, offered)

    def grow(self) -> None:
        """Adds the media after the taps to the drafts, and discards the drafts whose time is over.
        Call this method about once a second.
        """
        for draft in self.drafts:
            self._extend(draft)
        for draft in self.drafts.expired(_now()):
            self.discard(draft)

    def _extend(self, draft: Draft) -> None:
        if draft.extend(_now()):
            self._tasks.start(self._draw(draft))  # the filmstrip with the media after the tap

    def discard(self, draft: Draft) -> None:
        """Forgets a draft, and deletes its row unless the clip is finished."""
        self.drafts.remove(draft)
        self._discard_row(draft)

    def _discard_row(self, draft: Draft) -> None:
        if not self._tasks.closed:
            self._tasks.start(self._storage.clips.discard_draft(draft.clip, time.time()))


def _is_creator(live: RoomRecord, by: Requester) -> bool:
    """Whether the person is the creator of an ended live. Raises Forbidden if the key is wrong."""
    if by.key:
        require_key(live, by.key)
        return True
    return bool(by.person.id) and by.person.id == live.owner


def is_whole(stream: Stream, held: int, start: int) -> bool:
    """Whether the window still has all media of the stream from `start` on. `held`: the oldest
    media time in the window, µs.
    """
    return held <= max(start, stream.video_tracks[0][0])


def new_record(
    live: RoomRecord, by: Requester, tap: Tap, cut: Cut, draft: Draft, server: str
) -> ClipRecord:
    return ClipRecord(
        id=draft.clip,
        room=live.room,
        creator=creator_of(live),
        person=by.person.id or None,
        title=live.title if tap.title is None else tap.title,
        caption="",
        state=State.DRAFT.value,
        visibility=live.visibility,
        source="replay" if live.ended_at is not None and tap.source == "viewer" else tap.source,
        media_time=cut.start,
        duration=cut.duration,
        width=cut.info.width,
        height=cut.info.height,
        bytes=0,
        pictures=False,
        revision=0,
        server=server,
        created_at=time.time(),
    )


def _view(found: ListedClip, rights: Rights, draft: Draft, offered: Range) -> ClipView:
    view = DraftView(offered.first, offered.until, offered.keyframes, _filmstrip(draft))
    return ClipView(found.record, found.by, rights, view)


def _filmstrip(draft: Draft) -> Filmstrip | None:
    pictures = draft.pictures
    if pictures is None:
        return None
    tiles = [Tile(tile.at, tile.x, tile.y) for tile in pictures.tiles]
    return Filmstrip(tiles, pictures.tile_width, pictures.tile_height, draft.drawn)


def _playhead(stream: Stream, tap: Tap) -> int:
    """Returns the end of the clip, µs. Raises Unprocessable if the end is in the future."""
    if tap.end is None:
        return stream.edge
    if tap.end > stream.edge + AHEAD:
        raise Unprocessable(RefusalCode.BAD_CLIP, "this moment has not happened yet")
    return min(tap.end, stream.edge)


def _who(by: Requester) -> Who | None:
    person = by.person
    return Who(person.id, person.name, person.colour, person.handle) if person.id else None


def new_id() -> str:
    """Returns a new id of a clip: 96 random bits in 16 characters."""
    return secrets.token_urlsafe(12)


def _now() -> float:
    return time.monotonic()
