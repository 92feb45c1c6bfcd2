"""The commands of reports. Pure."""

from dataclasses import dataclass
from typing import Any

from server.people.person import Person
from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role


@dataclass(frozen=True, slots=True)
class ReportedMessage:
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report as its reporter and moderators see it. For the reported person, `text` is empty.
    Times are in Unix seconds.
    """

    id: str
    room: str
    kind: str
    message: ReportedMessage | None
    person: Person | None
    reason: str
    text: str
    state: str
    decision: str | None
    note: str
    answer: str | None
    at: float
    decided_at: float | None
    answered_at: float | None


@dataclass(frozen=True, slots=True)
class MakeReport(SocialCommand[Report]):
    """Reports a message, a person, or the room if both are None. Refused with 404
    MESSAGE_NOT_FOUND, 422 BAD_REPORT, and 429 RATE_LIMITED.
    """

    name = "make_report"
    reply = Report
    reason: str
    text: str
    message: int | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class ReadReports(SocialCommand[tuple[Report, ...]]):
    """Returns the reports about messages and people of the room, the newest first."""

    name = "read_reports"
    reply = tuple[Report, ...]
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class DecideReport(SocialCommand[Report]):
    """Refused with 404 REPORT_NOT_FOUND, 409 REPORT_DECIDED and 422 BAD_REPORT."""

    name = "decide_report"
    reply = Report
    needs = Role.MODERATOR
    report: str
    decision: str
    note: str


COMMANDS: tuple[type[Command[Any]], ...] = (MakeReport, ReadReports, DecideReport)
