"""The timeline of a part of a live: its messages and reactions by media time, made from stored
records. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.social.author import Role
from server.storage.timeline_records import TimelineRecord

MAX_SPAN = 600_000_000
"""Maximum length of the part of a live in one timeline, µs."""
MAX_MESSAGES = 1_000
"""Maximum number of messages in one timeline."""
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class TimelineMessage:
    media_time: int
    """Media time that the author saw, µs."""
    sequence: int
    """Number of the message in its room."""
    person: str
    """Id of the author."""
    name: str
    colour: int
    handle: str | None
    role: Role
    body: str


@dataclass(frozen=True, slots=True)
class SecondOfHearts:
    """The taps in one second of media time."""

    second: int
    emoji: Mapping[str, int]
    """Number of taps for each emoji that people tapped."""


@dataclass(frozen=True, slots=True)
class Timeline:
    until: int
    """Media time at which this timeline ends, µs: the requested end, or an earlier time if there
    are too many messages.
    """
    messages: Sequence[TimelineMessage]
    """The messages, in the order of media time."""
    hearts: Sequence[SecondOfHearts]
    """The seconds that begin in this part and have taps, in order."""


def seconds_in(start: int, end: int) -> range:
    """Returns the seconds of media time that begin from `start` to before `end` (µs)."""
    return range(-(-start // _SECOND), -(-end // _SECOND))


def timeline(end: int, stored: TimelineRecord) -> Timeline:
    """Returns the timeline that ends at `end` (µs). `stored`: the records, with at least
    MAX_MESSAGES + 1 messages if the part has so many messages.

    A timeline contains all messages of a media time or none. If one media time has too many
    messages, for example during a long interruption, the timeline contains only the first of these
    messages.
    """
    messages, until = stored.messages, end
    if len(messages) > MAX_MESSAGES:
        until = messages[MAX_MESSAGES].media_time
        if messages[0].media_time == until:
            until += 1
        messages = messages[:MAX_MESSAGES]
    return Timeline(
        until,
        [
            TimelineMessage(
                message.media_time,
                message.sequence,
                message.person,
                message.name,
                message.colour,
                message.handle,
                Role(message.role),
                message.body,
            )
            for message in messages
            if message.media_time < until
        ],
        [
            SecondOfHearts(second, emoji)
            for second, emoji in sorted(stored.hearts.items())
            if second * _SECOND < until
        ],
    )
