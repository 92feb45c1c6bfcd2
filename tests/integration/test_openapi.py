"""The OpenAPI document against a running server: schemathesis makes requests from it, and checks
status, content type and schema of every answer.
"""

import asyncio
import itertools
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.http import auth
from server.http.signalling import SDP, SDP_FRAGMENT
from tests.fixtures.server import NewRoom
from tests.integration.conftest import Live

schemathesis.serializer.alias([SDP, SDP_FRAGMENT], "text/plain")

EXAMPLES = 20
"""Requests for each operation."""
ELSEWHERE = {
    "DELETE /api/rooms/{room}",
    "DELETE /api/rooms/{room}/data",
    "GET /api/rooms/{room}/events",
}
"""Not sent to the live room: two of them would end it, and the answer of the third never ends."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def make_requests(url: str, room: NewRoom) -> dict[str, set[int]]:
    """Makes requests for each operation. Returns the statuses by operation."""
    schema = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    return {operation.label: statuses_of(operation, room) for operation in operations}


def statuses_of(operation: APIOperation[Any, Any, Any, Any], room: NewRoom) -> set[int]:
    """Where possible, two requests of three are for `room`; one of three has its key."""
    statuses: set[int] = set()
    numbers = itertools.count()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def request(case: Case[Any]) -> None:
        number = next(numbers)
        if "room" in case.path_parameters and number % 3 and operation.label not in ELSEWHERE:
            case.path_parameters["room"] = room.name
        headers = room.bearer if number % 3 == 2 else {}
        response = case.call(headers=headers, timeout=10)
        case.validate_response(response, checks=CHECKS)
        statuses.add(response.status_code)

    request()
    return statuses


@pytest.mark.timeout(120)
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
async def test_every_answer_is_as_described(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "DELAY", 0.0)  # of hundreds of refused requests
    seen = await asyncio.to_thread(make_requests, live.server.url, live.room)
    for label, statuses in seen.items():
        assert statuses, label
    assert {200, 404} <= seen["GET /api/rooms/{room}"]
    assert {200, 401} <= seen["GET /api/rooms/{room}/health"]
    assert 201 in seen["POST /api/rooms"]
    await live.viewer.frames(10)
    live.viewer.assert_unbroken()
