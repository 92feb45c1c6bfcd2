"""The Containerfile and server/compose.yaml: what can be checked without a container engine."""

import asyncio
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.setting_sources import load, variable_of
from server.settings import Settings
from tests.fixtures.requirements import require

ROOT = Path(__file__).resolve().parents[1]
CONTAINERFILE = ROOT / "Containerfile"
COMPOSE = ROOT / "server" / "compose.yaml"
VALUES = {
    "DOMAIN": "live.example.org",
    "ADDRESS": "203.0.113.5",
    "POSTGRES_PASSWORD": "pgsecret",
    "NATS_PASSWORD": "natssecret",
    "S3_SECRET": "s3secret",
}
NODES = ("a", "b")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file with its variables replaced, as Compose does it."""
    text = re.sub(
        r"\$\{(\w+)(:\?[^}]*)?\}",
        lambda found: VALUES[found[1]],
        COMPOSE.read_text(encoding="utf-8"),
    )
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="module")
def settings(compose: dict[str, Any]) -> dict[str, Settings]:
    """The settings of each node, which a server checks at its start."""
    image = dict(re.findall(r"\b(MICROLIVE_\w+)=(\S+)", CONTAINERFILE.read_text(encoding="utf-8")))
    known = {variable_of(name) for name in Settings.model_fields}
    assert image.keys() == {"MICROLIVE_DATA", "MICROLIVE_HOST"}
    found = {}
    for name in NODES:
        environ = image | compose["services"][name]["environment"]
        assert {each for each in environ if each.startswith("MICROLIVE_")} <= known
        found[name] = load({}, environ)
    return found


def test_hadolint_finds_nothing() -> None:
    program = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run(
        [program, "--no-color", CONTAINERFILE], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image() -> None:
    """Two stages from one base with a digest; the last runs as a user without rights."""
    text = CONTAINERFILE.read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert re.fullmatch(r"debian:\S+@sha256:[0-9a-f]{64}", bases[0])
    assert bases[1:] == ["base", "base"]
    last = text[text.rindex("\nFROM ") :]
    assert re.findall(r"^(USER|VOLUME|ENTRYPOINT|STOPSIGNAL) (.*)", last, re.MULTILINE) == [
        ("VOLUME", "/data"),
        ("USER", "10001:10001"),
        ("STOPSIGNAL", "SIGTERM"),
        ("ENTRYPOINT", '["microlive"]'),
    ]
    assert "/healthz" in last and "pip" not in last
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
    assert all((ROOT / path).exists() for line in copied for path in line.split())


def test_the_nodes_differ_where_they_must(settings: dict[str, Settings]) -> None:
    for name in ("node_name", "node_url", "udp_port"):
        assert len({getattr(each, name) for each in settings.values()}) == len(NODES)
    for name, each in settings.items():
        assert each.node_url == f"https://{name}.live.example.org"
        assert each.database_url == "postgresql://microlive:pgsecret@postgres/microlive"
        assert each.media == "s3://microlive"


def test_the_ports_of_the_nodes_are_open(
    compose: dict[str, Any], settings: dict[str, Settings]
) -> None:
    for name, each in settings.items():
        service = compose["services"][name]
        assert service["ports"] == [f"{each.udp_port}:{each.udp_port}/udp"]
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["volumes"] == [f"{name}:/data"]


def test_every_name_in_the_file_exists(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {*NODES, "caddy", "nats", "postgres", "s3"}
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        named = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert named <= set(compose["volumes"])
        assert {each["source"] for each in service.get("configs", ())} <= set(compose["configs"])
        # A fixed version: a tag such as `15` changes under a running cluster.
        assert re.search(r":\d+\.\d+", service["image"]) or service["image"] == "microlive"


@pytest.mark.service
def test_nats_takes_its_configuration(compose: dict[str, Any], tmp_path: Path) -> None:
    config = tmp_path / "nats.conf"
    config.write_text(compose["configs"]["nats"]["content"])
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    done = subprocess.run([program, "-t", "-c", config], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_caddy_asks_the_nodes_by_a_name_that_they_know(
    compose: dict[str, Any], settings: dict[str, Settings]
) -> None:
    """A node answers 421 for hosts that it does not know, such as `a:8080`."""
    for each in settings.values():
        assert each.public_url == f"https://{VALUES['DOMAIN']}"
    assert f"Host {VALUES['DOMAIN']}\n" in compose["configs"]["caddy"]["content"]


@pytest.mark.service
def test_caddy_takes_its_configuration(compose: dict[str, Any], tmp_path: Path) -> None:
    config = tmp_path / "Caddyfile"
    config.write_text(compose["configs"]["caddy"]["content"])
    done = subprocess.run(
        [require("caddy", "caddy"), "validate", "--adapter", "caddyfile", "--config", config],
        capture_output=True,
        text=True,
        timeout=30,
        env={"HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr


async def test_the_health_check_asks_the_server() -> None:
    [found] = re.findall(r"HEALTHCHECK .*\\\n +CMD (\[.*\])", CONTAINERFILE.read_text("utf-8"))
    _, *arguments = json.loads(found)

    async def answers(status: int) -> bool:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=status if request.path == "/healthz" else 404)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        async with TestServer(app) as server:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                env={"MICROLIVE_PORT": str(server.port)},
                stderr=asyncio.subprocess.DEVNULL,
            )
            return await process.wait() == 0

    assert await answers(200)
    assert not await answers(503)
