"""Checks every import against the tables of ARCHITECTURE.md."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILDINGS = ("relay", "server", "scripts")

# A pure module takes bytes, media and `now` as arguments. These would give it a clock, a socket, a
# file, a task, a log or chance of its own.
IMPURE = {
    *("aiohttp", "asyncio", "concurrent", "logging", "multiprocessing", "os", "pathlib", "random"),
    *("resource", "secrets", "selectors", "signal", "socket", "ssl", "subprocess", "sys"),
    *("tempfile", "threading", "time", "uvloop"),
}
EXCEPTIONS = {
    # An ICE agent draws its own credentials, so that no caller can choose weak ones.
    "relay.rtc.ice": {"secrets"},
    # The settings check the files that they name.
    "server.setting_types": {"os", "pathlib"},
    "server.settings": {"pathlib", "ssl"},
}

# tests/relay/rtc/test_seam.py checks what we use of these two; one folder uses it.
RTC_LIBRARIES = {"aioice", "aiortc"}
RTC_FOLDER = "relay.rtc"


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the rows below the line that begins with `heading`, first column included."""
    _, found, below = text.partition(f"\n{heading}")
    assert found, f"ARCHITECTURE.md has no table {heading!r}"
    rows = []
    for line in below.splitlines()[1:]:
        if not line.startswith("|"):
            break
        if not line.startswith("|---"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def names(cell: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", cell)


ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
FLOORS = [names(row[1]) for row in reversed(table(ARCHITECTURE, "| floor |"))]
"""The floors from the ground up, each as a list of modules and folders."""
PURE = {
    f"{names(folder)[0]}.{name}"
    for folder, cell in table(ARCHITECTURE, "| folder |")
    for name in names(cell)
}


def modules(building: str) -> dict[str, Path]:
    """Every module of the building, by its full name."""
    found = {}
    for path in sorted((ROOT / building).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = {name: path for building in BUILDINGS for name, path in modules(building).items()}
HEIGHTS = {entry: height for height, floor in enumerate(FLOORS) for entry in floor}


def entry_of(module: str) -> str | None:
    """The entry of the table that the module belongs to: the longest one that contains it.

    A building's own name stands for its `__init__` only.
    """
    name = module
    while name not in HEIGHTS or (name in BUILDINGS and name != module):
        name, dot, _ = name.rpartition(".")
        if not dot:
            return None
    return name


def imports(name: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every import; `from a import b` is a.b where that is a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: a relative import; write the full name"
            module = node.module or ""
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield node.lineno, inner if inner in MODULES else module


def breaches(name: str, source: str) -> list[str]:
    """Every import of the module that the tables do not allow."""
    entry = entry_of(name)
    assert entry, f"{name} is on no floor: add it to the table in ARCHITECTURE.md"
    found = []
    for line, imported in imports(name, source):
        top = imported.partition(".")[0]
        place = f"{name}:{line} imports {imported}"
        other = entry_of(imported)
        if name.startswith("relay") and top == "server":
            found.append(f"{place}: relay does not import server")
        elif other and other != entry and HEIGHTS[other] > HEIGHTS[entry]:
            found.append(f"{place}: {other} is above {entry}")
        elif other and other != entry and HEIGHTS[other] == HEIGHTS[entry] and "." in other:
            found.append(f"{place}: {other} is beside {entry}")
        elif top in IMPURE and name in PURE and top not in EXCEPTIONS.get(name, ()):
            found.append(f"{place}: a pure module takes it as an argument")
        elif name in PURE and imported in MODULES and imported not in PURE:
            found.append(f"{place}: a pure module imports pure modules only")
        elif top in RTC_LIBRARIES and not name.startswith((RTC_FOLDER, "scripts.")):
            found.append(f"{place}: only {RTC_FOLDER} may")
        elif top == "tests" or top == "scripts" and not name.startswith("scripts."):
            found.append(f"{place}: {top} is no part of the product")
    return found


def test_every_name_in_the_tables_exists() -> None:
    missing = (set(HEIGHTS) | PURE) - set(MODULES)
    assert not missing, f"ARCHITECTURE.md names modules that do not exist: {sorted(missing)}"


def test_no_entry_stands_twice() -> None:
    entries = [entry for floor in FLOORS for entry in floor]
    assert len(entries) == len(set(entries))


@pytest.mark.parametrize("name", MODULES)
def test_floor(name: str) -> None:
    assert breaches(name, MODULES[name].read_text(encoding="utf-8")) == []


def test_no_import_cycles() -> None:
    graph = {
        name: {
            imported
            for _, imported in imports(name, path.read_text(encoding="utf-8"))
            if imported in MODULES and imported != name
        }
        for name, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" → ".join(error.args[1])) from None


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("relay.sample", "import server", "relay does not import server"),
        (
            "relay.stream.stream",
            "def f():\n    from server.settings import Settings",
            "does not import server",
        ),
        ("relay.sample", "from relay.stream import window", "relay.stream is above relay.sample"),
        ("relay.hls.endpoint", "import relay.websocket.endpoint", "websocket is beside relay.hls"),
        ("server.rooms.room", "from server.http import rooms", "server.http is above"),
        (
            "server.app",
            "if TYPE_CHECKING:\n    from server.__main__ import main",
            "server.__main__ is above server.app",
        ),
        ("relay.stream.window", "from time import monotonic", "takes it as an argument"),
        ("server.settings", "import asyncio.events", "takes it as an argument"),
        ("relay.rtc.roundtrip", "import secrets", "takes it as an argument"),
        ("relay.rtc.ice", "import secrets", None),
        (
            "server.ingest.counters",
            "from relay.rtc.receive.session import ReceiveSession",
            "imports pure modules only",
        ),
        ("relay.rtc.receive.reporter", "from relay.rtc.receive import rtcp", None),
        ("server.rooms.room", "from aiortc import RTCPeerConnection", "only relay.rtc may"),
        ("relay.stream.stream", "import aioice.stun", "only relay.rtc may"),
        ("server.app", "from tests import fakes", "no part of the product"),
        ("relay.sample", "from scripts.loadgen import clip", "scripts.loadgen is above"),
        ("scripts.loadgen.clip", "import scripts.benchmarks", "scripts.benchmarks is above"),
        ("scripts.benchmarks.beside", "from tests import fakes", "no part of the product"),
        ("scripts.benchmarks.stock", "import aiortc\nfrom server.app import start", None),
        (
            "relay.rtc.receive.session",
            "import aiortc, asyncio\nfrom relay.sample import Sample",
            None,
        ),
        (
            "server.rooms.room",
            "from relay.stream.stream import Stream\nfrom server.settings import Settings",
            None,
        ),
    ],
)
def test_a_breach_is_reported(name: str, source: str, words: str | None) -> None:
    found = breaches(name, source)
    assert len(found) == (words is not None) and (words or "") in "".join(found)
