"""What a request can be refused for. One middleware turns these into answers.

RequestRefused               `status`, `text` and `headers`
├── BadRequest 400           NotAllowed 405 is aiohttp's
├── Unauthorized 401
├── Forbidden 403
├── NotFound 404
├── NotAcceptable 406
├── Conflict 409
├── Gone 410
├── TooLarge 413
├── UnsupportedMediaType 415
├── Unprocessable 422
├── TooManyRequests 429      with Retry-After
└── Unavailable 503          with Retry-After
"""

import math


class RequestRefused(Exception):
    """The text says what is wrong and what to do about it; it is sent to whoever asked."""

    status = 500

    def __init__(self, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.headers = headers or {}


class BadRequest(RequestRefused):
    status = 400


class Unauthorized(RequestRefused):
    status = 401

    def __init__(self, text: str) -> None:
        super().__init__(text, {"WWW-Authenticate": "Bearer"})


class Forbidden(RequestRefused):
    status = 403


class NotFound(RequestRefused):
    status = 404


class NotAcceptable(RequestRefused):
    status = 406


class Conflict(RequestRefused):
    status = 409


class Gone(RequestRefused):
    status = 410


class TooLarge(RequestRefused):
    status = 413


class UnsupportedMediaType(RequestRefused):
    status = 415


class Unprocessable(RequestRefused):
    status = 422


class TooManyRequests(RequestRefused):
    status = 429

    def __init__(self, text: str, retry_after: float = 1.0) -> None:
        super().__init__(text, {"Retry-After": str(max(1, math.ceil(retry_after)))})


class Unavailable(RequestRefused):
    status = 503

    def __init__(self, text: str, retry_after: float = 1.0) -> None:
        super().__init__(text, {"Retry-After": str(max(1, math.ceil(retry_after)))})


BY_STATUS: dict[int, type[RequestRefused]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        NotFound,
        NotAcceptable,
        TooLarge,
        UnsupportedMediaType,
        Unprocessable,
        Unavailable,
    )
}
"""For errors of the relay that carry the status they would be answered with."""
