"""The chat of one room, with real storage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from relay.errors import Refusal, RefusalCode
from server.errors import Unprocessable
from server.people.person import ANONYMOUS, Person
from server.rooms.chat import RoomChat
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
from server.rooms.life import State as RoomState
from server.rooms.part import RoomContext
from server.rooms.past_room import PastRoom
from server.social.author import Author, Role
from server.social.message import Message, State, describe_message
from server.social.message_log import KEPT
from server.social.verdict import ALLOWED, HELD, Outcome, Verdict, refused
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.messages import MessageRecord
from server.storage.storage import Storage
from tests.fixtures.channel import Timers, Watcher, make_channel
from tests.fixtures.media import video_sample
from tests.fixtures.social import (
    MINJI,
    SAM,
    Clock,
    author,
    events_of,
    make_context,
    requester,
)


class FakeJudge:
    """A judge that decides as the test says, and records texts and removals."""

    def __init__(self) -> None:
        self.verdict: Verdict = ALLOWED
        self.judged: list[tuple[str, str]] = []
        self.noted: list[tuple[str, str, int]] = []

    def judge(self, author: Author, text: str, now: float) -> Verdict:
        self.judged.append((author.person.id, text))
        return self.verdict

    def likely_role(self, author: Author) -> Role:
        return Role.KNOWN

    def refuse_early(self, author: Author, now: float) -> Verdict | None:
        return self.verdict if self.verdict.outcome is Outcome.REFUSED else None

    async def note_removal(self, moderator: Author, message: Message) -> None:
        self.noted.append(("removal", moderator.person.id, message.n))

    async def note_restoration(self, moderator: Author, message: Message) -> None:
        self.noted.append(("restoration", moderator.person.id, message.n))


class Talk:
    """A chat with one viewer."""

    def __init__(self, storage: Storage, **options: Any) -> None:
        self.timers, self.watcher, self.clock = Timers(), Watcher(), Clock()
        self.channel = make_channel(timers=self.timers)
        self.channel.subscribe(self.watcher)
        self.context: RoomContext = make_context(
            storage, channel=self.channel, clock=self.clock, **options
        )
        self.judge = FakeJudge()
        self.chat = RoomChat(self.context, self.judge)
        self._ids = 0

    async def post(
        self, text: str = "hi", person: Person = MINJI, role: Role = Role.CREATOR, **fields: Any
    ) -> Posted:
        self._ids += 1
        command = PostMessage(requester(person), fields.pop("id", f"c-{self._ids}"), text, **fields)
        return await self.chat.post(author(person, role), command)

    async def read(self, **fields: Any) -> MessagePage:
        return await self.chat.read(
            author(), ReadMessages(requester(), fields.pop("limit", 50), **fields)
        )

    async def texts(self, **fields: Any) -> list[str]:
        return [message.text for message in (await self.read(**fields)).messages]

    async def settle(self) -> None:
        """Waits for the tasks of the chat."""
        await asyncio.wait(self.chat._tasks)

    def events(self) -> list[dict[str, Any]]:
        """The events that the viewer got since the last call."""
        self.timers.go_off()
        events = events_of(self.watcher)
        self.watcher.messages.clear()
        return events


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def talk(storage: Storage) -> AsyncIterator[Talk]:
    made = Talk(storage)
    yield made
    await made.chat.close()


async def refusal_of(work: Awaitable[object]) -> tuple[int, RefusalCode]:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.status, caught.value.code


async def test_a_message_is_stored_then_shown(talk: Talk, storage: Storage) -> None:
    posted = await talk.post("  안녕 <b> ", role=Role.GUEST)
    message = posted.message
    assert posted.new and (message.n, message.text, message.person) == (1, "안녕 <b>", MINJI)
    record = await storage.messages.find("abc", 1)
    assert record and (record.person, record.body, record.role) == (MINJI.id, "안녕 <b>", "guest")
    (event,) = talk.events()
    assert event["type"] == "message" and event["message"]["text"] == "안녕 <b>"
    assert event["message"]["at"] == round(talk.clock.now * 1_000)
    assert talk.context.counters.messages == 1
    assert talk.judge.judged == [(MINJI.id, "안녕 <b>")]


async def test_messages_are_shown_in_the_order_of_their_numbers(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not matter which of them is stored first."""
    gates = {1: asyncio.Event(), 2: asyncio.Event()}
    add = storage.messages.add

    async def gated(record: MessageRecord) -> MessageRecord | None:
        await gates[record.sequence].wait()
        return await add(record)

    monkeypatch.setattr(storage.messages, "add", gated)
    first = asyncio.create_task(talk.post("first"))
    second = asyncio.create_task(talk.post("second"))
    await asyncio.sleep(0)
    gates[2].set()
    assert (await second).message.n == 2
    assert talk.events() == []
    gates[1].set()
    assert (await first).message.n == 1
    assert [event["message"]["text"] for event in talk.events()] == ["first", "second"]
    assert await talk.texts() == ["first", "second"]


async def test_a_message_that_comes_twice_is_accepted_once(talk: Talk) -> None:
    """This includes a copy that comes while the first is being stored. Another person may use the
    same id.
    """
    answers = await asyncio.gather(*(talk.post("hi", id="x") for _ in range(3)))
    again = await talk.post("other text", id="x")
    assert [answer.message.n for answer in (*answers, again)] == [1, 1, 1, 1]
    assert again.message.text == "hi" and not again.new
    assert (await talk.post("hi", SAM, id="x")).message.n == 2
    assert [event["message"]["n"] for event in talk.events()] == [1, 2]
    assert talk.context.counters.messages == 2


async def test_storage_that_is_away_loses_nothing(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No viewer sees a message that is not stored; it can be sent again, and later ones work."""
    add = storage.messages.add

    async def away(record: MessageRecord) -> MessageRecord | None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(storage.messages, "add", away)
    with pytest.raises(StorageError):
        await talk.post("lost?", id="x")
    assert talk.events() == [] and await talk.texts() == []
    monkeypatch.setattr(storage.messages, "add", add)
    await talk.post("other")
    assert (await talk.post("lost?", id="x")).new
    assert [event["message"]["text"] for event in talk.events()] == ["other", "lost?"]


async def test_an_answer_of_storage_that_is_lost(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message was stored nevertheless. When it is sent again, it is shown once, with its
    number.
    """
    add = storage.messages.add

    async def lost(record: MessageRecord) -> MessageRecord | None:
        await add(record)
        raise StorageUnavailable("no answer")

    monkeypatch.setattr(storage.messages, "add", lost)
    with pytest.raises(StorageError):
        await talk.post("first", id="x")
    monkeypatch.setattr(storage.messages, "add", add)
    await talk.post("second")
    answer = await talk.post("first", id="x")
    assert (answer.message.n, answer.new) == (1, False)
    assert not (await talk.post("first", id="x")).new
    assert [event["message"]["text"] for event in talk.events()] == ["second", "first"]
    assert await talk.texts() == ["first", "second"]


async def test_a_message_that_waits_and_is_sent_again_is_shown_once(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stored and acknowledged, but not shown until an earlier message is stored."""
    gate, add = asyncio.Event(), storage.messages.add

    async def gated(record: MessageRecord) -> MessageRecord | None:
        if record.sequence == 1:
            await gate.wait()
        return await add(record)

    monkeypatch.setattr(storage.messages, "add", gated)
    first = asyncio.create_task(talk.post("first"))
    await asyncio.sleep(0)
    assert (await talk.post("second", id="x")).new
    assert (await talk.post("second", id="x")).message.n == 2
    gate.set()
    await first
    assert [event["message"]["text"] for event in talk.events()] == ["first", "second"]


async def test_a_message_that_is_being_stored_is_removed_with_its_author(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge decided before the ban, and the commit comes after it."""
    begun, gate, add = asyncio.Event(), asyncio.Event(), storage.messages.add

    async def gated(record: MessageRecord) -> MessageRecord | None:
        begun.set()
        await gate.wait()
        return await add(record)

    monkeypatch.setattr(storage.messages, "add", gated)
    posting = asyncio.create_task(talk.post("hate"))
    await begun.wait()
    removing = asyncio.create_task(talk.chat.remove_person(MINJI.id, SAM.id))
    for _ in range(3):
        await asyncio.sleep(0)
    gate.set()
    assert await removing == [1]
    await posting
    assert await talk.texts() == []


async def test_all_messages_of_a_person_who_wrote_much_are_removed(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event has a maximum size."""
    numbers = list(range(1, 5_001))

    async def numbers_of(room: str, person: str) -> list[int]:
        return numbers

    monkeypatch.setattr(storage.messages, "numbers_of", numbers_of)
    assert await talk.chat.remove_person(MINJI.id, SAM.id) == numbers
    removed = [n for event in talk.events() for n in event["messages"]]
    assert removed == numbers


async def test_a_client_that_leaves_does_not_stop_its_message(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, add = asyncio.Event(), storage.messages.add

    async def noted(record: MessageRecord) -> MessageRecord | None:
        begun.set()
        return await add(record)

    monkeypatch.setattr(storage.messages, "add", noted)
    posting = asyncio.create_task(talk.post("hi"))
    await begun.wait()
    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting
    await talk.chat.close()
    assert await talk.texts() == ["hi"]


async def test_the_media_time_of_the_author(talk: Talk) -> None:
    """It is never after the live edge and at most a minute before it; without a time, it is the
    edge.
    """
    talk.channel.stream.publish(video_sample(90 * 90_000, key=True))
    edge = talk.channel.edge
    times = [edge - 5_000_000, None, edge + 9_000_000, -5, 0]
    got = [(await talk.post(media_time=time)).message.media_time for time in times]
    assert got == [edge - 5_000_000, edge, edge, edge - 60_000_000, edge - 60_000_000]


@pytest.mark.parametrize("client_id", ["", "x" * 65, "a b", "ä", "x\n"])
async def test_client_ids(talk: Talk, client_id: str) -> None:
    with pytest.raises(Unprocessable):
        await talk.post(id=client_id)
    assert (await talk.post(id="x" * 64)).new


async def test_a_flood_of_one_person_is_refused(talk: Talk) -> None:
    """The refusal has the seconds to wait. The refused text uses no number."""
    outcomes = [await talk.post(role=Role.GUEST) for _ in range(5)]
    assert [outcome.message.n for outcome in outcomes] == [1, 2, 3, 4, 5]
    with pytest.raises(Refusal) as caught:
        await talk.post(role=Role.GUEST)
    refusal = caught.value
    assert (refusal.status, refusal.code, refusal.retry_after) == (
        429,
        RefusalCode.RATE_LIMITED,
        2,
    )
    talk.clock.now += 1.5
    assert (await talk.post(role=Role.GUEST)).message.n == 6
    assert len(talk.judge.judged) == 6


async def test_a_flood_of_many_is_refused_and_the_creator_passes(storage: Storage) -> None:
    talk = Talk(storage, messages_per_second=8)

    async def outcome(number: int) -> RefusalCode | None:
        try:
            await talk.post(person=Person(f"p-{number}", "", 0), role=Role.GUEST)
        except Refusal as refusal:
            return refusal.code
        return None

    outcomes = await asyncio.gather(*(outcome(number) for number in range(1_000)))
    assert 4 <= outcomes.count(None) <= 8
    assert set(outcomes) == {None, RefusalCode.CHAT_CROWDED}
    assert (await talk.post("stop")).new
    await talk.chat.close()


async def test_the_judge_decides(talk: Talk) -> None:
    talk.judge.verdict = refused(RefusalCode.MUTED, "muted", 30)
    assert await refusal_of(talk.post()) == (403, RefusalCode.MUTED)
    talk.judge.verdict = refused(RefusalCode.SLOW_MODE, "slow", 3)
    assert await refusal_of(talk.post()) == (429, RefusalCode.SLOW_MODE)
    talk.judge.verdict = HELD
    held = (await talk.post("bad word")).message
    assert held.state is State.HELD and talk.events() == [] and await talk.texts() == []
    assert await talk.chat.held(10) == [held]


async def test_held_messages_are_shown_or_rejected(talk: Talk) -> None:
    talk.judge.verdict = HELD
    await talk.post("good")
    await talk.post("bad")
    talk.judge.verdict = ALLOWED
    await talk.chat.show_held(1)
    await talk.chat.reject_held(2, SAM.id)
    shown, rejected = talk.events()
    assert [message["text"] for message in shown["messages"]] == ["good"]
    assert shown["type"] == "restored" and "state" not in shown["messages"][0]
    assert rejected == {"type": "removed", "messages": [2]}
    assert await talk.texts() == ["good"] and await talk.chat.held(10) == []
    for work in (talk.chat.show_held(2), talk.chat.reject_held(1, SAM.id)):
        assert await refusal_of(work) == (404, RefusalCode.MESSAGE_NOT_FOUND)


async def test_replies(talk: Talk) -> None:
    await talk.post("x" * 100)
    reply = (await talk.post("yes", SAM, reply_to=1)).message
    assert reply.reply_to and (reply.reply_to.n, reply.reply_to.name) == (1, MINJI.name)
    assert reply.reply_to.text == "x" * 80 + "…"
    await talk.chat.remove(author(), RemoveMessage(requester(), 1))
    for missing in (1, 9, 0, -1, 1 << 70):
        assert await refusal_of(talk.post(reply_to=missing)) == (
            404,
            RefusalCode.MESSAGE_NOT_FOUND,
        )


async def test_replies_do_not_quote_a_removed_message(talk: Talk) -> None:
    await talk.post("rude")
    await talk.post("no", SAM, reply_to=1)
    moderator = author(role=Role.MODERATOR)
    await talk.chat.remove(moderator, RemoveMessage(requester(), 1))
    (reply,) = (await talk.read()).messages
    assert describe_message(reply)["reply_to"] is None and "rude" not in str(reply)
    await talk.chat.restore(moderator, RestoreMessage(requester(), 1))
    reply = (await talk.read()).messages[1]
    assert describe_message(reply)["reply_to"] == {"n": 1, "name": MINJI.name, "text": "rude"}


async def test_mentions(talk: Talk) -> None:
    """Only people who have written are mentioned."""
    await talk.post("hi", SAM)
    message = (await talk.post("@sam @민지 hello")).message
    assert message.mentions == (SAM.id,)
    assert talk.events()[-1]["message"]["mentions"] == [SAM.id]


async def test_the_author_removes_an_own_message(talk: Talk) -> None:
    await talk.post("mine")
    await talk.post("of Sam", SAM)
    own, guest = author(MINJI), author(MINJI, Role.KNOWN)
    await talk.chat.remove(own, RemoveMessage(requester(), 1))
    await talk.chat.remove(own, RemoveMessage(requester(), 1))
    assert talk.events()[2:] == [{"type": "removed", "messages": [1]}]
    assert await refusal_of(talk.chat.remove(guest, RemoveMessage(requester(), 2))) == (
        403,
        RefusalCode.MODERATORS_ONLY,
    )
    assert talk.judge.noted == [] and await talk.texts() == ["of Sam"]


async def test_a_moderator_removes_and_restores(talk: Talk) -> None:
    """Each change is logged once. The removal can be undone for 10 s."""
    await talk.post("bad")
    moderator = author(SAM, Role.MODERATOR)
    await talk.chat.remove(moderator, RemoveMessage(requester(SAM), 1))
    assert await talk.texts() == []
    talk.clock.now += 9
    await talk.chat.restore(moderator, RestoreMessage(requester(SAM), 1))
    await talk.chat.restore(moderator, RestoreMessage(requester(SAM), 1))
    assert await talk.texts() == ["bad"]
    assert [event["type"] for event in talk.events()] == ["message", "removed", "restored"]
    await talk.chat.remove(moderator, RemoveMessage(requester(SAM), 1))
    talk.clock.now += 10
    assert await refusal_of(talk.chat.restore(moderator, RestoreMessage(requester(SAM), 1))) == (
        409,
        RefusalCode.UNDO_OVER,
    )
    assert talk.judge.noted == [
        ("removal", SAM.id, 1),
        ("restoration", SAM.id, 1),
        ("removal", SAM.id, 1),
    ]


@pytest.mark.parametrize("n", [0, 7, -3, 1 << 70])
async def test_messages_that_do_not_exist(talk: Talk, n: int) -> None:
    await talk.post()
    moderator = author(SAM, Role.MODERATOR)
    by = requester(SAM)
    for work in (
        talk.chat.remove(moderator, RemoveMessage(by, n)),
        talk.chat.restore(moderator, RestoreMessage(by, n)),
        talk.chat.pin(moderator, PinMessage(by, n)),
    ):
        assert await refusal_of(work) == (404, RefusalCode.MESSAGE_NOT_FOUND)


async def test_all_messages_of_a_person(talk: Talk) -> None:
    for text in ("a", "b", "c"):
        await talk.post(text)
    await talk.post("of Sam", SAM)
    talk.events()
    numbers = await talk.chat.remove_person(MINJI.id, SAM.id)
    assert talk.events() == [{"type": "removed", "messages": [1, 2, 3], "person": MINJI.id}]
    assert await talk.texts() == ["of Sam"]
    await talk.chat.restore_numbers(numbers)
    assert await talk.texts() == ["a", "b", "c", "of Sam"]
    (event,) = talk.events()
    assert [message["text"] for message in event["messages"]] == ["a", "b", "c"]


async def test_one_message_is_pinned(talk: Talk) -> None:
    """A viewer who joins later gets the pinned message. A removed message is no longer pinned."""
    for text in ("a", "b"):
        await talk.post(text)
    moderator, by = author(SAM, Role.MODERATOR), requester(SAM)
    await talk.chat.pin(moderator, PinMessage(by, 1))
    await talk.chat.pin(moderator, PinMessage(by, 2))
    pins = [event["message"] for event in talk.events() if event["type"] == "pin"]
    assert [pin["text"] for pin in pins] == ["a", "b"]
    late = Watcher()
    late.messages += talk.channel.subscribe(late)
    assert [event["message"]["text"] for event in events_of(late)] == ["b"]
    await talk.chat.remove(moderator, RemoveMessage(by, 2))
    assert talk.events()[-1] == {"type": "pin", "message": None}
    await talk.chat.unpin(moderator, UnpinMessage(by))
    assert talk.events() == []
    assert await refusal_of(talk.chat.pin(moderator, PinMessage(by, 2))) == (
        404,
        RefusalCode.MESSAGE_NOT_FOUND,
    )


async def test_lines_of_the_room(talk: Talk) -> None:
    """Lines are numbered with the messages. A line is in the history, but cannot be removed."""
    talk.chat.state_changed(RoomState.IDLE, RoomState.LIVE)
    talk.chat.state_changed(RoomState.LIVE, RoomState.AWAY)
    talk.chat.state_changed(RoomState.AWAY, RoomState.LIVE)
    await talk.settle()
    await talk.post("hi")
    line, event = talk.events()
    assert (line["type"], line["key"], line["n"]) == ("system", "went_live", 1)
    assert event["message"]["n"] == 2
    assert await talk.texts() == ["went_live", "hi"]
    assert await refusal_of(
        talk.chat.remove(author(role=Role.CREATOR), RemoveMessage(requester(), 1))
    ) == (404, RefusalCode.MESSAGE_NOT_FOUND)


async def test_a_line_is_shown_without_storage(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(record: MessageRecord) -> MessageRecord | None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(storage.messages, "add", away)
    talk.chat.post_line("slow_mode_on", seconds=10)
    await talk.chat.close()
    (line,) = talk.events()
    assert (line["key"], line["values"]) == ("slow_mode_on", {"seconds": 10})


async def test_the_history_below_what_is_in_memory(talk: Talk) -> None:
    for number in range(1, KEPT + 31):
        await talk.post(str(number))
    page = await talk.read(before=35, limit=10)
    assert [message.n for message in page.messages] == list(range(25, 35))
    assert page.sequence == KEPT + 30
    assert [message.n for message in (await talk.read(after=5, limit=3)).messages] == [6, 7, 8]
    assert [message.n for message in (await talk.read(limit=2)).messages] == [KEPT + 29, KEPT + 30]
    assert len((await talk.read(after=KEPT + 28)).messages) == 2


async def test_a_restart(storage: Storage) -> None:
    """Numbers continue, a repeated message is recognised, and the pin is restored."""
    talk = Talk(storage)
    await talk.post("first", id="x")
    await talk.post("second")
    await talk.post("third", reply_to=1)
    await talk.chat.pin(author(role=Role.CREATOR), PinMessage(requester(), 2))
    await talk.chat.remove(author(role=Role.CREATOR), RemoveMessage(requester(), 1))
    await talk.chat.close()
    talk = Talk(storage, restored=True)
    talk.chat.viewer_joined(1, None, True)
    await talk.settle()
    assert [event["message"]["text"] for event in talk.events()] == ["second"]
    assert not (await talk.post("first", id="x")).new
    assert (await talk.post("fourth", id="y")).message.n == 4
    assert await talk.texts() == ["second", "third", "fourth"]
    await talk.chat.close()


async def test_a_restart_while_storage_is_away(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is numbered before the last number is known."""
    await Talk(storage).post("first")
    talk = Talk(storage, restored=True)
    latest: Callable[..., Awaitable[Any]] = storage.messages.latest

    async def away(*_: object) -> list[MessageRecord]:
        raise StorageUnavailable("away")

    monkeypatch.setattr(storage.messages, "latest", away)
    for work in (talk.post(), talk.read()):
        with pytest.raises(StorageError):
            await work
    monkeypatch.setattr(storage.messages, "latest", latest)
    assert (await talk.post("second")).message.n == 2
    await talk.chat.close()


async def test_the_key_of_a_program_writes_as_the_creator(talk: Talk) -> None:
    """Without a person, the room itself is the author, so that a message is accepted once."""
    first = await talk.post("hi", ANONYMOUS, id="x")
    assert first.message.person.id == "room-abc" and first.message.role is Role.CREATOR
    assert not (await talk.post("hi", ANONYMOUS, id="x")).new


async def test_a_deleted_person_is_forgotten(talk: Talk) -> None:
    await talk.post("secret")
    await talk.post("of Sam", SAM, reply_to=1)
    await talk.chat.pin(author(), PinMessage(requester(), 1))
    talk.chat.forget_person(MINJI.id)
    first, second = (await talk.read()).messages
    assert (first.text, first.person) == ("", ANONYMOUS)
    assert (second.text, second.person) == ("of Sam", SAM)
    assert describe_message(second)["reply_to"] is None and "secret" not in str(second)
    assert talk.events()[-1]["message"]["text"] == ""
    assert (await talk.post("@민지", SAM)).message.mentions == ()
    late = Watcher()
    late.messages += talk.channel.subscribe(late)
    assert "secret" not in str(events_of(late)) and MINJI.name not in str(events_of(late))


async def test_a_message_that_waits_while_the_room_ends_is_refused(
    talk: Talk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room may be deleted before the message would be stored."""
    latest = storage.messages.latest

    async def ending(room: str, limit: int) -> list[MessageRecord]:
        talk.chat.state_changed(RoomState.LIVE, RoomState.ENDED)
        return await latest(room, limit)

    talk.context.restored = True
    monkeypatch.setattr(storage.messages, "latest", ending)
    assert await refusal_of(talk.post("too late")) == (410, RefusalCode.ROOM_ENDED)
    assert await storage.messages.last_number("abc") == 0


async def test_no_message_is_stored_after_the_close(talk: Talk) -> None:
    await talk.chat.close()
    assert await refusal_of(talk.post("late")) == (503, RefusalCode.SERVER_CLOSING)


async def test_an_ended_room_is_read_from_storage(talk: Talk, storage: Storage) -> None:
    for text in ("a", "b", "c"):
        await talk.post(text)
    past = PastRoom(talk.context.record, storage)
    page = await past.execute(ReadMessages(requester(), 2))
    assert isinstance(page, MessagePage) and page.sequence == 3
    assert [message.text for message in page.messages] == ["b", "c"]
    after = await past.execute(ReadMessages(requester(), 2, after=1))
    before = await past.execute(ReadMessages(requester(), 2, before=2))
    assert isinstance(after, MessagePage) and isinstance(before, MessagePage)
    assert [message.text for message in (*after.messages, *before.messages)] == ["b", "c", "a"]


async def test_a_page_of_the_history_says_who_reads_and_whose_room_it_is(
    talk: Talk, storage: Storage
) -> None:
    """The page shows the actions of the reader's role, and the creator's name."""
    assert (await talk.read()).creator is None
    await storage.people.add(MINJI.id, MINJI.name, MINJI.colour, "device", "A browser", 0.0)
    talk.context.record = replace(talk.context.record, owner=MINJI.id)
    page = await talk.read()
    assert (page.role, page.creator) == (Role.GUEST, MINJI)
    past = await PastRoom(talk.context.record, storage).execute(ReadMessages(requester(), 2))
    assert isinstance(past, MessagePage) and past.creator == MINJI
