"""The shell of the installed app: the files that the service worker keeps (web/sw.js). Pure."""

import json
from collections.abc import Iterable

PAGES = ("/",)
"""Pages that the service worker keeps for the time without a network."""
FOLDERS = ("bundles", "css", "icons")
LARGE_ICON = 200
"""Icons with more pixels than this on a side are for the system, not for the pages."""


def service_worker(script: str, base: str, names: Iterable[str]) -> str:
    """Returns the text of the service worker. `base`: URL path of the files, with the hash of their
    content, so that the text changes whenever a file does. `names`: the names of all files.
    """
    files = [f"{base}/{name}" for name in names if _is_kept(name)]
    shell = {"cache": f"shell {base.rpartition('/')[2]}", "files": [*PAGES, *files]}
    return f"const SHELL = {json.dumps(shell)};\n{script}"


def _is_kept(name: str) -> bool:
    folder, _, file = name.partition("/")
    if folder not in FOLDERS:
        return False
    size = file.removesuffix(".png").rpartition("-")[2]
    return not (file.endswith(".png") and size.isdigit() and int(size) > LARGE_ICON)
