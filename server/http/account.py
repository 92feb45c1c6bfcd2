"""`GET /api/me/data`, `DELETE /api/me` and `POST /api/me/restore`: download of the data that is
stored about the person, and deletion of the person. server/API.md describes the requests and
answers.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.clips.paths import files_path
from server.errors import TooManyRequests, Unauthorized
from server.http.arrival import SignedIn
from server.http.identity import Identity
from server.http.limits import ConnectionLimiter, RateLimiter
from server.http.payloads import reply
from server.http.people import body_of
from server.http.request import charge, connection_of, url_of
from server.people.leaving import time_of_deletion
from server.people.person import Person
from server.settings import Settings
from server.storage.account import AccountStore
from server.storage.devices import DeviceStore
from server.storage.errors import StorageError
from server.storage.personal_data import KINDS, PersonalDataStore

logger = logging.getLogger(__name__)

READY_WITHIN = 60.0
"""Maximum seconds for a download."""
DOWNLOADS_PER_HOUR = 10
"""Maximum number of downloads of one person per hour."""
DOWNLOADS = 20
"""Maximum number of downloads at the same time."""
RETRY_DOWNLOAD = 10.0
"""Seconds after which a refused download may be tried again."""
FILE_NAME = "microlive.json"
CLIPS = ("clips", "clips_of_my_lives")
"""Kinds of data with files."""


class AccountEndpoint:
    """The endpoints about everything that is stored about the person."""

    def __init__(
        self,
        identity: Identity,
        accounts: AccountStore,
        devices: DeviceStore,
        data: PersonalDataStore,
        settings: Settings,
    ) -> None:
        self._identity = identity
        self._accounts = accounts
        self._devices = devices
        self._data = data
        self._settings = settings
        self._per_hour = RateLimiter(DOWNLOADS_PER_HOUR, 3_600.0)
        self._at_once = ConnectionLimiter(1, DOWNLOADS)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/me/data", self.download),
            web.delete("/api/me", self.delete),
            web.post("/api/me/restore", self.restore),
        ]

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Sends everything that is stored about the person. Sends each page of data as soon as this
        page has been read.
        """
        visitor = await self._identity.require_known(request)
        person = visitor.person.id
        text, code = "too many downloads at the moment", RefusalCode.TOO_MANY_DOWNLOADS
        charge(
            self._per_hour, person, f"{DOWNLOADS_PER_HOUR} downloads per hour are possible", code
        )
        with connection_of(self._at_once, person, TooManyRequests(code, text, RETRY_DOWNLOAD)):
            parts = self._parts(request, person)
            first = await anext(parts)  # if storage does not answer, the answer is still a refusal
            response = web.StreamResponse(
                headers={
                    hdrs.CACHE_CONTROL: "no-store",
                    hdrs.CONTENT_DISPOSITION: f'attachment; filename="{FILE_NAME}"',
                }
            )
            response.content_type, response.charset = "application/json", "utf-8"
            await response.prepare(request)
            try:
                async with asyncio.timeout(READY_WITHIN):
                    await response.write(first)
                    async for part in parts:
                        await response.write(part)
            except (StorageError, TimeoutError) as error:
                logger.error("a download of personal data was cut off: %s", error or "too slow")
                if request.transport:
                    request.transport.abort()
            return response

    async def _parts(self, request: web.Request, person: str) -> AsyncIterator[bytes]:
        """Yields the text of a JSON object in pieces. The object has one list for each kind of
        data. Clips have the URLs of their files.
        """
        followers = await self._data.count_followers(person)
        yield f'{{\n"made_at": {time.time()},\n"followers": {followers}'.encode()
        for kind in KINDS:
            separator = f',\n"{kind.name}": [\n'
            async for page in self._data.pages(kind, person):
                if kind.name in CLIPS:
                    page = [row | {"video": self._video(request, row)} for row in page]
                rows = (json.dumps(row, ensure_ascii=False) for row in page)
                yield (separator + ",\n".join(rows)).encode()
                separator = ",\n"
            yield b"\n]" if separator == ",\n" else f',\n"{kind.name}": []'.encode()
        yield b"\n}\n"

    def _video(self, request: web.Request, clip: dict[str, Any]) -> str:
        path = f"{files_path(clip['id'], clip['revision'])}/video.mp4?download"
        return url_of(request, path, self._settings)

    async def delete(self, request: web.Request) -> web.Response:
        """Marks the person for deletion, which follows some days later. If nothing is stored about
        the person, only removes the cookie.
        """
        visitor = await self._identity.require_known(request)
        now = time.time()
        if not visitor.stored:
            self._identity.forget_cookie(request)
            return _answer(visitor.person, now)
        record = await self._accounts.find(visitor.person.id)
        known = record.delete_at if record else None
        at = await self._accounts.leave(
            visitor.person.id, time_of_deletion(known, now, self._settings.deletion_delay)
        )
        self._identity.forget_admission(visitor.device)
        others = await self._devices.sign_out_others(visitor.person.id, visitor.device, now)
        for device in others:
            self._identity.revocations.add(device)
        return _answer(visitor.person, at)

    async def restore(self, request: web.Request) -> web.Response:
        """Cancels the deletion of the person."""
        visitor = await self._identity.require_known(request)
        if visitor.stored and not await self._accounts.restore(visitor.person.id, time.time()):
            raise Unauthorized(RefusalCode.SIGNED_OUT, "the person has been deleted")
        return _answer(visitor.person, None)


def _answer(person: Person, delete_at: float | None) -> web.Response:
    return reply(SignedIn, {"person": body_of(person), "delete_at": delete_at})
