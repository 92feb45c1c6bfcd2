"""Operations for reports about messages, people and rooms."""

from relay.errors import RefusalCode as Code
from server.http.operations.operation import Operation
from server.http.operations.refusals import (
    DECISION,
    MESSAGE,
    MODERATOR,
    PERSON,
    REPORT_BODY,
    ROOM,
    STORED_PERSON,
    merged,
)
from server.http.reports import (
    AnswerReportBody,
    DecideReportBody,
    MakeReportBody,
    OwnReports,
    ReportList,
)
from server.rooms.commands.reports import Report

OPERATIONS = (
    Operation(
        "POST",
        "/api/rooms/{room}/reports",
        "Report a message, a person or the room",
        {201: (Report,)},
        merged(ROOM, STORED_PERSON, REPORT_BODY, MESSAGE),
        body=MakeReportBody,
    ),
    Operation(
        "GET",
        "/api/rooms/{room}/reports",
        "The reports about messages and people of the room",
        {200: (ReportList,)},
        MODERATOR,
    ),
    Operation(
        "PUT",
        "/api/rooms/{room}/reports/{id}",
        "Decide on a report",
        {200: (Report,)},
        merged(MODERATOR, REPORT_BODY, DECISION),
        body=DecideReportBody,
    ),
    Operation(
        "GET",
        "/api/me/reports",
        "The reports that the person made, and the reports about the person",
        {200: (OwnReports,)},
        PERSON,
    ),
    Operation(
        "PUT",
        "/api/reports/{id}/answer",
        "Answer a report about oneself, once",
        {200: (Report,)},
        merged(
            STORED_PERSON,
            REPORT_BODY,
            {404: (Code.REPORT_NOT_FOUND,), 409: (Code.REPORT_ANSWERED,)},
        ),
        body=AnswerReportBody,
    ),
)
