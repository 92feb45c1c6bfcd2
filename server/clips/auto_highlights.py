"""Publishes the best moments of a live as clips when the live ends, if its creator has chosen so.

The window of the live still has the latest moments when the live ends, and the recording has all
others.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import Refusal
from server.clips.cut import LONGEST, SHORTEST, CutRefused
from server.clips.draft import Draft
from server.clips.drafting import Drafting, Tap, is_whole, new_id, new_record
from server.clips.drafts import PER_PERSON
from server.clips.finishing import Choice, Finishing
from server.clips.life import State
from server.clips.recorded import RecordedMedia
from server.clips.rights import Rights
from server.clips.tasks import Tasks
from server.errors import Unavailable
from server.objects.errors import ObjectsError
from server.people.person import ANONYMOUS
from server.recordings.recordings import Recordings
from server.rooms import life
from server.rooms.commands.highlights import BestMoment
from server.rooms.past_highlights import read_highlights
from server.rooms.room import Room
from server.social.author import Requester
from server.social.highlights import MOST
from server.storage.clips import ListedClip
from server.storage.errors import StorageError
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

logger = logging.getLogger(__name__)

WITHIN = 120.0
"""Maximum seconds for the clips of one live."""
MAX_LIVES = 50
"""Maximum number of ended lives whose moments are being published or wait for this."""
SERVER = Requester(ANONYMOUS)
"""The server itself, as the sender of a request."""

assert MOST <= PER_PERSON  # the drafts of one live do not replace each other


@dataclass(frozen=True, slots=True)
class EndedLive:
    """A live that has just ended. The object has no reference to the room: the window of the room
    must not stay in memory.
    """

    room: str
    owner: str | None
    moments: tuple[BestMoment, ...] | None
    """None if only storage knows the moments."""
    held: dict[int, Draft]
    """Drafts of the moments that the window had, by peak (media time, µs)."""


class AutoHighlights:
    """Publishes the best moments of the lives of this process, one live after the other. Implements
    RoomObserver. `tasks` owns the work, and ends it when the server closes.
    """

    def __init__(
        self,
        storage: Storage,
        drafting: Drafting,
        finishing: Finishing,
        recorded: RecordedMedia,
        recordings: Recordings,
        tasks: Tasks,
    ) -> None:
        self._storage = storage
        self._drafting = drafting
        self._finishing = finishing
        self._recorded = recorded
        self._recordings = recordings
        self._tasks = tasks
        self._lives = 0
        self._turn = asyncio.Lock()

    def room_changed(self, room: Room, before: life.State) -> None:
        if room.state is not life.State.ENDED or not _is_wanted(room, before):
            return
        if self._tasks.closed:
            return
        if self._lives >= MAX_LIVES:
            logger.warning("room %s: too many lives end at once to publish its moments", room.name)
            return
        self._lives += 1
        moments = room.social.highlights.moments
        held = self._hold(room, moments or ())
        live = EndedLive(room.name, room.record.owner, moments, held)
        self._tasks.start(self._publish_in_turn(live))

    def _hold(self, room: Room, moments: Sequence[BestMoment]) -> dict[int, Draft]:
        """Keeps the media of the moments that the window still has as a whole."""
        held: dict[int, Draft] = {}
        if not room.stream.video_tracks:
            return held
        for moment in moments:
            draft = Draft.of_stream(
                new_id(), _group(room.name), room.stream, moment.end, time.monotonic()
            )
            draft.stream = None  # no further media comes
            start = draft.excerpt.start
            if start is None or not is_whole(room.stream, start, moment.start):
                continue
            try:
                self._drafting.keep(draft)
            except Unavailable:  # the recording may have the moment
                continue
            held[moment.peak] = draft
        return held

    async def _publish_in_turn(self, live: EndedLive) -> None:
        try:
            async with self._turn, asyncio.timeout(WITHIN):
                await self._publish(live)
        except TimeoutError:
            logger.warning("room %s: its moments are not published in time", live.room)
        except StorageError as error:
            logger.warning("room %s: its moments are not published: %s", live.room, error)
        finally:
            self._lives -= 1
            for draft in live.held.values():
                self._drafting.drafts.remove(draft)

    async def _publish(self, live: EndedLive) -> None:
        record = await self._published_live(live)
        if record is None:
            return
        moments = live.moments
        if moments is None:
            await self._recordings.ended(live.room)
            moments = (await read_highlights(record, self._storage)).moments
        clips = await self._storage.clips.of_room(live.room, [state.value for state in State])
        for moment in moments:
            if any(_shows(clip, moment) for clip in clips):
                continue
            try:
                await self._publish_moment(record, moment, live.held.get(moment.peak))
            except (CutRefused, Refusal, ObjectsError) as error:
                logger.info("room %s: a best moment is not published: %s", live.room, error)

    async def _published_live(self, live: EndedLive) -> RoomRecord | None:
        """Returns the record of the live; None if the live or its owner was deleted, or if the
        operator has banned the owner.
        """
        record = await self._storage.rooms.find(live.room)
        if record is None or record.owner != live.owner:
            return None
        banned = live.owner and await self._storage.bans.holds_everywhere(live.owner, time.time())
        return None if banned else record

    async def _publish_moment(
        self, live: RoomRecord, moment: BestMoment, held: Draft | None
    ) -> None:
        """Publishes a moment. Raises CutRefused, a Refusal, StorageError or ObjectsError."""
        draft = held or await self._draft(live.room, moment)
        length = min(LONGEST, max(SHORTEST, moment.end - moment.start))
        tap = Tap(moment.end, length, source="highlight")
        try:
            whole, _ = await self._drafting.stretch(draft)
            cut = whole.trimmed(max(0, moment.end - length), moment.end)
            record = new_record(live, SERVER, tap, cut, draft, self._storage.clips.server)
            await self._drafting.store_untapped(record, MOST)
            choice, rights = Choice(cut.start, cut.end), Rights(creator=True)
            await self._finishing.finish(ListedClip(record, None), rights, SERVER, choice)
        except BaseException:
            self._drafting.discard(draft)
            raise
        logger.info("room %s: the best moment at %d s is published", live.room, moment.at)

    async def _draft(self, room: str, moment: BestMoment) -> Draft:
        """Returns a draft with the media of the recording."""
        await self._recordings.ended(room)
        draft = await self._recorded.draft(
            room, new_id(), _group(room), moment.end, time.monotonic()
        )
        self._drafting.keep(draft)
        return draft


def _is_wanted(room: Room, before: life.State) -> bool:
    """Whether the moments of a room that has ended are published."""
    return (
        before is not life.State.IDLE
        and not room.ended_by_operator
        and room.social.moderation.describe().auto_highlights
    )


def _shows(clip: ListedClip, moment: BestMoment) -> bool:
    """Whether the creator has published the moment already, perhaps to delete the clip later."""
    record = clip.record
    start, end = record.media_time, record.media_time + record.duration
    return record.source == "highlight" and start <= moment.peak < end


def _group(room: str) -> str:
    """Returns the name under which the drafts of a live are counted. No person has this id."""
    return f"highlights:{room}"
