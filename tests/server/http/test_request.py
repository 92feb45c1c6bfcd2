"""The common parts of endpoints: the client's address and URL, the body, the limits."""

import asyncio
import socket
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.test_utils import make_mocked_request

from relay.errors import RefusalCode
from server.errors import RequestTimeout, TooLarge, TooManyRequests
from server.http import request as requests
from server.http.limits import ConnectionLimiter, RateLimiter
from server.http.request import MAX_BODY, charge, client_of, connection_of, read_body, url_of
from server.settings import Settings

PROXY = "127.0.0.1"
FORWARDED = {
    "Host": "inner:8080",
    "X-Forwarded-For": "198.51.100.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "live.example.org",
}


def settings(data: Path, **values: Any) -> Settings:
    return Settings(data=data, **values)


def request(
    headers: dict[str, str],
    remote: str | None = PROXY,
    family: socket.AddressFamily = socket.AF_INET,
) -> web.Request:
    found = {"peername": remote and (remote, 5_000), "socket": Mock(family=family)}
    transport = Mock(get_extra_info=found.get)
    return make_mocked_request("GET", "/", headers=headers, transport=transport)


def body(*chunks: bytes, end: bool = True, headers: dict[str, str] | None = None) -> web.Request:
    """A POST with these chunks as its body. Without `end`, the body is not complete."""
    payload = StreamReader(Mock(_reading_paused=False), 1 << 20, loop=asyncio.get_running_loop())
    for chunk in chunks:
        payload.feed_data(chunk)
    if end:
        payload.feed_eof()
    return make_mocked_request(
        "POST", "/", headers=headers, payload=payload, client_max_size=MAX_BODY
    )


def test_the_headers_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every middleware asks for the client of the request."""
    trusting, seen = settings(tmp_path, trusted_proxies=[PROXY]), request(FORWARDED)
    first = client_of(seen, trusting)
    monkeypatch.setattr(requests, "client", None)
    assert client_of(seen, trusting) is first


def test_only_a_trusted_proxy_is_believed(tmp_path: Path) -> None:
    """It names the client, and the scheme and host that the client used."""
    trusting = settings(tmp_path, trusted_proxies=[PROXY])
    assert client_of(request(FORWARDED), trusting).address == "198.51.100.7"
    assert url_of(request(FORWARDED), "/r/a", trusting) == "https://live.example.org/r/a"
    stranger = request(FORWARDED, "192.0.2.5")
    assert client_of(stranger, trusting).address == "192.0.2.5"
    assert url_of(stranger, "/r/a", trusting) == "http://inner:8080/r/a"


def test_a_client_that_has_reset_its_connection_is_not_believed(tmp_path: Path) -> None:
    """It has no address any more, as the peer of a Unix socket has none."""
    assert client_of(request(FORWARDED, None), settings(tmp_path)).address == ""
    local = request(FORWARDED, None, socket.AF_UNIX)
    assert client_of(local, settings(tmp_path)).address == "198.51.100.7"


def test_a_public_url_stands_for_all_others(tmp_path: Path) -> None:
    public = settings(tmp_path, public_url="https://example.org")
    assert url_of(request(FORWARDED), "/r/a", public) == "https://example.org/r/a"


async def test_a_body_is_read() -> None:
    assert await read_body(body(b"off", b"er")) == b"offer"


async def test_a_body_over_the_limit_is_refused() -> None:
    """It is refused by its announced size before any byte arrives, otherwise by the bytes that
    arrive.
    """
    announced = body(end=False, headers={"Content-Length": str(MAX_BODY + 1)})
    for large in (announced, body(bytes(MAX_BODY), b"x")):
        with pytest.raises(TooLarge) as caught:
            async with asyncio.timeout(5):
                await read_body(large)
        assert caught.value.code is RefusalCode.BODY_TOO_LARGE


async def test_a_body_that_does_not_arrive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_WITHIN", 0.01)
    with pytest.raises(RequestTimeout) as caught:
        await read_body(body(b"off", end=False))
    assert (caught.value.status, caught.value.code) == (408, RefusalCode.BODY_TOO_SLOW)


async def test_a_request_is_charged_to_its_address() -> None:
    """Above the limit it is refused, with the seconds until the next one."""
    limiter = RateLimiter(1, 60)
    charge(limiter, "192.0.2.1", "too many")
    with pytest.raises(TooManyRequests, match="too many") as caught:
        charge(limiter, "192.0.2.1", "too many", RefusalCode.TOO_MANY_SESSIONS)
    assert caught.value.code is RefusalCode.TOO_MANY_SESSIONS
    assert caught.value.retry_after is not None and 55 <= caught.value.retry_after <= 60
    charge(limiter, "192.0.2.2", "too many")


def test_a_connection_is_counted_while_it_lasts() -> None:
    """An error ends it too; a refused connection is not counted."""
    limiter = ConnectionLimiter(1)
    refusal = TooManyRequests(RefusalCode.TOO_MANY_CONNECTIONS, "too many", 5)
    with connection_of(limiter, "192.0.2.1", refusal):
        with pytest.raises(TooManyRequests), connection_of(limiter, "192.0.2.1", refusal):
            pytest.fail("was not refused")
        with connection_of(limiter, "192.0.2.2", refusal):
            pass
    with pytest.raises(RuntimeError), connection_of(limiter, "192.0.2.1", refusal):
        raise RuntimeError
    with connection_of(limiter, "192.0.2.1", refusal):
        pass
