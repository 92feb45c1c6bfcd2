"""HTTP requests that one node forwards to another, and their answers, as messages. Pure.

A message has a line of JSON and, after the line feed, bytes of a body.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.cluster.asking import BadMessage, read
from server.cluster.node import VERSION

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ForwardedRequest:
    """A client's request."""

    method: str
    path: str
    """Path and query, as the client sent them."""
    headers: Headers
    client: str
    """Address of the client."""
    scheme: str
    host: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ForwardedAnswer:
    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class AnswerStart:
    """The first message of an answer."""

    status: int
    headers: Headers
    size: int
    """Size of the whole body, bytes."""
    part: bytes
    """The first bytes of the body."""


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """A further message of an answer."""

    id: str
    """Id of the request."""
    offset: int
    part: bytes


def write_request(request: ForwardedRequest, id: str, node: str) -> bytes:
    """`node`: id of the node that gets the further parts of the answer."""
    fields = {
        "id": id,
        "node": node,
        "method": request.method,
        "path": request.path,
        "headers": request.headers,
        "client": request.client,
        "scheme": request.scheme,
        "host": request.host,
    }
    return _write(fields, request.body)


def read_request(data: bytes) -> tuple[ForwardedRequest, str, str]:
    """Returns the request, its id, and the node that sent it. Raises BadMessage."""
    fields, body = _read(data)
    try:
        request = ForwardedRequest(
            str(fields["method"]),
            str(fields["path"]),
            _headers(fields["headers"]),
            str(fields["client"]),
            str(fields["scheme"]),
            str(fields["host"]),
            body,
        )
        return request, str(fields["id"]), str(fields["node"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadMessage(repr(error)) from None


def write_answer(answer: ForwardedAnswer, id: str, size: int) -> list[bytes]:
    """Returns the messages of an answer, each with at most `size` bytes of the body."""
    first = {"status": answer.status, "headers": answer.headers, "size": len(answer.body)}
    offsets = range(size, len(answer.body), size)
    return [
        _write(first, answer.body[:size]),
        *(
            _write({"id": id, "offset": offset}, answer.body[offset : offset + size])
            for offset in offsets
        ),
    ]


def read_start(data: bytes) -> AnswerStart:
    """Raises BadMessage."""
    fields, part = _read(data)
    try:
        return AnswerStart(
            int(fields["status"]), _headers(fields["headers"]), int(fields["size"]), part
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadMessage(repr(error)) from None


def read_part(data: bytes) -> AnswerPart:
    """Raises BadMessage."""
    fields, part = _read(data)
    try:
        return AnswerPart(str(fields["id"]), int(fields["offset"]), part)
    except (KeyError, TypeError, ValueError) as error:
        raise BadMessage(repr(error)) from None


def _write(fields: Mapping[str, Any], body: bytes) -> bytes:
    line = json.dumps({"v": VERSION, **fields}, separators=(",", ":"))
    return b"%s\n%s" % (line.encode(), body)


def _read(data: bytes) -> tuple[Mapping[str, Any], bytes]:
    line, _, body = data.partition(b"\n")
    return read(line), body


def _headers(found: Any) -> Headers:
    return tuple((str(name), str(value)) for name, value in found)
