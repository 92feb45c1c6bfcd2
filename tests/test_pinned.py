"""scripts/pinned: what scripts/venv installs."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PINNED = ROOT / "scripts" / "pinned"
NAMES = ("run", "compiled", "load", "server", "test", "release")
LINE = re.compile(r"([a-z0-9-]+)==(\S+)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def pinned(name: str) -> set[tuple[str, str]]:
    """The names and versions in a pinned file. Fails on a line that is neither that nor a hash."""
    packages = set()
    for line in (PINNED / f"{name}.txt").read_text().splitlines():
        if found := LINE.fullmatch(line):
            packages.add((found[1], found[2]))
        else:
            assert HASH.fullmatch(line), line
    return packages


def required(name: str) -> list[Requirement]:
    """The requirements in pyproject.toml that a pinned file meets, for this platform."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = read["project"]["optional-dependencies"]
    server = read["project"]["dependencies"]
    run = server + extras["bundle"] + read["build-system"]["requires"]
    lines = {
        "run": run + extras["cluster"],
        "server": server + extras["cluster"],
        "compiled": run + extras["compile"] + extras["cluster"],
        "load": run + extras["load"],
        "test": run + extras["cluster"] + extras["compile"] + extras["load"] + extras["test"],
        "release": read["dependency-groups"]["release"],
    }[name]
    found = [Requirement(line) for line in lines if not line.startswith("microlive[")]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


@pytest.mark.parametrize("name", NAMES)
def test_each_requirement_has_a_pinned_version(name: str) -> None:
    assert required(name)
    for one in required(name):
        wanted = canonicalize_name(one.name)
        versions = {version for package, version in pinned(name) if package == wanted}
        assert versions, f"{one}: run scripts/lock"
        assert all(one.specifier.contains(version) for version in versions), f"{one}: {versions}"


@pytest.mark.parametrize("name", ["run", "compiled", "load", "server"])
def test_sets_that_share_an_environment_agree(name: str) -> None:
    assert pinned(name) <= pinned("test")


@pytest.mark.parametrize("folder", ["web/bundler", "tests/js"])
def test_the_lock_file_pins_npm_packages_by_hash_and_names_no_registry(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    wanted = json.loads((ROOT / folder / "package.json").read_text())["devDependencies"]
    assert lock["packages"][""]["devDependencies"] == wanted
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert {f"node_modules/{name}" for name in wanted} <= packages.keys()
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
