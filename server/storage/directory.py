"""The data directory, which contains the id of the server. Only one server at a time can use a data
directory. All processes of the server hold the lock, so that the directory stays locked until the
last one has ended.
"""

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from server.storage.errors import StorageError, storage_errors

LOCK_NAME = "microlive.lock"
ID_NAME = "server-id"


@dataclass(slots=True)
class DataDirectory:
    """A locked data directory. `lock()` creates this object; call `close()` at the end."""

    path: Path
    _lock: int
    """File descriptor. The directory is unlocked when the descriptor is closed or the process ends
    for any reason.
    """

    @classmethod
    def lock(cls, path: Path) -> Self:
        """Creates the directory, if it is missing, and locks it. Raises StorageError if another
        server uses the directory.
        """
        with storage_errors(path):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                raise StorageError(
                    f"{path}: another microlive server uses this data directory; stop that "
                    "server, or choose another directory with --data"
                ) from None
            except BaseException:
                os.close(lock)
                raise
        return cls(path, lock)

    @classmethod
    def inherited(cls, path: Path, lock: int) -> Self:
        """Returns the directory that the parent process has locked. `lock`: the inherited file
        descriptor of the lock. Raises StorageError if it is the lock of another directory.
        """
        with storage_errors(path):
            same = os.path.samestat(os.fstat(lock), os.stat(path / LOCK_NAME))
        if not same:
            raise StorageError(f"{path}: the parent process has locked another data directory")
        return cls(path, lock)

    @property
    def descriptor(self) -> int:
        """The file descriptor of the lock, for child processes. A child that inherits it keeps the
        directory locked too.
        """
        return self._lock

    def server_id(self) -> str:
        """Returns the id of the server that uses this directory. The first call creates the id."""
        file = self.path / ID_NAME
        with storage_errors(self.path):
            if not file.exists():
                new = file.with_suffix(".new")
                new.write_text(f"{secrets.token_hex(8)}\n", encoding="ascii")
                new.replace(file)
            found = file.read_text(encoding="ascii", errors="replace").strip()
        if not found:
            raise StorageError(f"{file}: empty; the id of this server is missing")
        return found

    def close(self) -> None:
        """Unlocks the directory. Further calls do nothing."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)
