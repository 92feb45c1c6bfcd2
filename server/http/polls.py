"""`/api/rooms/{room}/polls`: opens, reads and closes polls, and takes votes (server/API.md)."""

import asyncio

from aiohttp import web
from pydantic import BaseModel

from relay.errors import RefusalCode
from server.errors import BadRequest
from server.http.json_body import read_object
from server.http.payloads import reply
from server.http.requester import Requesters
from server.rooms.commands.base import Command
from server.rooms.commands.polls import ClosePoll, OpenPoll, PollView, ReadPoll, Vote
from server.rooms.registry import Rooms


class AskQuestion(BaseModel):
    """The body of POST /api/rooms/{room}/polls."""

    question: str
    answers: list[str]


class GiveVote(BaseModel):
    """The body of PUT /api/rooms/{room}/polls/{poll}/vote."""

    answer: int


class PollsEndpoint:
    """The endpoints `/api/rooms/{room}/polls` and below."""

    def __init__(self, rooms: Rooms, requesters: Requesters) -> None:
        self._rooms = rooms
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/rooms/{room}/polls", self.open),
            web.get("/api/rooms/{room}/polls", self.read),
            web.put("/api/rooms/{room}/polls/{poll}/vote", self.vote),
            web.delete("/api/rooms/{room}/polls/{poll}", self.close),
        ]

    async def open(self, request: web.Request) -> web.Response:
        by = await self._requesters.writing(request)
        body = await read_object(request)
        question, answers = body.get("question"), body.get("answers")
        if (
            not isinstance(question, str)
            or not isinstance(answers, list)
            or not all(isinstance(answer, str) for answer in answers)
        ):
            raise BadRequest(
                RefusalCode.BAD_POLL,
                'send a question and answers: {"question": "…", "answers": ["…", "…"]}',
            )
        return await self._ask(request, OpenPoll(by, question, answers), status=201)

    async def read(self, request: web.Request) -> web.Response:
        return await self._ask(request, ReadPoll(self._requesters.reading(request)))

    async def vote(self, request: web.Request) -> web.Response:
        by = await self._requesters.person(request)
        answer = (await read_object(request)).get("answer")
        return await self._ask(request, Vote(by, request.match_info["poll"], answer))

    async def close(self, request: web.Request) -> web.Response:
        by = await self._requesters.writing(request)
        return await self._ask(request, ClosePoll(by, request.match_info["poll"]))

    async def _ask(
        self, request: web.Request, command: Command[PollView], *, status: int = 200
    ) -> web.Response:
        """Executes the command, even if the client disconnects before the answer is sent."""
        view = await asyncio.shield(self._rooms.ask(request.match_info["room"], command))
        return reply(PollView, view, status=status)
