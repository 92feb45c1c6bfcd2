"""Reports about messages, people and rooms. Reports need only storage, so a live can be reported
even after its end.
"""

from collections.abc import Callable

from relay.errors import RefusalCode
from server.errors import Conflict, NotFound, TooManyRequests, Unauthorized, Unprocessable
from server.rooms.commands.reports import (
    DecideReport,
    MakeReport,
    ReadReports,
    Report,
    ReportedMessage,
)
from server.rooms.creator_lists import creator_of, log_record, random_id, to_person_or_none
from server.rooms.part import CommandHandlers
from server.social.author import Author
from server.storage.reports import NewReport, NoSuchMessage, ReportRecord, TooManyReports
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

REASONS = ("spam", "harassment", "hate", "sexual", "violence", "self_harm", "minor", "other")
DECISIONS = ("removed", "muted", "banned", "dismissed")
"""The possible decisions of moderators. Operators have further decisions."""
MAX_TEXT = 500
"""Maximum length of the text of a report, of a note and of an answer, characters."""


class RoomReports:
    """Executes the commands about reports in one room."""

    def __init__(
        self, record: Callable[[], RoomRecord], storage: Storage, now: Callable[[], float]
    ) -> None:
        self._record = record
        self._storage = storage
        self._now = now

    def command_handlers(self) -> CommandHandlers:
        return {MakeReport: self.make, ReadReports: self.read, DecideReport: self.decide}

    async def make(self, author: Author, command: MakeReport) -> Report:
        if not author.person.id:
            raise Unauthorized(RefusalCode.SIGNED_OUT, "a report needs a person: send the cookie")
        if command.reason not in REASONS:
            raise _bad(f"the reason is one of {', '.join(REASONS)}")
        if command.message is not None and command.person is not None:
            raise _bad("a report is about a message, a person or the room")
        new = NewReport(
            random_id(),
            self._record().room,
            author.person.id,
            command.reason,
            read_note(command.text),
            self._now(),
            command.message,
            command.person,
        )
        try:
            await self._storage.reports.add(new)
        except NoSuchMessage as error:
            raise NotFound(
                RefusalCode.MESSAGE_NOT_FOUND, "there is no such message in this room"
            ) from error
        except TooManyReports as error:
            raise TooManyRequests(
                RefusalCode.RATE_LIMITED, "too many reports from you", error.retry_after
            ) from error
        return describe_report(await self._find(new.id))

    async def read(self, author: Author, _: ReadReports) -> tuple[Report, ...]:
        without = self._above(author)
        found = await self._storage.reports.of_room(self._record().room, without)
        return tuple(map(describe_report, found))

    async def decide(self, author: Author, command: DecideReport) -> Report:
        if command.decision not in DECISIONS:
            raise _bad(f"the decision is one of {', '.join(DECISIONS)}")
        note, record, now = read_note(command.note), self._record(), self._now()
        report = await self._storage.reports.find(command.report)
        if (
            report is None
            or report.room != record.room
            or report.kind == "room"
            or (report.person is not None and report.person.id in self._above(author))
        ):
            raise NotFound(RefusalCode.REPORT_NOT_FOUND, "this room has no such report")
        if not await self._storage.reports.decide(report.id, command.decision, note, now):
            raise decided_already()
        person = report.person.id if report.person else None
        log = log_record(record, now, author, "decide", report.id, person, command.decision)
        await self._storage.moderation.record(creator_of(record), log)
        return describe_report(await self._find(report.id))

    def _above(self, author: Author) -> set[str]:
        """Returns the people about whom this moderator may neither read nor decide reports. These
        people are the moderator and the owner of the room. Only the operator decides about the
        owner.
        """
        return {person for person in (self._record().owner, author.person.id) if person}

    async def _find(self, report: str) -> ReportRecord:
        found = await self._storage.reports.find(report)
        if found is None:
            raise NotFound(RefusalCode.REPORT_NOT_FOUND, "there is no such report")
        return found


def describe_report(record: ReportRecord, *, to_reported: bool = False) -> Report:
    """Returns a report. `to_reported`: whether the report is for the reported person, who never
    sees the text of the reporter.
    """
    return Report(
        record.id,
        record.room,
        record.kind,
        None if record.message is None else ReportedMessage(record.message, record.message_text),
        to_person_or_none(record.person),
        record.reason,
        "" if to_reported else record.text,
        record.state,
        record.decision,
        record.note,
        record.answer,
        record.at,
        record.decided_at,
        record.answered_at,
    )


def read_note(text: str) -> str:
    """Returns a text as one line without control characters. The text belongs to a report, a note
    or an answer. Raises Unprocessable if the text is too long.
    """
    if len(text) > MAX_TEXT:
        raise _bad(f"the text is over {MAX_TEXT} characters")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


def decided_already() -> Conflict:
    return Conflict(RefusalCode.REPORT_DECIDED, "this report is decided already")


def _bad(text: str) -> Unprocessable:
    return Unprocessable(RefusalCode.BAD_REPORT, text)
