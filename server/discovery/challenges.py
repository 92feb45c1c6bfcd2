"""Challenges: a tag with a pinned clip, which other creators answer with a live of their own."""

import time
from collections.abc import Callable

from relay.errors import RefusalCode
from server.clips.refusals import creator_only, no_clip
from server.discovery.tags import Tag, tags_of
from server.errors import Conflict, Forbidden, NotFound, Unprocessable
from server.people.person import Person
from server.social.moderation import BANNED_BY_OPERATOR_TEXT
from server.storage.bans import BanStore
from server.storage.clip_record import ClipRecord
from server.storage.clips import ClipStore
from server.storage.tags import MAX_CHALLENGES, Pinned, TagStore


class Challenges:
    """Begins and ends challenges."""

    def __init__(
        self,
        tags: TagStore,
        clips: ClipStore,
        bans: BanStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tags = tags
        self._clips = clips
        self._bans = bans
        self._clock = clock

    async def begin(self, tag: Tag, clip: str, by: Person) -> None:
        """Pins a public clip of a live of `by` to a tag of the clip. Raises a Refusal or
        StorageError.
        """
        require_handle(by)
        record = await self._public_clip(clip)
        if record.creator != by.id:
            raise creator_only()
        now = self._clock()
        if await self._bans.holds_everywhere(by.id, now):
            raise Forbidden(RefusalCode.BANNED_BY_OPERATOR, BANNED_BY_OPERATOR_TEXT)
        if all(own.tag != tag.tag for own in tags_of(f"{record.title} {record.caption}")):
            raise Unprocessable(
                RefusalCode.BAD_CHALLENGE, f"write #{tag.name} in the title of the clip first"
            )
        match await self._tags.challenge(tag, clip, by.id, now):
            case Pinned.TAKEN:
                raise Conflict(
                    RefusalCode.CHALLENGE_TAKEN, "this tag is the challenge of another person"
                )
            case Pinned.TOO_MANY:
                raise Conflict(
                    RefusalCode.TOO_MANY_CHALLENGES,
                    f"you have {MAX_CHALLENGES} challenges: end one of them first",
                )

    async def end(self, tag: Tag, by: Person) -> None:
        """Ends a challenge of `by`. Raises NotFound if there is none."""
        if not await self._tags.end_challenge(tag.tag, by.id):
            raise NotFound(RefusalCode.TAG_NOT_FOUND, "you have no challenge with this tag")

    async def _public_clip(self, id: str) -> ClipRecord:
        found = await self._clips.find(id)
        if found is None:
            raise no_clip()
        record = found.record
        if record.state != "published" or record.visibility != "public":
            raise no_clip()
        return record


def require_handle(person: Person) -> None:
    """Raises Conflict if the person is a guest."""
    if person.handle is None:
        raise Conflict(RefusalCode.NO_HANDLE, "this needs a handle: choose one first")
