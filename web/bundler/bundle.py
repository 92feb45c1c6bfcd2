"""Bundles the modules of the web pages into web/bundles: python web/bundler/bundle.py TOOLS

Does nothing if the sources have not changed. TOOLS is the folder in which esbuild is installed.
The first run installs esbuild there, from package-lock.json.
"""

import fcntl
import hashlib
import shutil
import sys
from pathlib import Path

from npm import install, read, run

HERE = Path(__file__).resolve().parent
WEB = HERE.parent
BUNDLES = WEB / "bundles"
STAMP = "sources.sha256"
"""Name of the file with the hash of the sources. This file is in the folder of the bundles."""


def bundle(tools: Path) -> None:
    """Bundles the web pages, unless the sources are unchanged. Raises CalledProcessError if npm or
    esbuild fails, FileNotFoundError if Node.js is missing.
    """
    wanted = _digest()
    if read(BUNDLES / STAMP) == wanted:
        return
    tools.mkdir(parents=True, exist_ok=True)
    with open(tools / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if read(BUNDLES / STAMP) == wanted:
            return
        install(HERE, tools)
        made, former = (BUNDLES.with_name(f"bundles.{name}") for name in ("made", "former"))
        for folder in (made, former):
            shutil.rmtree(folder, ignore_errors=True)
        made.mkdir()
        shutil.copy(HERE / "bundle.mjs", tools)
        run("node", "bundle.mjs", str(WEB), str(made), cwd=tools)
        (made / STAMP).write_text(wanted)
        if BUNDLES.exists():
            BUNDLES.rename(former)
        made.rename(BUNDLES)
        shutil.rmtree(former, ignore_errors=True)


def _digest() -> str:
    """Returns one hash over all source files of the bundles."""
    digest = hashlib.sha256()
    sources = [*(WEB / "js").rglob("*.js"), *(WEB / "vendor").glob("*.js"), *HERE.iterdir()]
    for path in sorted(path for path in sources if path.is_file()):
        digest.update(f"{path.relative_to(WEB)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    bundle(Path(sys.argv[1]))
