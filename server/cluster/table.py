"""A table that all nodes share: a bucket of NATS's key-value store, kept in the memory of the NATS
servers, with a copy in this process.

The bucket republishes each change on a subject of its own, which keeps the copy current without a
consumer in JetStream. The whole bucket is read at the start and after each interruption.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import nats.errors
from nats.aio.msg import Msg
from nats.js import api
from nats.js.errors import (
    APIError,
    BadRequestError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NoStreamResponseError,
)
from nats.js.kv import KeyValue

from server.cluster.connection import Connection
from server.cluster.errors import ClusterError, Unreachable

logger = logging.getLogger(__name__)

MARKER = 60.0
"""Seconds for which NATS remembers that a key was deleted."""
READ_WITHIN = 10.0
MAX_VALUE = 4_096
"""Maximum size of a value, bytes."""
WRONG_REVISION = (10071, 10164)
"""The codes with which nats-server refuses a change of a key that has another revision."""

Changed = Callable[[str, bytes | None], None]
"""Called with a key and its new value; None if the key was deleted."""


class Conflict(ClusterError):
    """Another node has changed the key meanwhile."""


@dataclass(frozen=True, slots=True)
class Value:
    data: bytes
    revision: int


class Table:
    """One bucket. Call `open()` first. Every method raises Unreachable while NATS is away."""

    def __init__(
        self, connection: Connection, bucket: str, changed: Changed, ttl: float | None = None
    ) -> None:
        """`ttl`: seconds after which NATS drops a key that is not renewed; None for never."""
        self._connection = connection
        self._bucket = bucket
        self._changed = changed
        self._ttl = ttl
        self._store: KeyValue | None = None
        self._known: dict[str, int] = {}
        """The newest revision of each key of which the copy knows."""

    @property
    def subject(self) -> str:
        """The subject on which the bucket republishes its changes, without the key."""
        return f"ml.kv.{self._bucket}."

    async def open(self) -> None:
        """Creates the bucket unless it exists, and reads it. Raises ClusterError if a bucket with
        this name has other settings.
        """
        await self._connection.listen(f"{self.subject}>", self._receive)
        await self.read()

    async def read(self) -> set[str]:
        """Reads the whole bucket again. Creates the bucket if it was deleted. Returns the keys that
        exist.
        """
        try:
            async with asyncio.timeout(READ_WITHIN):
                self._store = await self._create()
                return await self._read(self._store)
        except BadRequestError as error:
            raise ClusterError(
                f"the bucket {self._bucket} in NATS at {self._connection.place} has foreign "
                f"settings: delete it ({error.description})"
            ) from error
        except (nats.errors.Error, TimeoutError) as error:
            raise self._away(error) from error

    async def _create(self) -> KeyValue:
        return await self._connection.js.create_key_value(
            api.KeyValueConfig(
                bucket=self._bucket,
                ttl=self._ttl,
                max_value_size=MAX_VALUE,
                storage=api.StorageType.MEMORY,
                direct=True,
                republish=api.RePublish(src=f"$KV.{self._bucket}.>", dest=f"{self.subject}>"),
            )
        )

    async def _read(self, store: KeyValue) -> set[str]:
        self._known.clear()  # the numbers of revisions begin again in a new bucket
        watcher = await store.watchall()
        found = set()
        try:
            async for entry in watcher:
                if entry is None:
                    break
                if entry.operation is None and entry.value is not None:
                    found.add(entry.key)
                    self._learn(entry.key, entry.value, entry.revision or 0)
        finally:
            await watcher.stop()  # type: ignore[no-untyped-call]
        return found

    def _receive(self, message: Msg) -> None:
        headers = message.headers or {}
        deleted = "KV-Operation" in headers or "Nats-Marker-Reason" in headers
        revision = int(headers.get("Nats-Sequence", "0"))
        key = message.subject.removeprefix(self.subject)
        self._learn(key, None if deleted else message.data, revision)

    def _learn(self, key: str, data: bytes | None, revision: int) -> None:
        if revision <= self._known.get(key, 0):
            return
        if data is None:
            self._known.pop(key, None)
        else:
            self._known[key] = revision
        self._changed(key, data)

    async def get(self, key: str) -> Value | None:
        try:
            entry = await self._opened.get(key)
        except KeyNotFoundError:
            return None
        except (nats.errors.Error, TimeoutError) as error:
            raise self._away(error) from error
        return None if entry.value is None else Value(entry.value, entry.revision or 0)

    async def put(self, key: str, data: bytes) -> int:
        """Stores a value. Returns its revision."""
        try:
            return await self._opened.put(key, data)
        except (nats.errors.Error, TimeoutError) as error:
            raise self._away(error) from error

    async def update(self, key: str, data: bytes, last: int) -> int:
        """Stores a value if the newest revision of the key is `last` (0: no key). Returns the new
        revision. Raises Conflict.
        """
        try:
            if last == 0:
                return await self._opened.create(key, data)
            return await self._opened.update(key, data, last)
        except KeyWrongLastSequenceError as error:
            raise Conflict(key) from error
        except (nats.errors.Error, TimeoutError) as error:
            raise self._away(error) from error

    async def delete(self, key: str, last: int | None = None) -> None:
        """Deletes a key if its newest revision is `last`, or in any case. Raises Conflict."""
        # KeyValue.purge cannot compare the revision.
        headers = {"KV-Operation": "PURGE", "Nats-Rollup": "sub"}
        if last is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(last)
        try:
            await self._connection.js.publish(
                f"$KV.{self._bucket}.{key}", headers=headers, msg_ttl=MARKER
            )
        except APIError as error:
            if error.err_code in WRONG_REVISION:
                raise Conflict(key) from error
            raise self._away(error) from error
        except (nats.errors.Error, TimeoutError) as error:
            raise self._away(error) from error

    @property
    def _opened(self) -> KeyValue:
        if self._store is None:
            raise Unreachable(f"the bucket {self._bucket} is not open")
        return self._store

    def _away(self, error: BaseException) -> Unreachable:
        if isinstance(error, NoStreamResponseError | nats.errors.NoRespondersError):
            return Unreachable(f"NATS has no bucket {self._bucket}: it was deleted")
        if isinstance(error, APIError) and error.description:
            return Unreachable(f"the bucket {self._bucket}: {error.description}")
        return Unreachable("NATS does not answer")
