"""web/bundler: the contents of bundles, and when they are made."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server import WEB

ROOT = WEB.parent
BUNDLES = WEB / "bundles"


def bundle(web: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(web / "bundler/bundle.py"), str(ROOT / ".venv/bundler")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A copy of web/ with its bundles."""
    return shutil.copytree(WEB, tmp_path / "web")


def made_at(web: Path) -> int:
    return os.stat(web / "bundles").st_ino


def test_bundles_are_made_again_when_a_source_has_changed(web: Path) -> None:
    before = made_at(web)
    assert bundle(web).returncode == 0
    assert made_at(web) == before
    with open(web / "js/me.js", "a") as source:
        source.write("console.log('changed');\n")
    assert bundle(web).returncode == 0
    assert made_at(web) != before
    assert "changed" in (web / "bundles/me.js").read_text()


def test_a_source_that_cannot_be_bundled_leaves_the_bundles_as_they_are(web: Path) -> None:
    before = made_at(web)
    with open(web / "js/me.js", "a") as source:
        source.write("import { gone } from './gone.js';\n")
    done = bundle(web)
    assert done.returncode != 0 and "gone.js" in done.stderr
    assert made_at(web) == before


def test_no_module_of_a_page_stands_in_two_files() -> None:
    """Late modules share the main file's modules: a copy would have a state of its own."""
    mains = json.loads((BUNDLES / "mains.json").read_text())
    room = BUNDLES / mains["room"]
    late = [path for path in BUNDLES.glob("*.js") if room.name in path.read_text()]
    assert len(late) > 5
    for own in ("the page has no #", "record version"):
        assert [path for path in (room, *late) if own in path.read_text()] == [room]
    assert re.search(r"\bimport\(", room.read_text()), "nothing is late"


def test_the_boot_script_is_small_and_opens_the_only_first_socket() -> None:
    """It is part of the page, before everything else."""
    boot = (BUNDLES / "boot.js").read_text()
    assert len(boot) < 8_000 and "</script" not in boot and "/*" not in boot
    room = (BUNDLES / json.loads((BUNDLES / "mains.json").read_text())["room"]).read_text()
    assert "microliveBoot" in room and "documentElement.dataset.worker" not in room
