"""Requests for a part of a file, or for a file that the client may have already (RFC 9110 §13 and
§14).
"""

from http import HTTPStatus

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from relay.hls.sliced_body import SlicedBody, body_size
from server.errors import RangeNotSatisfiable
from server.http.byte_range import BadRange, read_range
from server.http.refusals import json_refusal

KEPT = (hdrs.ETAG, hdrs.CACHE_CONTROL, hdrs.VARY, hdrs.ACCEPT_RANGES)
"""Headers of a whole answer that its 304 has too (RFC 9110 §15.4.5)."""


def ranged(
    request: web.Request, data: bytes, tag: str, content_type: str, caching: str
) -> web.Response:
    """Returns the answer with a file that is in memory, or with the part that the client wants.
    `tag`: an entity tag without its quotes. `caching`: value of the header Cache-Control.
    """
    headers: dict[str, str] = {
        hdrs.ETAG: f'"{tag}"',
        hdrs.CACHE_CONTROL: caching,
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CONTENT_TYPE: content_type,
    }
    return as_requested(request, web.Response(body=SlicedBody([data]), headers=headers))


def as_requested(request: web.Request, whole: web.Response) -> web.Response:
    """Returns the whole answer, or less if the client needs less: 304 if the client has the file
    already; 206 or 416 if it wants a range and `whole` has `Accept-Ranges: bytes`. `whole`: the
    answer 200 with an entity tag.
    """
    etag = whole.headers[hdrs.ETAG]
    if is_known(request, etag):
        kept = {name: whole.headers[name] for name in KEPT if name in whole.headers}
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=kept)
    body = whole.body
    if not isinstance(body, SlicedBody) or hdrs.ACCEPT_RANGES not in whole.headers:
        return whole
    size = body_size(whole)
    try:
        part = read_range(range_of(request, etag), size)
    except BadRange:
        return refuse_range(size)
    if part is None:
        return whole
    start, end = part
    headers = whole.headers.copy()
    headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{size}"
    return web.Response(
        status=HTTPStatus.PARTIAL_CONTENT, body=body.between(start, end), headers=headers
    )


def is_known(request: web.Request, etag: str) -> bool:
    """Whether the client has the file already (RFC 9110 §13.1.2)."""
    known = [tag.strip() for tag in request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")]
    return "*" in known or etag in [tag.removeprefix("W/") for tag in known]


def range_of(request: web.Request, etag: str) -> str | None:
    """Returns the Range header, unless the client has parts of another file (RFC 9110 §13.1.5) or
    wants no content (§14.2).
    """
    if request.method != hdrs.METH_GET:
        return None
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
