"""The messages of pushes. The service worker (web/sw.js) writes the text that people see, in the
language of the person or of the browser. Pure.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What a push says. The members of `facts` are JSON values."""

    topic: str
    """A push replaces an earlier push with the same topic that the browser has not got yet (RFC
    8030 §5.4).
    """
    facts: tuple[tuple[str, str], ...]

    def to_json(self, language: str | None) -> bytes:
        """Returns the message for a person. `language`: None for the language of the browser."""
        return json.dumps(
            dict(self.facts) | {"language": language}, ensure_ascii=False, separators=(",", ":")
        ).encode()


def went_live(room: str, title: str, name: str) -> Message:
    """Returns the message that the creator `name` is live."""
    return Message(
        room, (("kind", "live"), ("name", name), ("title", title), ("url", f"/r/{room}"))
    )


def starts_soon(
    announcement: str, title: str, name: str, handle: str | None, starts_at: float
) -> Message:
    """Returns the message that an announced live is about to start. `starts_at`: Unix seconds."""
    return Message(
        announcement,
        (
            ("kind", "soon"),
            ("name", name),
            ("title", title),
            ("at", datetime.fromtimestamp(starts_at, UTC).isoformat()),
            ("url", f"/@{handle}" if handle else "/"),
        ),
    )
