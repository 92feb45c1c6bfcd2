"""One operation of the HTTP interface: one method of one path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.http.operations.refusals import Refusals

JSON, TEXT, SVG = "application/json", "text/plain", "image/svg+xml"
EVENT_STREAM = "text/event-stream"
EXPORTED = (JSON, "video/mp4", "text/vtt")
"""Contents of the files of an ended live."""

Content = type[Any] | str | None
"""Content of a request or an answer: a Python type if the content is JSON, a media type for other
content, None for no content.
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the HTTP interface: one method of one path."""

    method: str
    path: str
    summary: str
    answers: Mapping[int, tuple[Content, ...]]
    """Contents of the answers, by status. Only statuses below 400 have an entry."""
    refusals: Refusals = field(default_factory=dict)
    body: Content = None
    key: bool = False
    """Whether the operation needs a bearer token."""
    query: tuple[str, ...] = ()
    close_codes: Refusals = field(default_factory=dict)
    """Reasons for which the server closes the WebSocket, by close code."""
