"""Each command and notice reaches its part."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from relay.channel.owner import Notice
from relay.errors import MessageError, Refusal, RefusalCode
from server.rooms import social
from server.rooms.commands.base import SocialCommand
from server.rooms.life import State
from server.rooms.part import CommandHandlers, NoticeHandlers, RoomPart
from server.rooms.past_room import PastRoom
from server.rooms.social import RoomSocial
from server.social.author import Author, Role
from tests.fixtures.social import KEY, MINJI, make_context, no_storage, requester


@dataclass(frozen=True, slots=True)
class Wave(SocialCommand[str]):
    name = "wave"
    reply = str
    text: str


@dataclass(frozen=True, slots=True)
class Tidy(SocialCommand[None]):
    name = "tidy"
    reply = None
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class Close(SocialCommand[None]):
    name = "close"
    reply = None
    needs = Role.CREATOR


class Waving(RoomPart):
    """Records the commands and notices that it gets."""

    got: list[Any]

    def command_handlers(self) -> CommandHandlers:
        self.got = []
        return {Wave: self.wave, Tidy: self.tidy, Close: self.tidy}

    def notice_handlers(self) -> NoticeHandlers:
        return {"taps": self.got.append}

    async def wave(self, author: Author, command: Wave) -> str:
        self.got.append((author, command.text))
        return command.text.upper()

    async def tidy(self, author: Author, command: Tidy | Close) -> None:
        self.got.append(author.role)

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        self.got.append((viewer, person, media))

    def viewer_left(self, viewer: int) -> None:
        self.got.append(viewer)

    def state_changed(self, before: State, after: State) -> None:
        self.got.append((before, after))

    async def close(self) -> None:
        self.got.append("closed")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> RoomSocial:
    """A room with Waving in place of its polls."""
    monkeypatch.setattr(social, "RoomPolls", Waving)
    return RoomSocial(make_context())


def got(room: RoomSocial) -> list[Any]:
    assert isinstance(room.polls, Waving)
    return room.polls.got


async def test_a_command_reaches_its_part_with_its_author(room: RoomSocial) -> None:
    assert await room.execute(Wave(requester(), "hi")) == "HI"
    ((author, text),) = got(room)
    assert (author.person, author.role, text) == (MINJI, Role.GUEST, "hi")
    assert author.network_hash and "192" not in author.network_hash


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Tidy(requester()), RefusalCode.MODERATORS_ONLY),
        (Close(requester()), RefusalCode.CREATOR_ONLY),
        (Wave(requester(key="wrong"), ""), RefusalCode.WRONG_KEY),
    ],
)
async def test_rights_are_checked_and_refusals_counted(
    room: RoomSocial, command: SocialCommand[Any], code: RefusalCode
) -> None:
    with pytest.raises(Refusal) as caught:
        await room.execute(command)
    assert (caught.value.status, caught.value.code) == (403, code)
    assert not got(room) and room._context.counters.refused == Counter({code: 1})


@pytest.mark.parametrize("kind", [Tidy, Close])
async def test_the_key_makes_the_creator(room: RoomSocial, kind: type[Tidy]) -> None:
    await room.execute(kind(requester(key=KEY)))
    assert got(room) == [Role.CREATOR]


def test_notices(room: RoomSocial) -> None:
    notice = Notice(1, None, 0, {"type": "taps"})
    room.receive_notice(notice)
    assert got(room) == [notice]
    with pytest.raises(MessageError, match="unknown notice type"):
        room.receive_notice(Notice(1, None, 0, {"type": "nonsense"}))


async def test_viewers_and_life_reach_every_part(room: RoomSocial) -> None:
    room.viewer_joined(4, "p-4", True)
    room.viewer_left(4)
    room.state_changed(State.IDLE, State.LIVE)
    await room.close()
    assert got(room) == [(4, "p-4", True), 4, (State.IDLE, State.LIVE), "closed"]


async def test_a_past_room_refuses_what_storage_cannot_answer() -> None:
    """It refuses after the same checks as a room that is open."""
    past = PastRoom(make_context().record, no_storage())
    for command, status, code in (
        (Wave(requester(), "hi"), 410, RefusalCode.ROOM_ENDED),
        (Close(requester()), 403, RefusalCode.CREATOR_ONLY),
        (Close(requester(key="wrong")), 403, RefusalCode.WRONG_KEY),
        (Close(requester(key=KEY)), 410, RefusalCode.ROOM_ENDED),
    ):
        with pytest.raises(Refusal) as caught:
            await past.execute(command)
        assert (caught.value.status, caught.value.code) == (status, code)


def test_roles_include_the_roles_below() -> None:
    order = [Role.GUEST, Role.KNOWN, Role.MODERATOR, Role.CREATOR]
    for rank, role in enumerate(order):
        assert [role.includes(other) for other in order] == [other <= rank for other in range(4)]
    assert Role.MODERATOR.moderates and not Role.KNOWN.moderates
