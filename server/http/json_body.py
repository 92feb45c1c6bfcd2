"""The JSON objects in the bodies of requests."""

import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from relay.errors import RefusalCode
from server.errors import BadRequest, Unprocessable
from server.http.request import read_body

Body = TypeVar("Body", bound=BaseModel)

MAX_NUMBER = (1 << 53) - 1
"""The highest integer that every JSON parser reads exactly."""


async def read_object(request: web.Request) -> dict[str, Any]:
    """Reads the body of a request; an empty body counts as an empty object. Raises BadRequest if
    the body is not a JSON object, and the errors of `read_body`.
    """
    body = await read_body(request)
    try:
        value = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest(RefusalCode.NOT_JSON, "the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadRequest(RefusalCode.NOT_JSON, "the body is not a JSON object")
    return value


def read_model(kind: type[Body], value: object, code: RefusalCode) -> Body:
    """Reads a JSON value as a `kind`. Raises Unprocessable, with `code` and the first reason why
    the value is not valid.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise Unprocessable(code, f"{field}: {first['msg']}") from error
