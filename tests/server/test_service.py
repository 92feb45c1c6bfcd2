"""The systemd unit in server/microlive.service."""

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from server import __file__ as SERVER

UNIT = Path(SERVER).with_name("microlive.service")
OPERATIONS = Path(SERVER).with_name("OPERATIONS.md")
EXPOSURE = 20
"""Maximum exposure that systemd may find, in tenths: 0 is none, 100 is full."""


def parse(text: str) -> dict[str, dict[str, list[str]]]:
    """The values by section and name."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = sections[line.strip("[]")] = defaultdict(list)
        elif line and not line.startswith("#"):
            name, separator, value = line.partition("=")
            assert separator and name.isidentifier(), line
            section[name].append(value)
    return sections


def test_what_the_server_relies_on() -> None:
    unit = parse(UNIT.read_text(encoding="utf-8"))
    assert list(unit) == ["Unit", "Service", "Install"]
    service = unit["Service"]
    assert {name: service[name] for name in ("Type", "NotifyAccess", "KillMode")} == {
        "Type": ["notify"],
        "NotifyAccess": ["main"],
        "KillMode": ["mixed"],
    }
    (command,) = service["ExecStart"]
    assert command.endswith("/microlive serve --data %S/%N")
    assert service["DynamicUser"] == ["yes"] and service["StateDirectory"] == ["%N"]
    assert service["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]
    assert service["CapabilityBoundingSet"] == ["CAP_NET_BIND_SERVICE"]
    assert service["RestartPreventExitStatus"] == ["2"]
    assert int(service["WatchdogSec"][0]) >= 10 and service["MemoryMax"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("ProtectKernelTunables", "yes"),
        ("ProtectKernelModules", "yes"),
        ("ProtectControlGroups", "yes"),
        ("RestrictNamespaces", "yes"),
        ("LockPersonality", "yes"),
        ("SystemCallArchitectures", "native"),
        ("UMask", "0077"),
    ],
)
def test_hardening(name: str, value: str) -> None:
    assert parse(UNIT.read_text(encoding="utf-8"))["Service"][name] == [value]


def test_systemd_finds_little_exposure() -> None:
    """systemd also reports names and values that it does not know. Without systemd, the other tests
    of this file check the unit.
    """
    if not shutil.which("systemd-analyze"):
        return
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", UNIT],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert "Unknown" not in done.stderr and "Failed to parse" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["microlive.service", "microlive@.service"])
def test_instances_have_their_own_data(tmp_path: Path, name: str) -> None:
    """The unit is installed under one of these names. systemd reads it without complaint."""
    text = UNIT.read_text(encoding="utf-8")
    assert "microlive" not in parse(text)["Service"]["StateDirectory"]
    if not shutil.which("systemd-analyze"):
        return
    unit = tmp_path / name
    # systemd checks that the program exists.
    unit.write_text(text.replace("/opt/microlive/.venv/bin/microlive", "/bin/sh"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if name in line]) == (0, [])


def test_the_manual_says_how_to_install_it() -> None:
    assert UNIT.name in OPERATIONS.read_text(encoding="utf-8")
