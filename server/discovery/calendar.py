"""Writes an announced live as a calendar file (iCalendar, RFC 5545). Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

LENGTH = 3_600.0
"""Seconds that the calendar keeps free for a live: its length is not known."""
LINE = 75
"""Maximum length of a line, bytes (RFC 5545 §3.1)."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """Times are Unix seconds."""

    id: str
    title: str
    creator: str
    url: str
    """The page of the creator."""
    host: str
    """Host of the server, which makes the id unique."""
    starts_at: float
    created_at: float


def write_calendar(appointment: Appointment) -> str:
    """Returns the content of a file of the type `text/calendar`."""
    starts_at = appointment.starts_at
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//microlive//EN",
        "BEGIN:VEVENT",
        f"UID:{appointment.id}@{_text(appointment.host)}",
        f"DTSTAMP:{_time(appointment.created_at)}",
        f"DTSTART:{_time(starts_at)}",
        f"DTEND:{_time(starts_at + LENGTH)}",
        f"SUMMARY:{_text(f'{appointment.title} – {appointment.creator}')}",
        f"URL:{appointment.url}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(appointment.title)}",
        "TRIGGER:-PT5M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Escapes a text (RFC 5545 §3.3.11). Control characters would begin a new line."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _fold(line: str) -> str:
    """Cuts a long line between two characters. The rest follows after a space."""
    parts, size = [""], 0
    for character in line:
        added = len(character.encode())
        if size + added > LINE:
            parts.append(" ")
            size = 1
        parts[-1] += character
        size += added
    return "\r\n".join(parts)
