"""The shell of the installed app (server/site/shell.py)."""

import json

from server.site.shell import files_in, service_worker


def test_the_worker_keeps_styles_icons_and_mains_and_changes_with_them() -> None:
    kept = ["css/feed.css", "icons/icon-96.png"]
    others = ["icons/icon-512.png", "bundles/worker.js", "preview/card.png", "css/room.css"]
    words = {"live": "{name} is live", "soon": "{name} at {time}", "untitled": "Watch"}
    text = service_worker(
        "run();",
        "/assets/0123",
        [*kept, *others],
        ["bundles/feed.js"],
        {"css/room.css"},
        {"en": words},
    )
    first, rest = text.split("\n", 1)
    shell = json.loads(first.removeprefix("const SHELL = ").removesuffix(";"))
    assert shell == {
        "cache": "shell 0123",
        "pages": ["/"],
        "files": [f"/assets/0123/{name}" for name in ("bundles/feed.js", *kept)],
        "icon": "/assets/0123/icons/icon-192.png",
        "words": {"en": words},
    }
    assert rest == "run();"


def test_the_files_of_a_template_are_found() -> None:
    template = '<link href="{{ assets }}/css/a.css"><use href="{{ assets }}/icons/b.svg#c"/>'
    assert files_in(template) == {"css/a.css", "icons/b.svg"}
