"""The states of a transcoding, and its requests."""

import itertools

import pytest

from relay.media.h264 import AccessUnit
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.takeover import Takeover
from server.ingest.transcoder_messages import REQUEST, Kind, RequestFlag
from server.ingest.transcoding import (
    BEHIND,
    CRASH_PERIOD,
    MAX_CRASHES,
    MAX_IN_FLIGHT,
    SLOW,
    STUCK,
    Event,
    State,
    Transcoding,
)

READY, BROKEN, DONE = Kind.READY, Kind.BROKEN, Kind.DONE
S, E = State, Event

EVENTS = [E.READY, E.KEYFRAME, E.OVERLOADED, E.BROKEN, E.CRASHED, E.LOST, E.CLOSED]
# One row per state, one column per event of EVENTS; None: the state stays.
EXPECTED: dict[State, list[State | None]] = {
    S.STARTING: [S.WAITING, None, None, None, None, S.LOST, S.CLOSED],
    S.WAITING: [None, S.RUNNING, None, None, S.STARTING, S.LOST, S.CLOSED],
    S.RUNNING: [None, None, S.WAITING, S.WAITING, S.STARTING, S.LOST, S.CLOSED],
    S.LOST: [None, None, None, None, None, None, S.CLOSED],
    S.CLOSED: [None] * 7,
}
PATHS: dict[State, list[Event]] = {
    S.STARTING: [],
    S.WAITING: [E.READY],
    S.RUNNING: [E.READY, E.KEYFRAME],
    S.LOST: [E.LOST],
    S.CLOSED: [E.CLOSED],
}
"""Events that lead from a new transcoding to each state."""


def frame(number: int, *, key: bool = False, arrived: float = 0.0) -> EncodedFrame:
    unit = AccessUnit(b"\0\0\0\1x", b"", b"", key, False)
    return EncodedFrame(number * 3_000, unit, arrived or number / 30)


def flags(request: bytes) -> RequestFlag:
    return RequestFlag(REQUEST.unpack_from(request)[2])


@pytest.mark.parametrize(
    ("state", "event"),
    list(itertools.product(S, E)),
    ids=lambda value: value.name.lower(),
)
def test_every_event_in_every_state(state: State, event: Event) -> None:
    """Frames are requested while the worker runs only."""
    transcoding = Transcoding("VP8")
    for step in PATHS[state]:
        assert transcoding.happen(step)
    assert transcoding.state is state
    after = EXPECTED[state][EVENTS.index(event)]
    assert transcoding.happen(event) == (after is not None)
    assert transcoding.state is (after or state)
    accepted = transcoding.request(frame(1))
    assert bool(accepted) == (transcoding.state is State.RUNNING)


@pytest.mark.parametrize(
    "events", list(itertools.product([READY, BROKEN, DONE, "key", "other"], repeat=4))
)
def test_any_order_of_answers_and_frames(events: tuple[Kind | str, ...]) -> None:
    """A frame is requested only after READY and a keyframe, and not between BROKEN and the next
    keyframe.
    """
    transcoding, ready, decodable = Transcoding("VP8"), False, False
    for number, event in enumerate(events):
        if isinstance(event, Kind):
            transcoding.receive_answer(event, 0, b"", 0.0)
            ready = ready or event is READY
            decodable = decodable and event is not BROKEN
        else:
            decodable = ready and (decodable or event == "key")
            request = transcoding.request(frame(number, key=event == "key"))
            assert bool(request) == decodable


def test_a_keyframe_for_viewers_at_most_every_300_ms() -> None:
    """A request is not forgotten: it is met as soon as the interval allows."""
    transcoding = Transcoding("VP8")
    transcoding.receive_answer(READY, 0, b"", 0.0)
    keys = []
    for index in range(16):
        if 0 < index < 8:
            transcoding.request_keyframe()
        request = transcoding.request(frame(index, key=not index, arrived=1 + index * 0.034))
        transcoding.receive_answer(DONE, 0, b"", 0.0)
        if RequestFlag.KEYFRAME in flags(request):
            keys.append(index)
    assert keys == [0, 9]


def test_more_requests_than_the_worker_can_take() -> None:
    """First frames are only decoded; then they are dropped until a keyframe finds room."""
    transcoding = Transcoding("VP8")
    transcoding.receive_answer(READY, 0, b"", 0.0)
    requests = [transcoding.request(frame(index, key=not index)) for index in range(20)]
    assert all(requests[:SLOW]) and not any(requests[SLOW:])
    skipped = [RequestFlag.SKIP in flags(request) for request in requests[:SLOW]]
    assert skipped == [index >= BEHIND for index in range(SLOW)]
    assert transcoding.dropped == 20 - SLOW
    assert not transcoding.request(frame(20, key=True)), "a keyframe without room is dropped too"
    for _ in range(SLOW):
        transcoding.receive_answer(DONE, 0, b"", 0.0)
    assert not transcoding.request(frame(21))
    assert transcoding.needs_keyframe
    assert transcoding.request(frame(22, key=True))


def test_frames_that_arrive_at_once_after_an_interruption() -> None:
    """All are encoded, up to a limit."""
    transcoding = Transcoding("VP8")
    transcoding.receive_answer(READY, 0, b"", 0.0)
    requests = [
        transcoding.request(frame(index, key=not index, arrived=2.0))
        for index in range(MAX_IN_FLIGHT + 1)
    ]
    assert [flags(request) for request in requests[1:-1]] == [RequestFlag.NONE] * (
        MAX_IN_FLIGHT - 1
    )
    assert requests[-1] == b"" and transcoding.state is State.WAITING


def test_parameter_sets_alone_are_kept_for_the_next_keyframe() -> None:
    transcoding = Transcoding("H264")
    transcoding.receive_answer(READY, 0, b"", 0.0)
    assert (
        transcoding.request(EncodedFrame(0, AccessUnit(b"", b"sps", b"pps", False, False), 0.0))
        == b""
    )
    request = transcoding.request(frame(1, key=True))
    assert request[REQUEST.size :] == b"\0\0\0\1sps\0\0\0\1pps\0\0\0\1x"
    assert transcoding.dropped == 0


def test_frames_that_waited_long_do_not_make_the_worker_late() -> None:
    """Its time to answer begins when it is ready."""
    transcoding = Transcoding("H264", Takeover((frame(0, key=True), frame(1))))
    ready = STUCK + 1
    transcoding.receive_answer(READY, 0, b"", ready)
    assert transcoding.waiting_requests()
    assert not transcoding.stuck(ready + STUCK - 0.1) and transcoding.stuck(ready + STUCK + 0.1)


def test_crashes_within_a_minute_are_limited() -> None:
    """After a crash, no frame is in flight, and the new worker gets frames from a keyframe on."""
    transcoding = Transcoding("VP8")
    assert not transcoding.crash(0.0), "a worker that was never ready is not replaced"
    for number in range(3 * MAX_CRASHES):
        transcoding.receive_answer(READY, 0, b"", 0.0)
        assert transcoding.request(frame(number, key=True)) and transcoding.stuck(1e9)
        now = 10.0 * number if number < MAX_CRASHES else CRASH_PERIOD * number
        assert transcoding.crash(now) and not transcoding.stuck(1e9)
        assert not transcoding.request(frame(number, key=True))
    transcoding.receive_answer(READY, 0, b"", 0.0)
    for soon in range(1, MAX_CRASHES):
        assert transcoding.crash(now + soon)
        transcoding.receive_answer(READY, 0, b"", 0.0)
    assert not transcoding.crash(now + MAX_CRASHES)
    assert transcoding.happen(Event.LOST)
