"""Answers to refused requests."""

from http import HTTPStatus

from aiohttp import hdrs, web

from relay.errors import Refusal
from server.http.headers import NOSNIFF
from server.http.payloads import RefusalBody, reply


def refusal_headers(refusal: Refusal) -> dict[str, str]:
    """Returns the headers that an answer with this refusal must have."""
    headers: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store"}
    if refusal.retry_after is not None:
        headers[hdrs.RETRY_AFTER] = str(refusal.retry_after)
    if refusal.status == 401:
        headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    return headers


def json_refusal(refusal: Refusal) -> web.Response:
    """Returns the answer for programs."""
    body: dict[str, object] = {"error": str(refusal), "code": refusal.code}
    if refusal.retry_after is not None:
        body["retry_after"] = refusal.retry_after
    response = reply(RefusalBody, body, status=refusal.status)
    response.headers.update(refusal_headers(refusal))
    return response


def raw_refusal(refusal: Refusal) -> bytes:
    """Returns the bytes of the answer for a connection that has no request handler. The server
    closes the connection after this answer.
    """
    response = json_refusal(refusal)
    body = response.body
    assert isinstance(body, bytes)
    headers = {
        **response.headers,
        NOSNIFF[0]: NOSNIFF[1],
        hdrs.CONTENT_LENGTH: str(len(body)),
        hdrs.CONNECTION: "close",
    }
    lines = [f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
