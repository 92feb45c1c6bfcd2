"""The JSON objects in the bodies of requests."""

import json
from typing import Any

from aiohttp import web

from relay.errors import RefusalCode
from server.errors import BadRequest
from server.http.request import read_body


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
