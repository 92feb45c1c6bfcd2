"""Collects the content of the page of a clip: the clip, the creator of the live, and the lives that
the creator has on air.
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from server.clips.clips import Clips
from server.clips.life import State
from server.clips.refusals import no_clip
from server.http.clip_access import ClipAccess
from server.http.clips import describe_clip
from server.http.writers import person_of
from server.people.person import Person
from server.rooms.description import RoomDescription
from server.rooms.registry import Rooms
from server.storage.clip_record import ClipRecord
from server.storage.people import PersonStore


@dataclass(frozen=True, slots=True)
class ClipPage:
    """The content of the page of a clip."""

    record: ClipRecord
    clip: dict[str, Any]
    """The description of the clip, as in the API."""
    creator: Person | None
    """The creator of the live; None if a program created the live, or if the creator has deleted
    the account.
    """
    live: list[RoomDescription]
    """The public lives of the creator."""
    public: bool
    """Whether everyone may see the clip, also those who do not know its URL."""


class ClipPages:
    """Finds the content of the pages of clips."""

    def __init__(self, clips: Clips, access: ClipAccess, people: PersonStore, rooms: Rooms) -> None:
        self._clips = clips
        self._access = access
        self._people = people
        self._rooms = rooms

    async def find(self, request: web.Request) -> ClipPage:
        """Returns the content of the page that a request asks for. Raises NotFound if there is no
        such clip, if the clip is not finished, or if the client may not see the clip.
        """
        found = await self._access.find(request)
        record = found.clip.record
        if record.state not in (State.WAITING, State.PUBLISHED):
            raise no_clip()
        creator = await self._people.find(record.creator)
        return ClipPage(
            record=record,
            clip=describe_clip(await self._clips.view(found.clip, found.rights)),
            creator=person_of(creator) if creator else None,
            live=await self._rooms.listing.live_of(record.creator) if creator else [],
            public=record.state == State.PUBLISHED and record.visibility == "public",
        )
