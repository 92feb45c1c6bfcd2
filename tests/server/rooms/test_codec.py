"""Commands, replies and refusals survive a JSON round trip."""

import json
from typing import Any

import pytest

from relay.errors import Refusal, RefusalCode
from server.errors import Conflict, Unavailable
from server.ingest.health import IngestHealth
from server.ingest.missing import Missing
from server.people.person import ANONYMOUS, Person
from server.rooms.audience import AudienceHealth, Spread
from server.rooms.codec import (
    CodecError,
    decode_command,
    decode_refusal,
    decode_reply,
    encode_command,
    encode_refusal,
    encode_reply,
)
from server.rooms.commands.access import (
    AddLink,
    Admission,
    Admit,
    ReadLinks,
    RevokeLink,
    WatchLink,
)
from server.rooms.commands.base import Command
from server.rooms.commands.chat import (
    MessagePage,
    PinMessage,
    Posted,
    PostMessage,
    ReadMessages,
    RemoveMessage,
    RestoreMessage,
    UnpinMessage,
)
from server.rooms.commands.countdown import AddMinute, CountdownEnd
from server.rooms.commands.highlights import BestMoment, BestMoments, ReadHighlights
from server.rooms.commands.moderation import (
    Ban,
    BanPerson,
    ChangeRoom,
    DecideHeld,
    HeldMessage,
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
from server.rooms.commands.polls import (
    ClosePoll,
    OpenPoll,
    PollDescription,
    PollView,
    ReadPoll,
    Vote,
)
from server.rooms.commands.replay import ChangeReplay, ReadReplay, ReplayReader
from server.rooms.commands.reports import (
    DecideReport,
    MakeReport,
    ReadReports,
    Report,
    ReportedMessage,
)
from server.rooms.commands.room import (
    AuthorisePublishing,
    DeleteLive,
    Describe,
    End,
    EndByOperator,
    EndSession,
    ReadHealth,
    RequireOpen,
)
from server.rooms.commands.summary import ReadSummary
from server.rooms.commands.table import COMMANDS
from server.rooms.commands.timeline import ReadTimeline
from server.rooms.description import RoomDescription
from server.rooms.health import RoomHealth
from server.rooms.life import State
from server.social.author import Requester, Role
from server.social.chat_settings import SettingsDescription, ShieldDescription
from server.social.message import Kind, Message, Reply
from server.social.summary import (
    Hearts,
    Moment,
    PollResult,
    PublicSummary,
    Summary,
    Talker,
)
from server.social.timeline import SecondOfHearts, Timeline, TimelineMessage

DESCRIPTION = RoomDescription("abc", "Tïtle", State.LIVE, 3, 1_700_000_000.25, None)
HEALTH = RoomHealth(
    DESCRIPTION,
    IngestHealth(
        *(1_000_000, 29.9, 40, 1, 0, None, 12),
        [Missing("picture", "no_keyframe", 13, "no keyframe has arrived")],
    ),
    AudienceHealth(3, 2, 1, Spread(100, 200), None, 0, {"mse": 2}),
)
BY = Requester(Person("p-1", "민지", 3, "minji"), "192.0.2.1", "key")
POLL = PollDescription("7f3k", "Tea?", ["Yes", "No"], [0, 1], True, None)
HEARTS = Hearts(3, {"heart": 3}, 5, [3, 0])
PUBLIC = PublicSummary("abc", "Tïtle", 1_700_000_000.25, 10, 3, HEARTS)
SUMMARY = Summary(
    *("abc", "Tïtle", 1_700_000_000.25, 10, 3, HEARTS),
    people=4,
    messages=5,
    top_moment=Moment(5, 2, 3),
    talkers=[Talker(BY.person, 5)],
    new_followers=1,
    polls=[PollResult("Tea?", ["Yes", "No"], [0, 1], 4)],
)
TIMELINE = Timeline(
    90,
    [TimelineMessage(70, 7, "p-1", "민지", 3, "minji", Role.KNOWN, "hi")],
    [SecondOfHearts(0, {"heart": 3})],
)
MESSAGE = Message(
    7, "c-1", BY.person, Role.KNOWN, "hi", 1.5, 70, Reply(3, "Sam", "…"), mentions=("p-2",)
)
LINE = Message(8, "", ANONYMOUS, Role.CREATOR, "slow", 1.5, 70, kind=Kind.SYSTEM, values={"s": 1})
SETTINGS = SettingsDescription(
    *(True, 5, False, True, False, True, "approve", True), ShieldDescription(True, 1_700)
)
MUTE = Mute(BY.person, 60.0, 1.5, None)
BAN = Ban(BY.person, True, 1.5, BY.person)
REPORT = Report(
    *("r", "abc", "message", ReportedMessage(7, "hi"), BY.person, "spam", "", "decided"),
    *("removed", "rude", None, 1.5, 2.5, None),
)
LINK = WatchLink("l", "token", 1.5, 2.5, None)
SAMPLES: list[tuple[Command[Any], Any]] = [
    (Describe(), DESCRIPTION),
    (ReadHealth("key"), HEALTH),
    (ReadHealth("key"), RoomHealth(DESCRIPTION, None, HEALTH.audience)),
    (ReadHighlights(BY), BestMoments((BestMoment(5, 9_000_000, 1_000_000, 17_000_000, 4),))),
    (RequireOpen(), None),
    (AuthorisePublishing("key"), None),
    (EndSession("key", "session"), None),
    (End("key"), None),
    (DeleteLive("key"), None),
    (EndByOperator(), None),
    (OpenPoll(BY, "Tea?", ["Yes", "No"]), PollView(POLL)),
    (ReadPoll(BY), PollView(None)),
    (Vote(BY, "7f3k", 1), PollView(POLL, 1)),
    (ClosePoll(BY, "7f3k"), PollView(POLL)),
    (AddMinute(BY), CountdownEnd(120, 1_700_000_000_000)),
    (ReadReplay(BY), ReplayReader(creator=True)),
    (ChangeReplay(BY), None),
    (ReadSummary(BY), PUBLIC),
    (ReadSummary(BY), SUMMARY),
    (ReadTimeline(BY, 0, 90), TIMELINE),
    (PostMessage(BY, "c-1", "안녕", reply_to=3, media_time=70), Posted(MESSAGE, new=True)),
    (PostMessage(BY, "c-1", "hi"), Posted(LINE, new=False)),
    (
        ReadMessages(BY, 50, before=7),
        MessagePage((MESSAGE, LINE), 9, Role.MODERATOR, MESSAGE.person),
    ),
    (RemoveMessage(BY, 7), None),
    (RestoreMessage(BY, 7), None),
    (PinMessage(BY, 7), None),
    (UnpinMessage(BY), None),
    (ReadSettings(BY), SETTINGS),
    (ChangeRoom(BY, slow=5), RoomSettingsReply("abc", "A", "private", SETTINGS)),
    (MutePerson(BY, "p-2", 60), MUTE),
    (UnmutePerson(BY, "p-2"), None),
    (ReadMutes(BY), (MUTE,)),
    (BanPerson(BY, "p-2", for_good=True), BAN),
    (UnbanPerson(BY, "p-2"), None),
    (ReadBans(BY), (BAN,)),
    (SetModerator(BY, "p-2", moderates=True), None),
    (ReadModerators(BY), (BY.person,)),
    (ReadWords(BY), ("바보", "foo")),
    (SetWords(BY, ("foo",)), ("foo",)),
    (SetShield(BY, up=True), SETTINGS),
    (ReadHeld(BY), (HeldMessage(MESSAGE, "word", "foo"),)),
    (DecideHeld(BY, 7, show=True), None),
    (ReadLog(BY, 9), (LogEntry(8, 1.5, None, "mute", "p-2", BY.person, "60 s"),)),
    (MakeReport(BY, "spam", "look", message=7), REPORT),
    (ReadReports(BY), (REPORT,)),
    (DecideReport(BY, "r", "removed", "rude"), REPORT),
    (Admit(BY, "token"), Admission(True, "l", 2.5)),
    (AddLink(BY, 60), LINK),
    (ReadLinks(BY), (LINK,)),
    (RevokeLink(BY, "l"), None),
]


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_every_command_has_a_sample() -> None:
    assert {type(command) for command, _ in SAMPLES} == set(COMMANDS.values())


@pytest.mark.parametrize(("command", "reply"), SAMPLES)
def test_commands_and_replies(command: Command[Any], reply: Any) -> None:
    decoded = decode_command(through_json(encode_command(command)))
    assert decoded == command and type(decoded) is type(command)
    assert decode_reply(command, through_json(encode_reply(command, reply))) == reply


@pytest.mark.parametrize(
    "refusal",
    [
        Conflict(RefusalCode.ROOM_ENDED, "this room has ended"),
        Unavailable(RefusalCode.TOO_MANY_ROOMS, "try again later", 4.2),
    ],
)
def test_refusals(refusal: Refusal) -> None:
    decoded = decode_refusal(through_json(encode_refusal(refusal)))
    assert (decoded.status, decoded.code, str(decoded), decoded.retry_after) == (
        refusal.status,
        refusal.code,
        str(refusal),
        refusal.retry_after,
    )


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"command": "explode"},
        {"command": ["end"]},
        {"command": "end"},
        {"command": "end", "key": 5},
        {"command": "end_session", "key": "key", "session": None},
    ],
)
def test_a_command_that_cannot_be_read(message: dict[str, Any]) -> None:
    with pytest.raises(CodecError):
        decode_command(message)


@pytest.mark.parametrize(
    "message", [{}, {"status": 409, "code": "none", "text": "", "retry_after": None}]
)
def test_a_refusal_that_cannot_be_read(message: dict[str, Any]) -> None:
    with pytest.raises(CodecError):
        decode_refusal(message)


def test_a_reply_that_cannot_be_read() -> None:
    with pytest.raises(CodecError):
        decode_reply(Describe(), {"room": "abc"})


def test_a_key_is_not_printed() -> None:
    assert "secret" not in repr(End("secret"))
