"""The manifest and the service worker."""

import json
import re
from pathlib import Path

from tests.fixtures.server import Server, running


async def test_every_file_that_the_service_worker_keeps_exists(server: Server) -> None:
    async with server.http.get(f"{server.url}/sw.js") as response:
        text = await response.text()
        assert (response.status, response.content_type) == (200, "text/javascript")
        assert response.headers["Cache-Control"] == "no-cache"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    found = re.match(r"const SHELL = (\{.*\});\n", text)
    assert found
    shell = json.loads(found[1])
    assert len(shell["files"]) > 10
    for name in (*shell["pages"], *shell["files"]):
        assert await server.status("GET", name) == 200, name


async def test_the_manifest_is_in_the_readers_language(server: Server) -> None:
    described = {}
    for language in ("en", "ko"):
        headers = {"Accept-Language": language}
        async with server.http.get(f"{server.url}/manifest.webmanifest", headers=headers) as got:
            assert (got.status, got.content_type) == (200, "application/manifest+json")
            made = await got.json(content_type=None)
        described[made["lang"]] = made["description"]
        for icon in made["icons"]:
            assert await server.status("GET", icon["src"]) == 200
    assert set(described) == {"en", "ko"} and described["en"] != described["ko"]


async def test_dev_has_no_service_worker(tmp_path: Path) -> None:
    async with running(tmp_path, dev=True) as server:
        assert await server.status("GET", "/sw.js") == 404
