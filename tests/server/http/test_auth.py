"""Bearer tokens of requests, and who may create rooms."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from multidict import CIMultiDict

from relay.errors import RefusalCode
from server.errors import Forbidden, RequestRefused, Unauthorized
from server.http import auth
from server.http.auth import bearer_token, require_create_token
from server.settings import Settings
from tests.fixtures.server import running

TOKEN = "a-create-token-of-this-test"


def request(authorization: str | None) -> web.Request:
    headers = {} if authorization is None else {"Authorization": authorization}
    return Mock(spec=web.Request, headers=CIMultiDict(headers))


def settings(data: Path, **values: Any) -> Settings:
    return Settings(data=data, **values)


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        (None, ""),
        ("", ""),
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Bearer", ""),
        ("Basic abc", ""),
        ("abc", ""),
    ],
)
def test_the_token_of_a_request(authorization: str | None, token: str) -> None:
    """The scheme in any case (RFC 9110 §11.1)."""
    assert bearer_token(request(authorization)) == token


@pytest.mark.parametrize(
    ("authorization", "refusal", "code"),
    [
        (None, Unauthorized, RefusalCode.MISSING_KEY),
        ("Bearer ", Unauthorized, RefusalCode.MISSING_KEY),
        ("Bearer another", Forbidden, RefusalCode.WRONG_TOKEN),
        ("Bearer \udcff", Forbidden, RefusalCode.WRONG_TOKEN),
    ],
)
def test_creating_rooms_takes_the_token(
    tmp_path: Path, authorization: str | None, refusal: type[RequestRefused], code: RefusalCode
) -> None:
    """Bytes that are not UTF-8 are a wrong token, not an error."""
    demanding = settings(tmp_path, create="token", create_token=TOKEN)
    with pytest.raises(refusal) as caught:
        require_create_token(request(authorization), demanding)
    assert caught.value.code is code and TOKEN not in str(caught.value)
    require_create_token(request(f"Bearer {TOKEN}"), demanding)


def test_anyone_may_create_rooms(tmp_path: Path) -> None:
    """This holds even if a token is set but not required."""
    require_create_token(request(None), settings(tmp_path, create="anyone"))
    require_create_token(request(None), settings(tmp_path, create="anyone", create_token=TOKEN))


async def test_a_wrong_secret_is_refused_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A correct secret, or none, is answered at once. If too many refusals wait, further ones get
    429. The log has a line with the address, and no secret.
    """
    monkeypatch.setattr(auth, "DELAYED_EACH", 2)
    caplog.set_level("INFO", logger="server")
    async with running(tmp_path, create="token", create_token=TOKEN) as server:
        loop = asyncio.get_running_loop()

        async def create(token: str) -> tuple[int, float]:
            began = loop.time()
            headers = {"Authorization": f"Bearer {token}"}
            return await server.status("POST", "/api/rooms", headers=headers), loop.time() - began

        status, seconds = await create(TOKEN)
        assert (status, seconds < auth.DELAY) == (201, True)
        answers = await asyncio.gather(*(create("a-wrong-secret") for _ in range(5)))
    assert sorted(status for status, _ in answers) == [403, 403, 429, 429, 429]
    assert all(seconds >= auth.DELAY for status, seconds in answers if status == 403)
    assert "refused 127.0.0.1 with 403 wrong_token: POST /api/rooms" in caplog.text
    assert ": created by 127.0.0.1" in caplog.text
    assert "a-wrong-secret" not in caplog.text and TOKEN not in caplog.text


async def test_metrics_are_for_the_operator(tmp_path: Path) -> None:
    """Without a token, programs on this machine may read them, but not through a proxy. With a
    token, only its holder may.
    """
    async with running(tmp_path / "a") as server:
        assert await server.status("GET", "/metrics") == 200
        for header in ("X-Forwarded-For", "Forwarded"):
            assert await server.status("GET", "/metrics", headers={header: "127.0.0.1"}) == 403
    async with running(tmp_path / "b", metrics_token=TOKEN) as server:
        statuses = [
            await server.status("GET", "/metrics", headers=headers)
            for headers in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Authorization": f"Bearer {TOKEN}"},
            )
        ]
        assert statuses == [401, 403, 200]


def test_metrics_are_not_for_other_machines(tmp_path: Path) -> None:
    for address, own in (("192.0.2.1", False), ("::1", True), ("::ffff:127.0.0.1", True)):
        seen = Mock(spec=web.Request, headers=CIMultiDict(), remote=address)
        if own:
            auth.require_operator(seen, settings(tmp_path))
        else:
            with pytest.raises(Forbidden):
                auth.require_operator(seen, settings(tmp_path))
