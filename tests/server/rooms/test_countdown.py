"""The countdown of a live, with a clock that the test sets."""

from typing import Any

import pytest

from relay.errors import Refusal, RefusalCode
from server.rooms.commands.countdown import AddMinute, CountdownEnd
from server.rooms.countdown import RoomCountdown
from server.rooms.life import State
from server.rooms.part import RoomContext
from server.social.author import Role
from server.social.countdown import FADE
from server.storage.keys import hash_key
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from tests.fixtures.media import video_sample
from tests.fixtures.social import KEY, Clock, author, events_of, make_context, requester, watch

CREATOR = author(role=Role.CREATOR)
ADD = AddMinute(requester(key=KEY))


class Live:
    """The countdown of a room, and its effects on the room."""

    def __init__(
        self,
        length: float | None,
        storage: Storage | None = None,
        *,
        most: float | None = None,
        live_for: float | None = None,
    ) -> None:
        self.clock = Clock()
        now = self.clock.now
        live_at = None if live_for is None else now - live_for
        self.record = RoomRecord(
            "abc", "", hash_key(KEY), now - 100, live_at=live_at, length_s=length
        )
        self.ends: list[float] = []
        self.context: RoomContext = make_context(
            storage,
            clock=self.clock,
            record=self.record,
            max_length=most,
            end=lambda: self.ends.append(self.clock.now),
        )
        self.countdown = RoomCountdown(self.context)

    def go_live(self) -> None:
        self.context.channel.stream.publish(video_sample(100 * 90_000, key=True))
        self.countdown.state_changed(State.IDLE, State.LIVE)

    def event(self) -> dict[str, Any] | None:
        """The event that a viewer who joins now gets."""
        watcher = watch(self.context)
        self.context.channel.unsubscribe(watcher)
        events = events_of(watcher)
        return events[-1] if events else None


def test_a_minute_until_the_room_ends() -> None:
    live = Live(60)
    began = live.clock.now
    event = {"type": "countdown", "length": 60, "ends_at": None, "media_end": None}
    assert live.event() == event | {"state": "waiting"}
    live.clock.go_on(500)
    live.go_live()
    ends_at = began + 560
    event |= {"ends_at": ends_at * 1_000, "media_end": 160_000_000}
    assert live.event() == event | {"state": "running"}
    live.clock.go_on(50)
    assert (live.event() or {})["state"] == "last"
    live.clock.go_on(10)
    assert (live.event() or {})["state"] == "fading" and not live.ends
    live.clock.go_on(FADE)
    assert (live.event() or {})["state"] == "over" and live.ends == [ends_at + FADE]
    live.clock.go_on(1_000)
    assert len(live.ends) == 1 and live.clock.timers == []


def test_each_change_is_one_event() -> None:
    live = Live(60)
    watcher = watch(live.context)
    live.go_live()
    live.clock.go_on(100)
    states = [event["state"] for event in events_of(watcher)]
    assert states == ["waiting", "running", "last", "fading", "over"]


def test_an_open_live_has_no_countdown() -> None:
    live = Live(None)
    live.go_live()
    live.clock.go_on(1e6)
    assert live.event() is None and not live.ends


def test_an_open_live_ends_at_the_maximum_of_the_server() -> None:
    live = Live(None, most=300)
    live.go_live()
    live.clock.go_on(300 + FADE)
    assert len(live.ends) == 1


async def test_one_more_minute(storage: Storage) -> None:
    live = Live(60, storage)
    await storage.rooms.add(live.record)
    live.go_live()
    live.clock.go_on(55)
    ends_at = live.clock.now + 65
    assert await live.countdown.add_minute(CREATOR, ADD) == CountdownEnd(
        120, round(ends_at * 1_000)
    )
    assert (live.event() or {})["state"] == "running"
    live.clock.go_on(64)
    assert not live.ends
    live.clock.go_on(1 + FADE)
    assert len(live.ends) == 1
    found = await storage.rooms.find("abc")
    assert found and (found.length_s, found.ends_at) == (120, ends_at)


async def test_one_more_minute_before_the_live(storage: Storage) -> None:
    live = Live(60, storage)
    assert await live.countdown.add_minute(CREATOR, ADD) == CountdownEnd(120, None)


@pytest.mark.parametrize(
    ("live", "code"),
    [
        (Live(None), RefusalCode.NO_COUNTDOWN),
        (Live(60, most=60), RefusalCode.LENGTH_AT_MAXIMUM),
        (Live(60, live_for=1_000), RefusalCode.NO_COUNTDOWN),
    ],
)
async def test_when_no_minute_can_be_added(live: Live, code: RefusalCode) -> None:
    live.clock.go_on(0)
    with pytest.raises(Refusal) as caught:
        await live.countdown.add_minute(CREATOR, ADD)
    assert (caught.value.status, caught.value.code) == (409, code)


def test_the_time_goes_on_while_the_creator_is_away_and_in_the_next_process() -> None:
    live = Live(60, live_for=20)
    assert live.event() == {
        "type": "countdown",
        "state": "running",
        "length": 60,
        "ends_at": (live.clock.now + 40) * 1_000,
        "media_end": 140_000_000,
    }
    live.go_live()
    live.clock.go_on(40 + FADE)
    assert len(live.ends) == 1


async def test_an_ended_room_has_no_timer() -> None:
    live = Live(60)
    live.go_live()
    live.countdown.state_changed(State.LIVE, State.ENDED)
    assert [timer for timer in live.clock.timers if timer.at > live.clock.now + 1] == []
    closed = Live(60)
    closed.go_live()
    await closed.countdown.close()
    assert [timer for timer in closed.clock.timers if timer.at > closed.clock.now + 1] == []
