"""`/api/admin/bans` and `/api/admin/reports`: people banned on this server, and the reports of all
rooms, for the operator. server/API.md describes the requests and answers.
"""

import asyncio
import logging
import time
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.errors import Conflict, NotFound
from server.http.admin import MAX_BLOCK, Authorise
from server.http.json_body import read_model, read_object
from server.http.payloads import Payload, reply
from server.http.reports import Text, read_report_id
from server.http.writers import person_of
from server.people.names import MAX_INPUT
from server.people.person import Person
from server.people.skeleton import key_of
from server.rooms.commands.reports import Report
from server.rooms.creator_lists import random_id, to_person
from server.rooms.registry import Rooms
from server.rooms.reports import decided_already, describe_report, read_note
from server.storage.bans import MAX_BANS, BanRecord, TooManyBans
from server.storage.moderation_change import OPERATOR
from server.storage.reports import ReportRecord
from server.storage.storage import Storage

logger = logging.getLogger(__name__)


class BanRequest(BaseModel):
    """The body of POST /api/admin/bans."""

    model_config = ConfigDict(extra="forbid")

    person: Annotated[str, Field(max_length=MAX_INPUT, description="an id, or @ and a handle")]
    seconds: Annotated[
        float | None,
        Field(gt=0, le=MAX_BLOCK, allow_inf_nan=False, description="duration; null: for good"),
    ] = None
    reason: Annotated[str, Field(max_length=200)] = ""


class OperatorBan(Payload):
    """A person who is banned on this server. Times are in Unix seconds."""

    person: Person
    until: float | None
    reason: str
    at: float


class OperatorBanAnswer(Payload):
    """The answer of POST /api/admin/bans."""

    ban: OperatorBan
    ended: Annotated[list[str], Field(description="names of the person's rooms, which end")]


class OperatorBans(Payload):
    """The people who are banned on this server, the newest first."""

    bans: list[OperatorBan]


class OperatorReport(Payload):
    """A report and its reporter, as the operator can read them."""

    report: Report
    reporter: Person | None


class OperatorReports(Payload):
    """The reports of all rooms, the newest first."""

    reports: list[OperatorReport]


class OperatorDecision(BaseModel):
    """The body of POST /api/admin/reports/{id}."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["removed", "muted", "banned", "ended", "dismissed"]
    note: Text = ""


class AdminModerationEndpoint:
    """The endpoints `/api/admin/bans` and `/api/admin/reports`."""

    def __init__(self, rooms: Rooms, storage: Storage, authorise: Authorise) -> None:
        self._rooms = rooms
        self._storage = storage
        self._authorise = authorise

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/admin/bans", self.list_bans),
            web.post("/api/admin/bans", self.ban),
            web.delete("/api/admin/bans/{person}", self.unban),
            web.get("/api/admin/reports", self.list_reports),
            web.post("/api/admin/reports/{id}", self.decide),
        ]

    async def list_bans(self, request: web.Request) -> web.Response:
        self._authorise(request)
        bans = await self._storage.bans.in_force(OPERATOR, None, time.time())
        return reply(OperatorBans, {"bans": [_describe_ban(ban) for ban in bans]})

    async def ban(self, request: web.Request) -> web.Response:
        """Bans a person, who then cannot write messages or create rooms on any server with this
        database. Responds 201.
        """
        self._authorise(request)
        wanted = read_model(BanRequest, await read_object(request), RefusalCode.BAD_MODERATION)
        person = await self._find(wanted.person)
        now = time.time()
        until = None if wanted.seconds is None else now + wanted.seconds
        reason = read_note(wanted.reason)
        try:
            await asyncio.shield(
                self._storage.bans.add_by_operator(person.id, random_id(), now, until, reason)
            )
        except TooManyBans as error:
            raise Conflict(
                RefusalCode.TOO_MANY_BANS, f"{MAX_BANS} people are banned already"
            ) from error
        if until is None:
            await asyncio.shield(self._storage.clips.delete_everywhere(person.id, now))
        logger.info("banned the person %s: %s", person.id, reason or "-")
        ended = self._rooms.listing.owned_by(person.id)
        self._rooms.announce_moderation(OPERATOR)
        ban = {"person": person, "until": until, "reason": reason, "at": now}
        return reply(OperatorBanAnswer, {"ban": ban, "ended": ended}, status=201)

    async def unban(self, request: web.Request) -> web.Response:
        """Removes the ban of a person. Responds 204."""
        self._authorise(request)
        person = await self._find(request.match_info["person"])
        if not await asyncio.shield(self._storage.bans.remove_by_operator(person.id, time.time())):
            raise NotFound(RefusalCode.PERSON_NOT_FOUND, "this person is not banned")
        self._rooms.announce_moderation(OPERATOR)
        logger.info("unbanned the person %s", person.id)
        return web.Response(status=204)

    async def list_reports(self, request: web.Request) -> web.Response:
        """Lists the reports of all rooms. With `state` in the query, lists only the open reports or
        only the decided reports.
        """
        self._authorise(request)
        state = request.query.get("state")
        known = state if state in ("open", "decided") else None
        reports = [_describe_report(one) for one in await self._storage.reports.all(known)]
        return reply(OperatorReports, {"reports": reports})

    async def decide(self, request: web.Request) -> web.Response:
        """Records the decision on a report. The decision itself does not ban or remove anything."""
        self._authorise(request)
        body = read_model(OperatorDecision, await read_object(request), RefusalCode.BAD_REPORT)
        id, store = read_report_id(request), self._storage.reports
        if await store.find(id) is None:
            raise NotFound(RefusalCode.REPORT_NOT_FOUND, "there is no such report")
        if not await store.decide(id, body.decision, read_note(body.note), time.time()):
            raise decided_already()
        decided = await store.find(id)
        if decided is None:
            raise NotFound(RefusalCode.REPORT_NOT_FOUND, "there is no such report")
        return reply(OperatorReport, _describe_report(decided))

    async def _find(self, text: str) -> Person:
        """Returns the person with this id or handle. Raises NotFound."""
        found = []
        if text and len(text) <= MAX_INPUT and text.isprintable():
            found = await self._storage.people.people(text, key_of(text.removeprefix("@")))
        if not found:
            raise NotFound(
                RefusalCode.PERSON_NOT_FOUND, "there is no person with this id or handle"
            )
        return person_of(found[0])


def _describe_ban(ban: BanRecord) -> dict[str, object]:
    return {
        "person": to_person(ban.person),
        "until": ban.until,
        "reason": ban.reason,
        "at": ban.at,
    }


def _describe_report(record: ReportRecord) -> dict[str, object]:
    reporter = record.reporter and to_person(record.reporter)
    return {"report": describe_report(record), "reporter": reporter}
