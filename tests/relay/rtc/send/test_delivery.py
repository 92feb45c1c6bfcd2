"""Which video frames a WHEP viewer gets: every event in every state."""

import itertools

import pytest

from relay.rtc.send.delivery import Delivery, DeliveryEvent, DeliveryState

S, E = DeliveryState, DeliveryEvent

EVENTS = [
    *(E.CONNECTED, E.JOIN_STARTED, E.JOIN_COMPLETED, E.FRAME_LOST),
    *(E.KEYFRAME, E.CONGESTED, E.RESUMED, E.ENDED),
]
# One row per state, one column per event of EVENTS; None: the state stays.
EXPECTED: dict[DeliveryState, list[DeliveryState | None]] = {
    S.NOT_CONNECTED: [S.WAITING, None, None, None, None, None, None, S.ENDED],
    S.WAITING: [None, S.JOINING, None, None, S.LIVE, S.KEYFRAMES_ONLY, None, S.ENDED],
    S.JOINING: [None, None, S.LIVE, S.WAITING, None, S.JOINING_CONGESTED, None, S.ENDED],
    S.JOINING_CONGESTED: [
        *(None, None, S.KEYFRAMES_ONLY, S.KEYFRAMES_ONLY, None, None, None, S.ENDED),
    ],
    S.LIVE: [None, None, None, S.WAITING, None, S.KEYFRAMES_ONLY, None, S.ENDED],
    S.KEYFRAMES_ONLY: [None, None, None, None, None, None, S.LIVE, S.ENDED],
    S.ENDED: [None] * 8,
}
PATHS: dict[DeliveryState, list[DeliveryEvent]] = {
    S.NOT_CONNECTED: [],
    S.WAITING: [E.CONNECTED],
    S.JOINING: [E.CONNECTED, E.JOIN_STARTED],
    S.JOINING_CONGESTED: [E.CONNECTED, E.JOIN_STARTED, E.CONGESTED],
    S.LIVE: [E.CONNECTED, E.KEYFRAME],
    S.KEYFRAMES_ONLY: [E.CONNECTED, E.CONGESTED],
    S.ENDED: [E.ENDED],
}
"""Events that lead from a new session to each state."""


def in_state(state: DeliveryState) -> Delivery:
    delivery = Delivery(0)
    for event in PATHS[state]:
        delivery.advance(event)
    assert delivery.state is state
    return delivery


@pytest.mark.parametrize(
    ("state", "event"),
    list(itertools.product(S, E)),
    ids=lambda value: value.name.lower(),
)
def test_every_event_in_every_state(state: DeliveryState, event: DeliveryEvent) -> None:
    delivery = in_state(state)
    delivery.advance(event)
    assert delivery.state is (EXPECTED[state][EVENTS.index(event)] or state)


@pytest.mark.parametrize(
    ("state", "key", "admitted", "after"),
    [
        (S.NOT_CONNECTED, True, False, S.NOT_CONNECTED),
        (S.WAITING, False, False, S.WAITING),
        (S.WAITING, True, True, S.LIVE),
        (S.JOINING, True, False, S.JOINING),
        (S.JOINING_CONGESTED, True, False, S.JOINING_CONGESTED),
        (S.LIVE, False, True, S.LIVE),
        (S.LIVE, True, True, S.LIVE),
        (S.KEYFRAMES_ONLY, False, False, S.KEYFRAMES_ONLY),
        (S.KEYFRAMES_ONLY, True, True, S.LIVE),
        (S.ENDED, True, False, S.ENDED),
    ],
)
def test_which_live_frames_go_out(
    state: DeliveryState, key: bool, admitted: bool, after: DeliveryState
) -> None:
    delivery = in_state(state)
    assert delivery.admits(1e9, key=key) is admitted
    assert delivery.state is after


def test_a_congested_viewer_gets_keyframes_until_full_video_may_be_tried_again() -> None:
    delivery = in_state(S.LIVE)
    delivery.report(0.9, 10)
    assert (delivery.congested, delivery.omits_frames) == (True, True)
    assert [delivery.admits(10.5, key=key) for key in (False, True, False)] == [False, True, False]
    assert delivery.state is S.KEYFRAMES_ONLY
    assert delivery.admits(15, key=True) and delivery.admits(15, key=False)
    assert (delivery.congested, delivery.omits_frames) == (False, False)


def test_a_report_during_the_join_takes_effect_after_it() -> None:
    delivery = in_state(S.JOINING)
    delivery.report(0.9, 10)
    assert delivery.congested and not delivery.omits_frames
    delivery.advance(E.JOIN_COMPLETED)
    assert not delivery.admits(10.5, key=False)
