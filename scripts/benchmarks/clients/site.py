"""A site of another origin than the server, whose page has the clients from npm."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts.benchmarks.checkout import ROOT
from scripts.benchmarks.chromium import PAGES

NPM = ROOT / "web" / "bundler" / "npm.py"
TOOLS = {ROOT / "tests" / "js": ROOT / ".venv" / "npm", NPM.parent: ROOT / ".venv" / "bundler"}
"""Where the packages of each lock file are installed."""
MODULES, BUNDLER = (folder / "node_modules" for folder in TOOLS.values())
PAGE = """<!doctype html><meta charset=utf-8><title>Clients</title><style>body{margin:0}</style>
<video autoplay playsinline width=640 height=360></video>
<script type=module src=clients.js></script>
"""


class ClientsMissing(Exception):
    """Raised if the npm packages cannot be installed or bundled."""


@asynccontextmanager
async def site() -> AsyncIterator[str]:
    """Bundles pages/clients.js and serves it. Yields the URL of the page. Raises ClientsMissing."""
    for source, tools in TOOLS.items():
        await _run(sys.executable, str(NPM), str(source), str(tools))
    with tempfile.TemporaryDirectory(prefix="microlive-clients-") as folder:
        await _bundle(Path(folder))
        (Path(folder) / "index.html").write_text(PAGE)
        app = web.Application()
        app.router.add_static("/", folder)
        async with TestServer(app) as server:
            yield str(server.make_url("/index.html"))


def version(package: str) -> str:
    """Returns the installed version of an npm package."""
    return str(json.loads((MODULES / package / "package.json").read_text())["version"])


async def _bundle(folder: Path) -> None:
    await _run(
        "node",
        str(BUNDLER / "esbuild" / "bin" / "esbuild"),
        str(PAGES / "clients.js"),
        *("--bundle", "--splitting", "--format=esm", "--log-level=error", f"--outdir={folder}"),
    )


async def _run(*command: str) -> None:
    """Runs a program that comes with the test set, or uses it. Raises ClientsMissing."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "NODE_PATH": str(MODULES), "PATH": path}
    )
    if code := await process.wait():
        raise ClientsMissing(f"{' '.join(command[:2])} ended with {code}")
