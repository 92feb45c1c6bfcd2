"""The OpenAPI 3.1 document, built from OPERATIONS and the types of payloads.py. Tests compare the
server's answers with the document.
"""

import json
from itertools import chain
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from relay.errors import RefusalCode as Code
from server import __version__
from server.http.operations.operation import JSON, Content, Operation
from server.http.operations.refusals import ALWAYS, merged
from server.http.operations.table import OPERATIONS
from server.http.payloads import RefusalBody
from server.http.signalling import SDP, SDP_FRAGMENT

REF = "#/components/schemas/{model}"


class OpenApiEndpoint:
    """The endpoint `/api/openapi.json`."""

    def __init__(self) -> None:
        self._document = b""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/openapi.json", self.get)]

    async def get(self, _: web.Request) -> web.Response:
        self._document = self._document or json.dumps(document()).encode()
        return web.Response(body=self._document, content_type=JSON)


def document() -> dict[str, Any]:
    """Returns the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    types: set[type[Any]] = {RefusalBody}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation)
        contents = [operation.body, *chain.from_iterable(operation.answers.values())]
        types |= {content for content in contents if isinstance(content, type)}
    named = sorted(types, key=lambda kind: kind.__name__)
    _, schemas = TypeAdapter.json_schemas(
        [(kind.__name__, "validation", TypeAdapter(kind)) for kind in named], ref_template=REF
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "microlive",
            "version": __version__,
            "description": "server/API.md explains it. Every refusal is a RefusalBody.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            **{str(status): _answer(content) for status, content in operation.answers.items()},
            **{
                str(status): _refusal(codes)
                for status, codes in sorted(merged(ALWAYS, operation.refusals).items())
            },
        },
    }
    if operation.body:
        described["requestBody"] = {"content": _content(operation.body)}
    if operation.key:
        described["security"] = [{"key": []}]
    if operation.close_codes:
        described["x-close-codes"] = operation.close_codes
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    schema = {"type": "string", "minLength": 1}
    return [
        *({"name": name, "in": "path", "required": True, "schema": schema} for name in names),
        *({"name": name, "in": "query", "schema": {"type": "string"}} for name in operation.query),
    ]


def _answer(contents: tuple[Content, ...]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Success"}
    if contents:
        answer["content"] = {
            kind: schema for content in contents for kind, schema in _content(content).items()
        }
    return answer


def _content(content: Content) -> dict[str, Any]:
    if isinstance(content, type):
        return {JSON: {"schema": {"$ref": REF.format(model=content.__name__)}}}
    if content is None:
        return {}
    return {content: {"schema": {"type": "string"}} if content in (SDP, SDP_FRAGMENT) else {}}


def _refusal(codes: tuple[Code, ...]) -> dict[str, Any]:
    """Returns the OpenAPI response for a refusal: a RefusalBody with one of `codes`."""
    narrowed = {"properties": {"code": {"enum": list(codes)}}}
    schema = {"allOf": [{"$ref": REF.format(model=RefusalBody.__name__)}, narrowed]}
    return {
        "description": "Refused: " + ", ".join(codes),
        "content": {JSON: {"schema": schema}},
    }
