"""The commands about reports of messages, people and rooms. Pure."""

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
    """A report in the form that the reporter and the moderators get. The reported person gets the
    report with an empty `text`. Times are in Unix seconds.
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
    """Reports a message or a person. Reports the room if `message` and `person` are None. The
    command is refused with 404 MESSAGE_NOT_FOUND, 422 BAD_REPORT or 429 RATE_LIMITED.
    """

    name = "make_report"
    reply = Report
    reason: str
    text: str
    message: int | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class ReadReports(SocialCommand[tuple[Report, ...]]):
    """Returns the reports about messages and people in the room, the newest first."""

    name = "read_reports"
    reply = tuple[Report, ...]
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class DecideReport(SocialCommand[Report]):
    """Decides on a report. The command is refused with 404 REPORT_NOT_FOUND, 409 REPORT_DECIDED or
    422 BAD_REPORT.
    """

    name = "decide_report"
    reply = Report
    needs = Role.MODERATOR
    report: str
    decision: str
    note: str


COMMANDS: tuple[type[Command[Any]], ...] = (MakeReport, ReadReports, DecideReport)
