"""The OpenAPI document against the routes, and the codes of refusals against their uses."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from relay.errors import RefusalCode
from server.http.openapi import document
from server.http.operations.refusals import ALWAYS
from server.http.operations.table import OPERATIONS
from tests.fixtures.server import running

ROOT = Path(__file__).resolve().parents[3]
DESCRIBED = (
    *("/api/", "/clips/", "/whip/", "/whep/", "/hls/", "/replays/", "/ws/", "/announcements/"),
    *("/healthz", "/readyz", "/metrics"),
)
API = ROOT / "server/API.md"
NAMES_ONLY = "relay/errors.py"
"""Where codes are listed, not used."""


async def test_routes_and_operations_are_the_same(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        routes = {
            (route.method, plain(route.resource))
            for route in server.app.router.routes()
            if route.resource and route.method != "HEAD"
        }
    served = {(method, path) for method, path in routes if path.startswith(DESCRIBED)}
    assert {(operation.method, operation.path) for operation in OPERATIONS} == served
    assert len(served) == len(OPERATIONS)


def plain(resource: web.AbstractResource) -> str:
    """The resource's path without regular expressions and optional slashes."""
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", resource.canonical).replace("{slash}", "")


def test_every_code_is_used_and_described() -> None:
    described = {
        code
        for operation in OPERATIONS
        for table in (ALWAYS, operation.refusals, operation.close_codes)
        for codes in table.values()
        for code in codes
    }
    assert described == set(RefusalCode)
    assert set(used()) == {code.name for code in RefusalCode}
    assert document()["components"]["schemas"]["RefusalCode"]["enum"] == list(RefusalCode)


def test_api_md_has_the_statuses_of_every_code() -> None:
    rows = re.findall(r"^\| (`[^|]*) \|([^|]*)\|([^|]*)\|$", API.read_text(), re.MULTILINE)
    # A table of other names, such as the reasons of missing media, may contain a code, too.
    written: dict[str, set[int]] = {}
    for codes, statuses, meaning in rows:
        for code in re.findall(r"`(\w+)`", codes):
            if code in set(RefusalCode):
                found = map(int, re.findall(r"\b[45]\d\d\b", f"{statuses} {meaning}"))
                written.setdefault(code, set()).update(found)
    served: dict[str, set[int]] = {code.value: set() for code in RefusalCode}
    for table in (ALWAYS, *(operation.refusals for operation in OPERATIONS)):
        for status, codes in table.items():
            for code in codes:
                served[code].add(status)
    assert written == served


def used() -> Iterator[str]:
    """Names of codes in the source, but for the lists."""
    for folder in ("relay", "server"):
        for path in (ROOT / folder).rglob("*.py"):
            if path != ROOT / NAMES_ONLY:
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                        if node.value.id == "RefusalCode":
                            yield node.attr
