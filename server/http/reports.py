"""The endpoints for reports about messages, people and rooms, for viewers and moderators.
server/API.md describes the requests and answers.
"""

import time
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.errors import Conflict, NotFound
from server.http.identity import Identity
from server.http.ids import PATTERN, is_id
from server.http.json_body import MAX_NUMBER, read_model, read_object
from server.http.payloads import Payload, reply
from server.http.requester import Requesters
from server.rooms.commands.reports import DecideReport, MakeReport, ReadReports, Report
from server.rooms.registry import Rooms
from server.rooms.reports import MAX_TEXT, describe_report, read_note
from server.storage.reports import ReportStore

PersonId = Annotated[str, Field(pattern=f"^{PATTERN}$")]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class MakeReportBody(BaseModel):
    """The body of POST /api/rooms/{room}/reports."""

    model_config = ConfigDict(extra="forbid")

    message: Annotated[int | None, Field(ge=1, le=MAX_NUMBER, strict=True)] = None
    person: PersonId | None = None
    reason: Annotated[str, Field(max_length=20)]
    text: Text = ""


class DecideReportBody(BaseModel):
    """The body of PUT /api/rooms/{room}/reports/{id}."""

    model_config = ConfigDict(extra="forbid")

    decision: Annotated[str, Field(max_length=20)]
    note: Text = ""


class AnswerReportBody(BaseModel):
    """The body of PUT /api/reports/{id}/answer."""

    model_config = ConfigDict(extra="forbid")

    answer: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class ReportList(Payload):
    """Reports, the newest first."""

    reports: list[Report]


class OwnReports(Payload):
    """The reports that a person made, and the reports about the person."""

    made: list[Report]
    about: list[Report]


class ReportsEndpoint:
    """The endpoints of reports."""

    def __init__(
        self, rooms: Rooms, reports: ReportStore, identity: Identity, requesters: Requesters
    ) -> None:
        self._rooms = rooms
        self._reports = reports
        self._identity = identity
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/rooms/{room}/reports", self.make),
            web.get("/api/rooms/{room}/reports", self.list),
            web.put("/api/rooms/{room}/reports/{id}", self.decide),
            web.get("/api/me/reports", self.own),
            web.put("/api/reports/{id}/answer", self.answer),
        ]

    async def make(self, request: web.Request) -> web.Response:
        """Reports a message, a person or the room. Responds 201."""
        body = read_model(MakeReportBody, await read_object(request), RefusalCode.BAD_REPORT)
        by = await self._requesters.person(request)
        command = MakeReport(by, body.reason, body.text, body.message, body.person)
        report = await self._rooms.ask(request.match_info["room"], command)
        return reply(Report, report, status=201)

    async def list(self, request: web.Request) -> web.Response:
        command = ReadReports(self._requesters.reading(request))
        reports = await self._rooms.ask(request.match_info["room"], command)
        return reply(ReportList, {"reports": reports})

    async def decide(self, request: web.Request) -> web.Response:
        body = read_model(DecideReportBody, await read_object(request), RefusalCode.BAD_REPORT)
        by = await self._requesters.writing(request)
        command = DecideReport(by, read_report_id(request), body.decision, body.note)
        return reply(Report, await self._rooms.ask(request.match_info["room"], command))

    async def own(self, request: web.Request) -> web.Response:
        """Returns the reports that the person made, and the reports about the person."""
        person = await self._identity.require_person(request, store=False)
        made = [describe_report(one) for one in await self._reports.made_by(person.id)]
        about = [
            describe_report(one, to_reported=True) for one in await self._reports.about(person.id)
        ]
        return reply(OwnReports, {"made": made, "about": about})

    async def answer(self, request: web.Request) -> web.Response:
        """Stores the answer of the reported person, who may answer only once."""
        body = read_model(AnswerReportBody, await read_object(request), RefusalCode.BAD_REPORT)
        person = await self._identity.require_person(request)
        id = read_report_id(request)
        report = await self._reports.find(id)
        if report is None or report.person is None or report.person.id != person.id:
            raise NotFound(RefusalCode.REPORT_NOT_FOUND, "there is no such report about you")
        if not await self._reports.answer(id, person.id, read_note(body.answer), time.time()):
            raise Conflict(RefusalCode.REPORT_ANSWERED, "you have answered this report already")
        answered = await self._reports.find(id) or report
        return reply(Report, describe_report(answered, to_reported=True))


def read_report_id(request: web.Request) -> str:
    """Returns the id of a report in the path. Raises NotFound."""
    report = request.match_info["id"]
    if not is_id(report):
        raise NotFound(RefusalCode.REPORT_NOT_FOUND, "there is no such report")
    return report
