"""The floors of the house: a module imports from its own floor and from those below, never from above.

To add a module, put its name on a floor. Names are looked up in the source tree: every module must stand on exactly one floor, and a name without
a module is nothing but a plan.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up. A name ending in a dot is a package's own `__init__`.
FLOORS: dict[str, dict[str, str]] = {
    "relay": {
        "vocabulary": ". errors nobody rtc. sample",
        "pure": "aac bitrate bmff burst edge h264 message muxer opus outbox playlist segmenter window wsframe "
        "rtc.congestion rtc.depacketise rtc.estimate rtc.feedback rtc.gaps rtc.history rtc.ice rtc.numbering rtc.packetise rtc.payload rtc.reassembly "
        "rtc.reorder rtc.reporter rtc.roundtrip rtc.rtcp rtc.rtp rtc.sdp rtc.sdp_play rtc.sdp_publish rtc.sender_rtcp rtc.twcc rtc.vp8",
        "asyncio": "fanout hub pulse rendition stream tcp rtc.dtls rtc.feed rtc.peer_session rtc.protect rtc.reachability rtc.send_session rtc.session rtc.udp",
        "http": "hls viewer websocket whep",
    },
    "server": {
        "vocabulary": ". descriptors errors ingest. settings",
        "pure": "audience beacon bundle ice_servers ingest.reception ingest.silence ingest.tally ingest.timeline ingest.transcoder "
        "ingest.transcoder_process limits opening",
        "asyncio": "demo ingest.session ingest.transcoders ingest.transcoding lan room rooms self_check storage synthetic",
        "http": "api connections hls ingest.whip metrics middleware pages request whep",
        "composition": "app",
        "command line": "__main__",
    },
}

# Bytes, media and `now` in; values out. What these bring in would be a clock, a socket, a task or a log.
IMPURE = {"aiohttp", "asyncio", "concurrent", "logging", "selectors", "socket", "subprocess", "threading", "time", "uvloop"}
PURE_FLOORS = {"vocabulary", "pure"}

# The seam to these two is watched by one contract test, and kept in one room.
RTC_LIBRARIES = {"aioice", "aiortc"}
RTC_ROOM = "relay.rtc"


def modules(building: str) -> dict[str, Path]:
    """Every module that exists in the building, by its full name."""
    found = {}
    for path in sorted((ROOT / building).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = {name: path for building in FLOORS for name, path in modules(building).items()}


def full_name(building: str, listed: str) -> str:
    return f"{building}.{listed}".rstrip(".")


FLOOR_OF = {full_name(building, listed): floor for building, floors in FLOORS.items() for floor, names in floors.items() for listed in names.split()}


def imports(name: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that the source imports, wherever it does so; `from a import b` is a.b where that is a module, else a."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: a relative import; write the full name"
            module = node.module or ""
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield node.lineno, inner if inner in MODULES else module


def height(name: str) -> int:
    building = name.partition(".")[0]
    return list(FLOORS[building]).index(FLOOR_OF[name])


def breaches(name: str, source: str) -> list[str]:
    """What the module imports though it must not."""
    building = name.partition(".")[0]
    found = []
    for line, imported in imports(name, source):
        top = imported.partition(".")[0]
        place = f"{name}:{line} imports {imported}"
        if building == "relay" and top == "server":
            found.append(f"{place}: the relay stands without the server")
        elif top == building and imported in FLOOR_OF and height(imported) > height(name):
            found.append(f"{place}: {FLOOR_OF[imported]} is above {FLOOR_OF[name]}")
        elif top in IMPURE and FLOOR_OF[name] in PURE_FLOORS:
            found.append(f"{place}: {FLOOR_OF[name]} takes what it needs as arguments")
        elif top in RTC_LIBRARIES and not name.startswith(RTC_ROOM):
            found.append(f"{place}: only {RTC_ROOM} knows it")
        elif top == "tests":
            found.append(f"{place}: the house stands without its tests")
    return found


def test_no_module_stands_on_two_floors() -> None:
    listed = [full_name(building, name) for building, floors in FLOORS.items() for names in floors.values() for name in names.split()]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("name", MODULES)
def test_floor(name: str) -> None:
    assert name in FLOOR_OF, f"{name} is on no floor: put it on one in {Path(__file__).name}"
    assert breaches(name, MODULES[name].read_text(encoding="utf-8")) == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name: {imported for _, imported in imports(name, path.read_text(encoding="utf-8")) if imported in MODULES} for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" → ".join(error.args[1])) from None


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("relay.sample", "import server", "stands without the server"),
        ("relay.stream", "def f():\n    from server.settings import Settings", "stands without the server"),
        ("relay.sample", "from relay import window", "pure is above vocabulary"),
        ("relay.window", "import relay.stream", "asyncio is above pure"),
        ("server.room", "from server.api import routes", "http is above asyncio"),
        ("server.app", "if TYPE_CHECKING:\n    from server.__main__ import main", "command line is above composition"),
        ("relay.window", "from time import monotonic", "takes what it needs as arguments"),
        ("server.settings", "import asyncio.events", "takes what it needs as arguments"),
        ("server.room", "from aiortc import RTCPeerConnection", "only relay.rtc knows it"),
        ("relay.stream", "import aioice.stun", "only relay.rtc knows it"),
        ("server.app", "from tests import fakes", "without its tests"),
        ("relay.rtc.session", "import aiortc, asyncio\nfrom relay.sample import Sample", None),
        ("server.room", "from relay.stream import Stream\nfrom server.settings import Settings\nimport asyncio", None),
    ],
)
def test_a_breach_is_seen(name: str, source: str, words: str | None) -> None:
    found = breaches(name, source)
    assert len(found) == (words is not None) and (words or "") in "".join(found)
