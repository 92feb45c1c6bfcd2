"""The files to which pages link: scripts, styles, icons.

The server reads the bundles of `web/` (made by web/bundler) once, at startup. With --dev, it reads
the source files instead, at every request.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
"""Content types by file name suffix. Files with other suffixes are not served."""
BUNDLES = "bundles"
FIRST_PICTURE = "first_picture.css"
BUNDLED = ("js", "vendor", "bundler")
"""Folders of `web/` whose files are served only inside bundles."""


MAX_COMPRESSED = 200
"""Number of compressed files that a process keeps, for the next server in the same process."""


class AssetsMissing(OSError):
    """The web pages have not been bundled."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    content: bytes
    content_type: str
    zipped: bytes
    """`content` compressed with gzip; empty if the result is not smaller."""


class Assets(Protocol):
    """Access to the files to which pages link."""

    base: str
    """URL path of the folder that contains the files, without a trailing slash."""
    boot: str
    """Text of the inline script that runs before all other scripts of the room's page; empty with
    --dev.
    """
    worker: str
    """File name of the decoding worker."""

    @property
    def style(self) -> str:
        """Text of the inline style of the room's page."""

    def main(self, page: str) -> str:
        """Returns the file name of the main module of `page` (feed, explore, studio, room, me,
        handle, tag, clip, replay or embed).
        """

    def find(self, name: str) -> Asset | None: ...

    def names(self) -> tuple[str, ...]:
        """Returns the names of all files. Empty with --dev, because no browser may keep files."""


class BundledAssets:
    """The bundled files. They are held in memory (a few hundred KB), so that no request can reach
    any other file.

    Raises AssetsMissing if the pages have not been bundled.
    """

    worker = f"{BUNDLES}/worker.js"

    def __init__(self, web: Path) -> None:
        bundles = web / BUNDLES
        try:
            self._mains: dict[str, str] = json.loads((bundles / "mains.json").read_text())
            self.boot = (bundles / "boot.js").read_text()
        except FileNotFoundError as error:
            raise AssetsMissing(
                error.errno, "the pages are not bundled: run scripts/venv, or serve with --dev"
            ) from error
        self._assets = {
            name: _asset(path)
            for path in sorted(web.rglob("*"))
            if _is_served(path)
            and (name := path.relative_to(web).as_posix()).partition("/")[0] not in BUNDLED
        }
        self.style = (web / FIRST_PICTURE).read_text()
        digest = hashlib.sha256()
        for name, asset in self._assets.items():
            digest.update(name.encode() + b"\0" + asset.content)
        self.base = f"/assets/{digest.hexdigest()[:12]}"

    def main(self, page: str) -> str:
        return f"{BUNDLES}/{self._mains[page]}"

    def find(self, name: str) -> Asset | None:
        return self._assets.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self._assets)


class SourceAssets:
    """The source files. A file is read again at every request."""

    base = "/assets/dev"
    boot = ""
    worker = "js/watch/webcodecs/worker.js"

    def __init__(self, web: Path) -> None:
        self._web = web

    @property
    def style(self) -> str:
        return (self._web / FIRST_PICTURE).read_text()

    def main(self, page: str) -> str:
        return f"js/{page}.js"

    def find(self, name: str) -> Asset | None:
        # The name is compared with existing file names and never used as a path, so that no request
        # can reach any other file.
        for path in self._web.rglob("*"):
            if _is_served(path) and path.relative_to(self._web).as_posix() == name:
                return _asset(path)
        return None

    def names(self) -> tuple[str, ...]:
        return ()


def _is_served(path: Path) -> bool:
    return path.suffix in TYPES and path.is_file()


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    zipped = _compress(content)
    return Asset(content, TYPES[path.suffix], zipped if len(zipped) < len(content) else b"")


@lru_cache(MAX_COMPRESSED)
def _compress(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
