"""Refusals of the server: error answers with a status and a code.

Refusal (relay.errors)       `status`, `code`, a text and `retry_after`
└── RequestRefused           `status` is a constant of each class
    ├── BadRequest 400
    ├── Unauthorized 401
    ├── Forbidden 403
    ├── NotFound 404
    ├── MethodNotAllowed 405
    ├── NotAcceptable 406
    ├── RequestTimeout 408
    ├── Conflict 409
    ├── Gone 410
    ├── PreconditionFailed 412
    ├── TooLarge 413
    ├── UnsupportedMediaType 415
    ├── RangeNotSatisfiable 416
    ├── Misdirected 421
    ├── Unprocessable 422
    ├── PreconditionRequired 428
    ├── TooManyRequests 429  always with `retry_after`
    ├── InternalError 500
    └── Unavailable 503      always with `retry_after`

One middleware (server/http/error_answers.py) turns every Refusal into an answer.
"""

import math

from relay.errors import Refusal, RefusalCode


class RequestRefused(Refusal):
    """A request that the server refuses.

    `text` describes the problem and how the client can correct it. `retry_after` (seconds) is
    rounded up to a whole number of at least 1.
    """

    STATUS = 500

    def __init__(self, code: RefusalCode, text: str, retry_after: float | None = None) -> None:
        seconds = None if retry_after is None else max(1, math.ceil(retry_after))
        super().__init__(self.STATUS, code, text, seconds)


class BadRequest(RequestRefused):
    STATUS = 400


class Unauthorized(RequestRefused):
    STATUS = 401


class Forbidden(RequestRefused):
    STATUS = 403


class NotFound(RequestRefused):
    STATUS = 404


class MethodNotAllowed(RequestRefused):
    STATUS = 405


class NotAcceptable(RequestRefused):
    STATUS = 406


class RequestTimeout(RequestRefused):
    STATUS = 408


class Conflict(RequestRefused):
    STATUS = 409


class Gone(RequestRefused):
    STATUS = 410


class PreconditionFailed(RequestRefused):
    STATUS = 412


class TooLarge(RequestRefused):
    STATUS = 413


class UnsupportedMediaType(RequestRefused):
    STATUS = 415


class RangeNotSatisfiable(RequestRefused):
    STATUS = 416


class Misdirected(RequestRefused):
    STATUS = 421

    def __init__(self, code: RefusalCode, text: str, server: str = "") -> None:
        """`server`: id of the server that can answer the request; empty if it is unknown."""
        super().__init__(code, text)
        self.server = server


class Unprocessable(RequestRefused):
    STATUS = 422


class PreconditionRequired(RequestRefused):
    STATUS = 428


class TooManyRequests(RequestRefused):
    STATUS = 429

    def __init__(self, code: RefusalCode, text: str, retry_after: float = 1.0) -> None:
        super().__init__(code, text, retry_after)


class InternalError(RequestRefused):
    STATUS = 500


class Unavailable(RequestRefused):
    STATUS = 503

    def __init__(self, code: RefusalCode, text: str, retry_after: float = 1.0) -> None:
        super().__init__(code, text, retry_after)
