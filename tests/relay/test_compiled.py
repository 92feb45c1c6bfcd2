"""Where the extension modules of a compiled wheel do not load, the sources run."""

import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

RELAY = Path(__file__).parents[2] / "relay"
SHOW = """
import relay.callbacks
from relay.compiled import COMPILED, PROBLEM
print(COMPILED, relay.callbacks.__file__, PROBLEM, sep="\\n")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the package `relay`, whose module `callbacks` also has an extension module, of
    which nothing can be loaded.
    """
    package = tmp_path / "relay"
    package.mkdir()
    for name in ("__init__.py", "compiled.py", "callbacks.py"):
        (package / name).write_bytes((RELAY / name).read_bytes())
    (package / f"callbacks{EXTENSION_SUFFIXES[0]}").write_bytes(b"no ELF header")
    return tmp_path


def shown(folder: Path, **environ: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(folder)!r})\n{SHOW}"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_extension_modules_that_cannot_be_loaded(folder: Path) -> None:
    (folder / "relay" / f"_compiled__mypyc{EXTENSION_SUFFIXES[0]}").write_bytes(b"no ELF header")
    compiled, file, problem = shown(folder)
    assert (compiled, file) == ("False", str(folder / "relay/callbacks.py"))
    assert problem.startswith("they cannot be loaded: ") and "_compiled__mypyc" in problem


def test_extension_modules_for_another_python(folder: Path) -> None:
    name = "_compiled__mypyc.cpython-39-x86_64-linux-gnu.so"
    (folder / "relay" / name).write_bytes(b"")
    assert shown(folder) == [
        "False",
        str(folder / "relay/callbacks.py"),
        f"they are for another Python: {name}",
    ]


@pytest.mark.parametrize("value", ["1", "yes"])
def test_the_environment_forces_the_sources(folder: Path, value: str) -> None:
    (folder / "relay" / f"_compiled__mypyc{EXTENSION_SUFFIXES[0]}").write_bytes(b"no ELF header")
    assert shown(folder, MICROLIVE_PURE=value) == [
        "False",
        str(folder / "relay/callbacks.py"),
        "MICROLIVE_PURE is set",
    ]


def test_a_pure_wheel_has_nothing_to_say(folder: Path) -> None:
    (folder / "relay" / f"callbacks{EXTENSION_SUFFIXES[0]}").unlink()
    assert shown(folder) == ["False", str(folder / "relay/callbacks.py"), ""]
