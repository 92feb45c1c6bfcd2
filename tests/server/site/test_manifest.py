"""The web app manifest (server/site/manifest.py)."""

import struct

import pytest

from server import WEB
from server.site.manifest import manifest
from server.site.strings import LANGUAGES, read_strings


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_icon_exists_and_has_its_size(language: str) -> None:
    made = manifest("/assets/0", read_strings(WEB)[language])
    assert made["lang"] == language
    purposes = set()
    for icon in made["icons"]:
        path = WEB / icon["src"].removeprefix("/assets/0/")
        assert path.is_file(), icon
        purposes.add((icon["purpose"], icon["sizes"]))
        if path.suffix == ".png":
            width, height = struct.unpack(">II", path.read_bytes()[16:24])
            assert icon["sizes"] == f"{width}x{height}"
    needed = {(purpose, f"{n}x{n}") for purpose in ("any", "maskable") for n in (192, 512)}
    assert needed <= purposes


def test_the_shortcuts_are_in_the_readers_language() -> None:
    names = [
        [shortcut["name"] for shortcut in manifest("", strings)["shortcuts"]]
        for strings in read_strings(WEB).values()
    ]
    assert names[0] != names[1]
