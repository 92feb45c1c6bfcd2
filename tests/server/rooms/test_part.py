"""The context that the parts of a room use."""

from server.people.person import Person
from server.rooms import part
from tests.fixtures.channel import Timers, Watcher, make_channel
from tests.fixtures.social import MINJI, Clock, events_of, make_context


def test_an_event_reaches_the_viewers() -> None:
    timers, watcher = Timers(), Watcher()
    channel = make_channel(timers=timers)
    channel.subscribe(watcher)
    context = make_context(channel=channel)
    context.post({"type": "pin", "message": "안녕"}, key="pin")
    timers.go_off()
    assert events_of(watcher) == [{"type": "pin", "message": "안녕"}]
    assert "안녕".encode() in watcher.records[0].body


def test_the_clock_is_read_each_time() -> None:
    clock = Clock(5.0)
    context = make_context(clock=clock)
    clock.now = 6.0
    assert context.now == 6.0


def test_people_are_remembered_by_id() -> None:
    """The latest name counts. Above the limit the first are forgotten."""
    context = make_context()
    context.meet(Person(MINJI.id, "before", 1))
    context.meet(MINJI)
    assert context.person(MINJI.id) == MINJI
    assert context.person("p-other") is None and context.person(None) is None
    for number in range(part.MAX_PEOPLE):
        context.meet(Person(f"p-{number}", "", 0))
    assert context.person(MINJI.id) is None and context.person("p-0") is not None
