"""Bearer tokens of requests, and who may create rooms."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from multidict import CIMultiDict

from relay.errors import RefusalCode
from server.errors import Forbidden, RequestRefused, Unauthorized
from server.http.auth import bearer_token, require_create_token
from server.settings import Settings

TOKEN = "a-create-token"


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
    """Also where a token is set but not demanded."""
    require_create_token(request(None), settings(tmp_path, create="anyone"))
    require_create_token(request(None), settings(tmp_path, create="anyone", create_token=TOKEN))
