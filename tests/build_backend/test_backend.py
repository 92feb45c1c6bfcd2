"""The build backend: where nothing can be compiled, it builds a pure wheel and says so."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = """
import backend, compiler
requires = backend.get_requires_for_build_wheel()
wheel = backend.build_wheel("wheels")
print()
print(compiler.MYPY in requires, wheel)
"""
PURE = "microlive: this wheel is pure, not compiled: "


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a wheel is built from."""
    for name in ("relay", "scripts/build_backend", "server", "web"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def build(checkout: Path, **environ: str) -> tuple[str, Path, list[str]]:
    """Builds a wheel. Returns whether this requires mypy, the wheel, and the lines about it."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=checkout,
        env={
            **os.environ,
            "MICROLIVE_PURE": "0",
            "PYTHONPATH": "scripts/build_backend:web/bundler",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    requires, name = done.stdout.splitlines()[-1].split()
    wheel = checkout / "wheels" / name
    assert wheel.exists()
    return requires, wheel, [line for line in done.stderr.splitlines() if "microlive: " in line]


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"CC": "/nonexistent/cc"}, "no C compiler works: "),
        ({"CC": "false"}, "no C compiler works: "),
        ({"MICROLIVE_PURE": "1"}, "MICROLIVE_PURE is set"),
    ],
    ids=["missing", "failing", "forced"],
)
def test_without_a_compiler_the_wheel_is_pure(
    checkout: Path, environ: dict[str, str], reason: str
) -> None:
    """Nothing that only compiling needs is installed either."""
    requires, wheel, [line] = build(checkout, **environ)
    assert (requires, wheel.name.split("-", 2)[2]) == ("False", "py3-none-any.whl")
    assert line.startswith(PURE + reason)


def test_a_module_that_cannot_be_compiled_makes_the_wheel_pure(checkout: Path) -> None:
    with open(checkout / "relay/sample.py", "a") as source:
        source.write("def\n")
    requires, wheel, [line] = build(checkout)
    assert (requires, wheel.name.split("-", 2)[2]) == ("True", "py3-none-any.whl")
    assert line.startswith(f"{PURE}compiling failed: ")


def test_the_build_requires_what_the_extra_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    source = (ROOT / "scripts/build_backend/compiler.py").read_text()
    [required] = project["optional-dependencies"]["compile"]
    assert f'MYPY = "{required}"' in source
