"""The object store, for the event loop.

    await objects.put("clips/abc/1/video.mp4", data, "video/mp4")
    data = await objects.read("clips/abc/1/video.mp4", 0, 100)

The calls run in a few threads, and nothing on the path of a frame waits for them. Each call has a
time limit. The number of waiting calls, and the bytes that these calls hold, are limited.
"""

import asyncio
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from obstore.exceptions import BaseError

from server.objects.errors import ObjectMissing, ObjectsError, ObjectsUnavailable, objects_error
from server.objects.stores import Infos, LocalFiles, S3Bucket, Store
from server.settings import Settings

logger = logging.getLogger(__name__)

T = TypeVar("T")

DIRECTORY = "media"
"""The directory of the objects in the data directory."""
THREADS = 4
NICENESS = 10
WITHIN = 20.0
"""Maximum seconds of one call. The deletion of many objects may take ten times as long."""
MAX_WAITING = 256
"""Maximum number of calls that run or wait for a thread."""
MAX_WAITING_BYTES = 256 << 20
"""Maximum size of the data of all puts that run or wait for a thread."""
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")


def public_origin(settings: Settings) -> str | None:
    """Returns the origin of the URLs that `Objects.url` returns; None with local files."""
    if settings.media is None:
        return None
    if settings.media_endpoint is not None:
        parts = urlsplit(settings.media_endpoint)
        return f"{parts.scheme}://{parts.netloc}"
    bucket, region = urlsplit(settings.media).netloc, settings.media_region or "us-east-1"
    return f"https://{bucket}.s3.{region}.amazonaws.com"


class Objects:
    """The object store. `open()` creates this object; call `close()` at the end.

    The keys have two or more parts, such as `lives/{room}/{number}.m4s`. Every method raises
    ObjectsUnavailable if the store does not answer in time; `put` also raises ObjectsFull, and
    methods that read raise ObjectMissing. After ObjectsUnavailable, a `put` may still complete
    later.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(THREADS, "objects", _give_way)
        self._waiting = 0
        self._waiting_bytes = 0
        self._closed = False
        self._answers = True

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Opens the store of the settings. Creates the directory of a local store, but connects to
        no server. Raises ObjectsUnavailable.
        """
        place = settings.media or str(settings.data / DIRECTORY)
        try:
            if settings.media is None:
                files = await asyncio.to_thread(LocalFiles, settings.data / DIRECTORY)
                await asyncio.to_thread(files.remove_unfinished)
                return cls(files)
            endpoint, region = settings.media_endpoint, settings.media_region
            return cls(S3Bucket(settings.media, endpoint, region))
        except (BaseError, OSError, ValueError) as error:
            raise objects_error(place, error) from error

    @property
    def place(self) -> str:
        """The directory or bucket, for logs."""
        return self._store.place

    @property
    def waiting_bytes(self) -> int:
        """The size of the data of all puts that run or wait for a thread."""
        return self._waiting_bytes

    @property
    def answers(self) -> bool:
        """Whether the last call reached the store, and the store had space."""
        return self._answers

    async def put(self, key: str, data: bytes | Path, content_type: str) -> None:
        """Stores an object, and replaces a former object with the same key. A reader never sees a
        part of an object.
        """
        held = len(data) if isinstance(data, bytes) else 0
        if self._waiting_bytes + held > MAX_WAITING_BYTES:
            raise ObjectsUnavailable(f"{self.place}: too much data waits to be stored")
        name = _checked(key)
        done = self._submit(lambda: self._store.put(name, data, content_type))
        self._waiting_bytes += held
        done.add_done_callback(lambda _: self._release(held))
        await self._result(done, WITHIN)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Returns the bytes from `start` to `end` (not included), as far as the object has them."""
        name = _checked(key)
        return await self._call(lambda: self._store.read(name, start, end))

    async def size(self, key: str) -> int:
        """Returns the size of an object, bytes."""
        name = _checked(key)
        return await self._call(lambda: self._store.size(name))

    async def list(self, prefix: str) -> Infos:
        """Returns the objects under a prefix, which ends with a slash."""
        name = _checked_prefix(prefix)
        return await self._call(lambda: self._store.list(name))

    async def delete(self, keys: Sequence[str]) -> None:
        """Deletes objects. A key without an object is no error."""
        names = [_checked(key) for key in keys]
        await self._call(lambda: self._store.delete(names))

    async def delete_prefix(self, prefix: str) -> int:
        """Deletes all objects under a prefix, which ends with a slash. Returns their number."""
        name = _checked_prefix(prefix)
        return await self._call(lambda: self._store.delete_prefix(name), 10 * WITHIN)

    def path(self, key: str) -> Path | None:
        """Returns the local file of an object, which may be missing; None with S3. The file of a
        key does not change except by a `put` with the same key.
        """
        return self._store.path(_checked(key))

    async def url(self, key: str, seconds: int) -> str | None:
        """Returns a URL at which every client gets the object for `seconds` seconds; None if the
        server must serve the object itself. A URL does not say whether the object exists.
        """
        name = _checked(key)
        return await self._call(lambda: self._store.url(name, seconds))

    async def close(self) -> None:
        """Waits for the calls that run, and refuses all others. Further calls do nothing."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
            self._store.close()

    async def _call(self, work: Callable[[], T], within: float = WITHIN) -> T:
        return await self._result(self._submit(work), within)

    def _submit(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        if self._closed:
            raise ObjectsUnavailable(f"{self.place}: the server is shutting down")
        if self._waiting >= MAX_WAITING:
            raise ObjectsUnavailable(f"{self.place}: too many calls wait")
        self._waiting += 1
        done = asyncio.wrap_future(self._pool.submit(work))
        done.add_done_callback(self._count_done)
        return done

    def _count_done(self, _: object) -> None:
        self._waiting -= 1

    def _release(self, held: int) -> None:
        self._waiting_bytes -= held

    async def _result(self, done: "asyncio.Future[T]", within: float) -> T:
        """Waits for a call. The thread may go on after the time limit, or after the caller was
        cancelled, until the limits of the client end the call.
        """
        try:
            result = await asyncio.wait_for(asyncio.shield(done), within)
        except TimeoutError as error:
            done.add_done_callback(_ignore_result)
            raise self._failed(ObjectsUnavailable(f"{self.place}: does not answer")) from error
        except asyncio.CancelledError:
            if done.cancelled():  # `close` has cancelled the call.
                raise ObjectsUnavailable(f"{self.place}: the server is shutting down") from None
            done.add_done_callback(_ignore_result)
            raise
        except (BaseError, OSError, ValueError) as error:
            raise self._failed(objects_error(self.place, error)) from error
        if not self._answers:
            self._answers = True
            logger.info("%s: works again", self.place)
        return result

    def _failed(self, error: ObjectsError) -> ObjectsError:
        """Logs when the store begins to fail. Later failures are not logged, because every call
        would log the same.
        """
        if self._answers and not isinstance(error, ObjectMissing):
            self._answers = False
            logger.warning("%s", error)
        return error


def _give_way() -> None:
    """Lowers the priority of a thread, so that the thread that forwards media runs first. The
    threads that obstore starts inherit the priority.
    """
    if sys.platform == "linux":  # Elsewhere, the priority is that of the whole process.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _ignore_result(done: "asyncio.Future[T]") -> None:
    if not done.cancelled():
        done.exception()


def _checked(key: str) -> str:
    """Raises ValueError for a key that could leave its directory."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not the key of an object: {key!r}")
    return key


def _checked_prefix(prefix: str) -> str:
    if not prefix.endswith("/") or not _KEY.fullmatch(f"{prefix}x"):
        raise ValueError(f"not the prefix of objects: {prefix!r}")
    return prefix
