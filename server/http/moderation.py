"""The moderation of a room: settings, mutes, bans, moderators, words, the shield, held messages and
the log. server/API.md describes the requests and answers.
"""

import re
from typing import Annotated, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.http.chat import MessageBody, number_of
from server.http.ids import is_id
from server.http.json_body import MAX_NUMBER, read_model, read_object
from server.http.payloads import Payload, Title, Visibility, reply
from server.http.requester import Requesters
from server.people.person import Person
from server.rooms.commands.base import SocialCommand
from server.rooms.commands.moderation import (
    Ban,
    BanPerson,
    ChangeRoom,
    DecideHeld,
    LogEntry,
    Mute,
    MutePerson,
    ReadBans,
    ReadHeld,
    ReadLog,
    ReadModerators,
    ReadMutes,
    ReadSettings,
    ReadWords,
    RoomSettingsReply,
    SetModerator,
    SetShield,
    SetWords,
    UnbanPerson,
    UnmutePerson,
)
from server.rooms.registry import Rooms
from server.social.chat_settings import MAX_SLOW, SettingsDescription
from server.social.message import describe_message
from server.social.word_list import MAX_CHARACTERS, MAX_WORDS

Reply = TypeVar("Reply")


class ChangeRoomBody(BaseModel):
    """The body of PATCH /api/rooms/{room}. A member that is absent or null changes nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title | None = None
    visibility: Visibility | None = None
    chat: bool | None = None
    slow: Annotated[int | None, Field(ge=0, le=MAX_SLOW, description="seconds; 0: off")] = None
    followers_only: bool | None = None
    links: bool | None = None
    joins: bool | None = None
    clips: Annotated[
        Literal["allowed", "approve", "off"] | None,
        Field(description="who may make clips; approve: the creator publishes each clip"),
    ] = None
    auto_highlights: Annotated[
        bool | None,
        Field(description="publish the best moments as clips when the live ends"),
    ] = None


class MuteBody(BaseModel):
    """The body of PUT /api/rooms/{room}/mutes/{person}."""

    model_config = ConfigDict(extra="forbid")

    seconds: Literal[60, 600]


class BanBody(BaseModel):
    """The body of PUT /api/rooms/{room}/bans/{person}."""

    model_config = ConfigDict(extra="forbid")

    for_good: Annotated[
        bool, Field(strict=True, description="in every live of the creator, not only in this one")
    ] = False


class WordsBody(BaseModel):
    """The body of PUT /api/rooms/{room}/words."""

    model_config = ConfigDict(extra="forbid")

    words: Annotated[
        list[Annotated[str, Field(max_length=2 * MAX_CHARACTERS)]], Field(max_length=2 * MAX_WORDS)
    ]


class MuteList(Payload):
    """The mutes that are in force, the newest first."""

    mutes: list[Mute]


class BanList(Payload):
    """The bans that are in force, the newest first."""

    bans: list[Ban]


class ModeratorList(Payload):
    """The moderators of the creator, the newest first."""

    moderators: list[Person]


class WordList(Payload):
    """The creator's list of words. The room holds back each message that contains a word of the
    list.
    """

    words: list[str]


class HeldBody(MessageBody):
    """A held message."""

    reason: Literal["word", "link"]
    matched: Annotated[str, Field(description="the word of the list; empty for a link")]


class HeldList(Payload):
    """The held messages, the oldest first."""

    messages: list[HeldBody]


class ModerationLog(Payload):
    """The actions of moderators, the newest first."""

    log: list[LogEntry]


class ModerationEndpoint:
    """The endpoints of moderation below `/api/rooms/{room}`."""

    def __init__(self, rooms: Rooms, requesters: Requesters) -> None:
        self._rooms = rooms
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        room = "/api/rooms/{room}"
        return [
            web.patch(room, self.change_room),
            web.get(f"{room}/settings", self.settings),
            web.get(f"{room}/mutes", self.mutes),
            web.put(f"{room}/mutes/{{person}}", self.mute),
            web.delete(f"{room}/mutes/{{person}}", self.unmute),
            web.get(f"{room}/bans", self.bans),
            web.put(f"{room}/bans/{{person}}", self.ban),
            web.delete(f"{room}/bans/{{person}}", self.unban),
            web.get(f"{room}/moderators", self.moderators),
            web.put(f"{room}/moderators/{{person}}", self.add_moderator),
            web.delete(f"{room}/moderators/{{person}}", self.remove_moderator),
            web.get(f"{room}/words", self.words),
            web.put(f"{room}/words", self.set_words),
            web.put(f"{room}/shield", self.raise_shield),
            web.delete(f"{room}/shield", self.lower_shield),
            web.get(f"{room}/held", self.held),
            web.post(f"{room}/held/{{n}}", self.show_held),
            web.delete(f"{room}/held/{{n}}", self.reject_held),
            web.get(f"{room}/log", self.log),
        ]

    # Settings

    async def change_room(self, request: web.Request) -> web.Response:
        """Changes the title, the visibility or the settings of the chat."""
        body = read_model(ChangeRoomBody, await read_object(request), RefusalCode.BAD_MODERATION)
        by = await self._requesters.writing(request)
        return reply(RoomSettingsReply, await self._ask(request, ChangeRoom(by, **dict(body))))

    async def settings(self, request: web.Request) -> web.Response:
        command = ReadSettings(self._requesters.reading(request))
        return reply(SettingsDescription, await self._ask(request, command))

    async def raise_shield(self, request: web.Request) -> web.Response:
        return await self._set_shield(request, up=True)

    async def lower_shield(self, request: web.Request) -> web.Response:
        return await self._set_shield(request, up=False)

    async def _set_shield(self, request: web.Request, *, up: bool) -> web.Response:
        command = SetShield(await self._requesters.writing(request), up)
        return reply(SettingsDescription, await self._ask(request, command))

    # People

    async def mutes(self, request: web.Request) -> web.Response:
        command = ReadMutes(self._requesters.reading(request))
        return reply(MuteList, {"mutes": await self._ask(request, command)})

    async def mute(self, request: web.Request) -> web.Response:
        person = read_person(request)
        body = read_model(MuteBody, await read_object(request), RefusalCode.BAD_MODERATION)
        by = await self._requesters.writing(request)
        return reply(Mute, await self._ask(request, MutePerson(by, person, body.seconds)))

    async def unmute(self, request: web.Request) -> web.Response:
        person = read_person(request)
        return await self._do(
            request, UnmutePerson(await self._requesters.writing(request), person)
        )

    async def bans(self, request: web.Request) -> web.Response:
        command = ReadBans(self._requesters.reading(request))
        return reply(BanList, {"bans": await self._ask(request, command)})

    async def ban(self, request: web.Request) -> web.Response:
        person = read_person(request)
        body = read_model(BanBody, await read_object(request), RefusalCode.BAD_MODERATION)
        by = await self._requesters.writing(request)
        return reply(Ban, await self._ask(request, BanPerson(by, person, body.for_good)))

    async def unban(self, request: web.Request) -> web.Response:
        person = read_person(request)
        return await self._do(request, UnbanPerson(await self._requesters.writing(request), person))

    async def moderators(self, request: web.Request) -> web.Response:
        command = ReadModerators(self._requesters.reading(request))
        return reply(ModeratorList, {"moderators": await self._ask(request, command)})

    async def add_moderator(self, request: web.Request) -> web.Response:
        return await self._set_moderator(request, moderates=True)

    async def remove_moderator(self, request: web.Request) -> web.Response:
        return await self._set_moderator(request, moderates=False)

    async def _set_moderator(self, request: web.Request, *, moderates: bool) -> web.Response:
        person = read_person(request)
        by = await self._requesters.writing(request)
        return await self._do(request, SetModerator(by, person, moderates))

    # Words and held messages

    async def words(self, request: web.Request) -> web.Response:
        command = ReadWords(self._requesters.reading(request))
        return reply(WordList, {"words": await self._ask(request, command)})

    async def set_words(self, request: web.Request) -> web.Response:
        body = read_model(WordsBody, await read_object(request), RefusalCode.BAD_WORDS)
        by = await self._requesters.writing(request)
        words = await self._ask(request, SetWords(by, tuple(body.words)))
        return reply(WordList, {"words": words})

    async def held(self, request: web.Request) -> web.Response:
        held = await self._ask(request, ReadHeld(self._requesters.reading(request)))
        messages = [
            {**describe_message(one.message), "reason": one.reason, "matched": one.matched}
            for one in held
        ]
        return reply(HeldList, {"messages": messages})

    async def show_held(self, request: web.Request) -> web.Response:
        return await self._decide_held(request, show=True)

    async def reject_held(self, request: web.Request) -> web.Response:
        return await self._decide_held(request, show=False)

    async def _decide_held(self, request: web.Request, *, show: bool) -> web.Response:
        n = number_of(request)
        by = await self._requesters.writing(request)
        return await self._do(request, DecideHeld(by, n, show))

    async def log(self, request: web.Request) -> web.Response:
        """Returns the log of the moderators' actions. With `before` in the query, returns only the
        entries with lower numbers.
        """
        before = _read_before(request.query.get("before", ""))
        command = ReadLog(self._requesters.reading(request), before)
        return reply(ModerationLog, {"log": await self._ask(request, command)})

    async def _ask(self, request: web.Request, command: SocialCommand[Reply]) -> Reply:
        return await self._rooms.ask(request.match_info["room"], command)

    async def _do(self, request: web.Request, command: SocialCommand[None]) -> web.Response:
        await self._ask(request, command)
        return web.Response(status=204)


def read_person(request: web.Request) -> str:
    """Returns the id of a person in the path. Raises Unprocessable."""
    person = request.match_info["person"]
    if not is_id(person):
        raise Unprocessable(RefusalCode.BAD_MODERATION, "this is not the id of a person")
    return person


def _read_before(text: str) -> int | None:
    if not re.fullmatch(r"[0-9]{1,16}", text, re.ASCII):
        return None
    return min(int(text), MAX_NUMBER)
