"""`/clips/{clip}/{revision}/…`: the files of clips. `/clips/{clip}/captions.vtt`: their captions.

A file never changes: a new cut has a new revision, and so a new URL. Browsers may keep the file for
ever. A shared cache must ask again after SHARED seconds, because a clip may be deleted.
"""

import hashlib
import re
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from relay.hls.sliced_body import SlicedBody
from server.clips.captions import MEDIA_TYPE, text_track
from server.clips.clips import ClipFile, Clips
from server.clips.final import MEDIA_TYPES
from server.clips.refusals import no_file
from server.clips.rights import is_open
from server.errors import NotFound
from server.http.byte_range import BadRange, read_range
from server.http.clip_access import ClipAccess
from server.http.connections import send
from server.http.object_body import ObjectBody, PieceReader
from server.http.ranged import is_known, range_of, ranged, refuse_range
from server.objects.objects import Objects
from server.recent import Recent

SHARED = 60
PUBLIC = f"public, max-age=31536000, s-maxage={SHARED}, immutable"
PRIVATE = "private, max-age=300"
"""Cache-Control of the files of drafts, and of clips that not everyone may see."""
URL_SECONDS = 300
"""Validity of a URL at the object store, seconds."""
MAX_SIZES = 2_000
"""Maximum number of files whose sizes are remembered."""
TITLE_LENGTH = 60
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]+')
"""Characters that some file systems do not allow."""


class ClipFilesEndpoint:
    """The endpoint of the files of clips."""

    def __init__(self, clips: Clips, access: ClipAccess, objects: Objects) -> None:
        self._clips = clips
        self._access = access
        self._objects = objects
        self._reader = PieceReader(objects)
        self._sizes: Recent[str, int] = Recent(MAX_SIZES)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/clips/{clip}/captions.vtt", self.captions),
            web.get(r"/clips/{clip}/{revision:\d{1,9}}/{name}", self.get),
        ]

    async def captions(self, request: web.Request) -> web.Response:
        """Returns the caption as a text track. A caption may change, so caches ask each time."""
        record = (await self._access.find(request)).clip.record
        if not record.caption:
            raise no_file()
        data = text_track(record.caption, record.duration).encode()
        tag = hashlib.blake2b(data, digest_size=12).hexdigest()
        return ranged(request, data, tag, MEDIA_TYPE, "no-cache" if is_open(record) else "no-store")

    async def get(self, request: web.Request) -> web.Response:
        """Returns the file, or the part of the file that the Range header names."""
        name = request.match_info["name"]
        if name not in MEDIA_TYPES:
            raise NotFound(RefusalCode.CLIP_NOT_FOUND, "there is no such file")
        found = await self._access.find(request)
        file = self._clips.file(found.clip.record, int(request.match_info["revision"]), name)
        download = "download" in request.query
        headers = _headers(file, name, download)
        if file.key and not download and (url := await self._objects.url(file.key, URL_SECONDS)):
            # The URL at the store is valid for everyone, so no cache may keep it for long.
            caching = f"public, max-age={SHARED}" if file.public else "no-store"
            moved = {hdrs.LOCATION: url, hdrs.CACHE_CONTROL: caching}
            return web.Response(status=302, headers=moved)
        if is_known(request, headers[hdrs.ETAG]):
            del headers[hdrs.CONTENT_TYPE]
            return web.Response(status=304, headers=headers)
        return await self._send(request, file, headers)

    async def _send(
        self, request: web.Request, file: ClipFile, headers: dict[str, str]
    ) -> web.Response:
        size = len(file.data) if file.data is not None else await self._size(file.key)
        try:
            part = read_range(range_of(request, headers[hdrs.ETAG]), size)
        except BadRange:
            return refuse_range(size)
        start, end = part or (0, size)
        if part:
            headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{size}"
        body = (
            SlicedBody([file.data if part is None else file.data[start:end]])
            if file.data is not None
            else await ObjectBody.open(self._reader, file.key, start, end)
        )
        status = HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK
        response = web.Response(status=status, body=body, headers=headers)
        await send(request, response, shared=True)
        return response

    async def _size(self, key: str) -> int:
        known = self._sizes.get(key)
        if known is None:
            known = await self._objects.size(key)
            self._sizes.keep(key, known)
        return known


def _headers(file: ClipFile, name: str, download: bool) -> dict[str, str]:
    headers: dict[str, str] = {
        hdrs.CONTENT_TYPE: MEDIA_TYPES[name],
        hdrs.ETAG: f'"{file.clip}-{file.revision}"',
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CACHE_CONTROL: PUBLIC if file.public else PRIVATE,
    }
    if download:
        headers[hdrs.CONTENT_DISPOSITION] = disposition(file, name)
    return headers


def disposition(file: ClipFile, name: str) -> str:
    """Returns the Content-Disposition header of a download (RFC 6266 §4.3). The name of the file
    contains the title, without characters that a file system could misunderstand.
    """
    ending = name.rpartition(".")[2]
    title = " ".join(_UNSAFE.sub(" ", file.title).split())[:TITLE_LENGTH].strip(" .")
    full = quote(f"{title or 'clip'} {file.clip}.{ending}", safe="")
    return f"attachment; filename=\"clip-{file.clip}.{ending}\"; filename*=UTF-8''{full}"
