"""Requests for a part of a file, or for a file that the client may have already (RFC 9110 §13 and
§14).
"""

from http import HTTPStatus

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from relay.hls.sliced_body import SlicedBody
from server.errors import RangeNotSatisfiable
from server.http.byte_range import BadRange, read_range
from server.http.refusals import json_refusal


def ranged(
    request: web.Request, data: bytes, tag: str, content_type: str, caching: str
) -> web.Response:
    """Returns the answer with a file that is in memory, or with the part that the client wants.
    `tag`: an entity tag without its quotes. `caching`: value of the header Cache-Control.
    """
    etag = f'"{tag}"'
    headers: dict[str, str] = {
        hdrs.ETAG: etag,
        hdrs.CACHE_CONTROL: caching,
        hdrs.ACCEPT_RANGES: "bytes",
    }
    if is_known(request, etag):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    try:
        part = read_range(range_of(request, etag), len(data))
    except BadRange:
        return refuse_range(len(data))
    headers[hdrs.CONTENT_TYPE] = content_type
    if part is None:
        return web.Response(body=SlicedBody([data]), headers=headers)
    start, end = part
    headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{len(data)}"
    body = SlicedBody([data[start:end]])
    return web.Response(status=HTTPStatus.PARTIAL_CONTENT, body=body, headers=headers)


def is_known(request: web.Request, etag: str) -> bool:
    """Whether the client has the file already (RFC 9110 §13.1.2)."""
    known = [tag.strip() for tag in request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")]
    return "*" in known or etag in [tag.removeprefix("W/") for tag in known]


def range_of(request: web.Request, etag: str) -> str | None:
    """Returns the Range header, unless the client has parts of another file (RFC 9110 §13.1.5)."""
    if request.headers.get(hdrs.IF_RANGE, etag).strip() != etag:
        return None
    return request.headers.get(hdrs.RANGE)


def refuse_range(size: int) -> web.Response:
    """Returns the refusal of a range that has no byte of a file of this size."""
    response = json_refusal(
        RangeNotSatisfiable(RefusalCode.BAD_RANGE, f"the range is not within the {size} bytes")
    )
    response.headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
    return response
