"""The shell of the installed app: the files that the service worker keeps (web/sw.js). Pure."""

import json
import re
from collections.abc import Iterable, Mapping

PAGES = ("/",)
"""Pages that the service worker keeps, to show them without a network."""
MAINS = ("feed", "explore", "studio", "me", "handle")
"""Pages whose main modules the service worker keeps. The page of a room is not among these pages,
because the page is useless without a network.
"""
WORDS = ("live", "soon", "untitled")
"""Texts of notifications, in the area `notification` of the strings."""
ICON = "icons/icon-192.png"
"""Icon of notifications."""
LARGE_ICON = 200
"""Maximum width of an icon that the service worker keeps, pixels. Larger icons are for the
operating system; the pages do not show them.
"""


def files_in(template: str) -> set[str]:
    """Returns the names of the files to which a template links."""
    return set(re.findall(r"\{\{ assets \}\}/([\w./-]+)", template))


def service_worker(
    script: str,
    base: str,
    names: Iterable[str],
    mains: Iterable[str],
    of_rooms: set[str],
    words: Mapping[str, Mapping[str, str]],
) -> str:
    """Returns the text of the service worker.

    `base`: URL path of the files, with the hash of their content, so that the text changes whenever
    a file changes. `names`: the names of all files. `mains`: the names of the main modules to keep.
    `of_rooms`: the files of a room's page. These files stay in the browser's own cache, which
    answers a little sooner than the cache of a service worker. `words`: the texts of notifications
    (WORDS) by language, in which the service worker replaces `{name}` and `{time}`.
    """
    kept = [name for name in names if _is_style_or_icon(name) and name not in of_rooms]
    files = [f"{base}/{name}" for name in (*mains, *kept)]
    shell = {
        "cache": f"shell {base.rpartition('/')[2]}",
        "pages": PAGES,
        "files": files,
        "icon": f"{base}/{ICON}",
        "words": words,
    }
    return f"const SHELL = {json.dumps(shell)};\n{script}"


def _is_style_or_icon(name: str) -> bool:
    folder, _, file = name.partition("/")
    if folder not in ("css", "icons"):
        return False
    size = file.removesuffix(".png").rpartition("-")[2]
    return not (file.endswith(".png") and size.isdigit() and int(size) > LARGE_ICON)
