"""server/site/shell.py."""

import json

from server.site.shell import service_worker


def test_the_worker_keeps_the_pages_files_and_changes_with_them() -> None:
    names = ["bundles/feed.js", "css/base.css", "icons/sprite.svg", "icons/icon-96.png"]
    others = ["icons/icon-512.png", "icons/maskable-512.png", "preview/card.png", "strings/en.json"]
    text = service_worker("run();", "/assets/0123", [*names, *others])
    first, rest = text.split("\n", 1)
    shell = json.loads(first.removeprefix("const SHELL = ").removesuffix(";"))
    assert shell == {
        "cache": "shell 0123",
        "files": ["/", *(f"/assets/0123/{name}" for name in names)],
    }
    assert rest == "run();"
