"""Finds the clip of a request, if the client may see the clip.

A clip that the client may not see is answered like a clip that does not exist.
"""

from dataclasses import dataclass

from aiohttp import web

from server.clips.clips import Clips
from server.clips.life import State
from server.clips.refusals import no_clip
from server.clips.rights import Rights, is_visible
from server.http.access import Access
from server.http.ids import is_id
from server.http.requester import Requesters
from server.social.author import Requester
from server.storage.clips import ListedClip


@dataclass(frozen=True, slots=True)
class FoundClip:
    """A clip that the client may see, and the rights of the client."""

    clip: ListedClip
    rights: Rights


class ClipAccess:
    """Decides who may see which clip."""

    def __init__(self, clips: Clips, access: Access, requesters: Requesters) -> None:
        self._clips = clips
        self._access = access
        self._requesters = requesters

    async def find(
        self, request: web.Request, by: Requester | None = None, *, deleted: bool = False
    ) -> FoundClip:
        """Returns the clip in the path. `by`: the sender; by default, the sender of a request that
        only reads. `deleted`: whether to find a deleted clip, for those who may restore the clip.
        Raises NotFound.
        """
        name = request.match_info["clip"]
        found = await self._clips.find(name) if is_id(name) else None
        if found is None:
            raise no_clip()
        rights = await self._clips.rights(found.record, by or self._requesters.reading(request))
        restorable = deleted and rights.own and found.record.state == State.DELETED
        if not restorable and not is_visible(found.record, rights):
            if found.record.visibility != "private" or not is_visible(found.record, MEMBER):
                raise no_clip()
            if not await self._access.may_see(request, found.record.room):
                raise no_clip()
        return FoundClip(found, rights)


MEMBER = Rights(member=True)
