"""Requests that another node has forwarded, as the application of this node gets them."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio
from aiohttp import web

from server.cluster.http_messages import ForwardedRequest
from server.http.local_requests import LocalRequests, end_to_end
from server.http.request import client_of
from server.settings import Settings

CLIENT = "192.0.2.7"


@pytest_asyncio.fixture
async def requests(nothing_left: None, tmp_path: Path) -> AsyncIterator[LocalRequests]:
    """An application that says who has sent what."""
    settings = Settings(data=tmp_path)

    async def show(request: web.Request) -> web.Response:
        client = client_of(request, settings)
        seen = {
            "client": client.address,
            "url": f"{client.scheme}://{client.host}{request.raw_path}",
            "peer": request.remote,
            "headers": [[*each] for each in request.headers.items()],
            "body": await request.text(),
        }
        return web.json_response(seen, headers={"ETag": "e", "Keep-Alive": "5"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", show)
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(app)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        requests = LocalRequests(runner)
        stack.push_async_callback(requests.close)
        yield requests


def request(*headers: tuple[str, str]) -> ForwardedRequest:
    return ForwardedRequest(
        "POST", "/a%2Fb?c=%20d", headers, CLIENT, "https", "live.example", b"body"
    )


async def seen(requests: LocalRequests, *headers: tuple[str, str]) -> dict[str, object]:
    found: dict[str, object] = json.loads((await requests.respond(request(*headers))).body)
    return found


def headers_of(found: dict[str, object]) -> list[list[str]]:
    assert isinstance(found["headers"], list)
    return found["headers"]


async def test_the_client_is_that_of_the_other_node(requests: LocalRequests) -> None:
    found = await seen(requests, ("Cookie", "a=b"))
    assert found["client"] == CLIENT
    assert found["url"] == "https://live.example/a%2Fb?c=%20d"
    assert found["body"] == "body"
    assert ["Cookie", "a=b"] in headers_of(found)
    assert not found["peer"], "so that the request is not forwarded again"


async def test_a_client_cannot_name_another_address(requests: LocalRequests) -> None:
    """The other node has judged these headers already."""
    found = await seen(
        requests,
        ("X-Forwarded-For", "198.51.100.1"),
        ("x-forwarded-host", "evil.example"),
        ("Forwarded", "for=198.51.100.1;host=evil.example"),
        ("X-Real-IP", "198.51.100.1"),
    )
    assert found["client"] == CLIENT
    assert "evil.example" not in str(found)
    assert "198.51.100.1" not in str(found)


async def test_headers_of_a_connection_are_not_passed_on(requests: LocalRequests) -> None:
    found = await seen(requests, ("Connection", "upgrade"), ("Upgrade", "websocket"))
    assert not {"Upgrade", "upgrade"} & {name for name, _ in headers_of(found)}
    answer = await requests.respond(request())
    names = {name.lower() for name, _ in end_to_end(answer.headers)}
    assert "etag" in names and "keep-alive" not in names
