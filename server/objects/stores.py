"""The two kinds of store: local files, and buckets of an S3-compatible server. Calls block.

Only the synchronous API of obstore is used: its asynchronous API was seen to abort the interpreter
at exit (pyo3-async-runtimes has no shutdown).
"""

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.store import LocalStore, S3Store

CONNECT_WITHIN = timedelta(seconds=2)
ANSWER_WITHIN = timedelta(seconds=10)
"""Maximum time of one request to S3, with its body."""
RETRIES = 2
RETRY_WITHIN = timedelta(seconds=5)
"""Maximum time from the first request to the beginning of a retry."""
LIST_AT_ONCE = 1_000
"""Number of objects that S3 lists and deletes in one request."""
_STAGED = re.compile(r"#\d+$")
"""The end of the name of a file that object_store is still writing. The file is renamed when it is
complete.
"""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object in a list. `size` is in bytes."""

    key: str
    size: int


Infos = list[ObjectInfo]


class Store(ABC):
    """A store with calls that block. Errors are those of obstore and of the file system."""

    place: str
    """The store, for logs."""
    _store: LocalStore | S3Store

    def put(self, key: str, data: bytes | Path, content_type: str) -> None:
        """Writes a whole object. Until the new object is complete, readers see the former object,
        or none.
        """
        obstore.put(
            self._store,
            key,
            data,
            attributes=self._attributes(content_type),
            use_multipart=False if isinstance(data, bytes) else None,
            max_concurrency=2,
        )

    def read(self, key: str, start: int, end: int | None) -> bytes:
        if start == 0 and end is None:
            return bytes(obstore.get(self._store, key).bytes())
        size = self.size(key)
        end = size if end is None else min(end, size)
        if end <= start:
            return b""
        return bytes(obstore.get_range(self._store, key, start=start, end=end))

    def size(self, key: str) -> int:
        return obstore.head(self._store, key)["size"]

    def list(self, prefix: str) -> Infos:
        return [
            ObjectInfo(found["path"], found["size"])
            for chunk in obstore.list(self._store, prefix, chunk_size=LIST_AT_ONCE)
            for found in chunk
        ]

    @abstractmethod
    def delete(self, keys: Sequence[str]) -> None:
        """Deletes objects. A key without an object is no error."""

    @abstractmethod
    def delete_prefix(self, prefix: str) -> int:
        """Deletes all objects whose keys start with `prefix`, which ends with a slash. Returns
        their number.
        """

    def path(self, key: str) -> Path | None:
        """Returns the local file of an object, which may be missing. None with S3."""
        return None

    def url(self, key: str, seconds: int) -> str | None:
        """Returns a presigned URL at which clients get the object. None with local files."""
        return None

    def close(self) -> None:
        """Closes the connections to the store. No other call may follow."""
        del self._store

    def _attributes(self, content_type: str) -> dict[str, str] | None:
        return None


class LocalFiles(Store):
    """Objects as files below one directory, which is created if it is missing."""

    def __init__(self, root: Path) -> None:
        self.place = str(root)
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = LocalStore(root)

    def remove_unfinished(self) -> int:
        """Deletes the files that a crash left half written. Call this only while no other process
        writes to the directory. Returns their number.
        """
        found = [path for path in self._root.rglob("*#*") if _STAGED.search(path.name)]
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            (self._root / key).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> int:
        folder = self._root / prefix
        if not folder.is_dir():
            return 0
        number = sum(1 for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
        return number

    def path(self, key: str) -> Path | None:
        return self._root / key


class S3Bucket(Store):
    """Objects in a bucket, below a prefix. The credentials are those of the environment (AWS_…) or
    of the machine.
    """

    def __init__(self, place: str, endpoint: str | None, region: str | None) -> None:
        """`place`: `s3://BUCKET/PREFIX`. Raises ValueError or an error of obstore."""
        self.place = place
        parts = urlsplit(place)
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config={
                **({} if endpoint is None else {"endpoint": endpoint}),
                **({} if region is None else {"region": region}),
                # A server with an endpoint of its own rarely has a host name for each bucket.
                "virtual_hosted_style_request": endpoint is None,
            },
            client_options={
                "allow_http": endpoint is not None and endpoint.startswith("http://"),
                "connect_timeout": CONNECT_WITHIN,
                "timeout": ANSWER_WITHIN,
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_WITHIN},
        )

    def delete(self, keys: Sequence[str]) -> None:
        for first in range(0, len(keys), LIST_AT_ONCE):
            obstore.delete(self._store, keys[first : first + LIST_AT_ONCE])

    def delete_prefix(self, prefix: str) -> int:
        deleted = 0
        for chunk in obstore.list(self._store, prefix, chunk_size=LIST_AT_ONCE):
            obstore.delete(self._store, [found["path"] for found in chunk])
            deleted += len(chunk)
        return deleted

    def url(self, key: str, seconds: int) -> str | None:
        assert isinstance(self._store, S3Store)
        return obstore.sign(self._store, "GET", key, timedelta(seconds=seconds))

    def _attributes(self, content_type: str) -> dict[str, str] | None:
        return {
            "Content-Type": content_type,
            "Cache-Control": "private, max-age=31536000, immutable",
        }
