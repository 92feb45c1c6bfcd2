"""Which server runs as root."""

from typing import Any

import pytest

from server.host.privileges import root_warning
from server.settings import Settings, SettingsError


@pytest.mark.parametrize(
    "ports",
    [
        {"port": 443, "udp_port": 8080},
        {"port": 80},
        {"udp_port": 1_023},
        {"lan": True, "lan_port": 443},
    ],
)
def test_root_gets_no_low_port(ports: dict[str, Any]) -> None:
    """Unless the operator allows it. Other users need a capability, which the kernel checks."""
    with pytest.raises(SettingsError) as refused:
        root_warning(Settings(**ports), 0)
    (line,) = refused.value.problems
    for word in ("microlive.service", "AmbientCapabilities", "--allow-root"):
        assert word in line
    assert root_warning(Settings(**ports, allow_root=True), 0) == ""
    assert root_warning(Settings(**ports), 1_000) == ""


@pytest.mark.parametrize(
    "ports", [{}, {"port": 0, "udp_port": 0}, {"port": 1_024}, {"lan_port": 443}]
)
def test_root_is_warned_on_other_ports(ports: dict[str, Any]) -> None:
    """In one line."""
    warning = root_warning(Settings(**ports), 0)
    assert "runs as root" in warning and "\n" not in warning
    assert root_warning(Settings(**ports), 1_000) == ""
