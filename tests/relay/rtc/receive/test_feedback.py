"""When to request a keyframe, and the statistics of receiver reports."""

import pytest
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket as AiortcPacket
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive.feedback import (
    IGNORED_FOR,
    KEYFRAME_AT_MOST,
    KEYFRAME_EVERY,
    KeyframeBudget,
    KeyframeRequests,
    ReceptionStatistics,
)
from relay.rtc.rtp import RtpPacket


def packet(sequence: int, timestamp: int = 0) -> RtpPacket:
    return RtpPacket(96, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 1, b"")


def test_the_first_request_goes_out_at_once_and_is_repeated() -> None:
    """Every 500 ms until a keyframe arrives."""
    requests = KeyframeRequests()
    sent = [now for now in (step / 100 for step in range(200)) if requests.due(now)]
    assert sent == [0.0, 0.5, 1.0, 1.5]


def test_a_request_every_two_seconds() -> None:
    """2 s after the last keyframe, a new one is requested: the longest GOP."""
    requests = KeyframeRequests()
    assert requests.due(0)
    requests.keyframe_received(0.1)
    assert not requests.due(2.0)
    assert requests.due(2.1)
    requests.keyframe_received(2.2)
    requests.request()
    assert not requests.due(2.5)  # 400 ms after the last request
    assert requests.due(2.6)


def sent_by(sessions: int, seconds: int, *, strained: bool) -> int:
    """Number of PLIs that this many sessions send, each of which lost its reference for good."""
    budget = KeyframeBudget()
    budget.sessions, budget.strained = sessions, strained
    asking = [KeyframeRequests(budget) for _ in range(sessions)]
    sent = 0
    for step in range(seconds * 50):
        for requests in asking:
            requests.reference_lost(0.03)
            sent += requests.due(step / 50)
    return sent


def test_all_sessions_together_send_a_bounded_number_of_requests() -> None:
    """An overloaded server that loses packets of 240 publishers must not make them send even more
    keyframes. Without a budget, these sessions send 7,000 requests in 30 s.
    """
    assert sent_by(240, 30, strained=False) <= 260 + 30 * (1 + 0.75 * 240)
    assert 30 * 0.25 * 240 <= sent_by(240, 30, strained=True) <= 260 + 30 * (1 + 0.25 * 240)


def test_the_usual_requests_fit_into_the_budget() -> None:
    """Each session sends one every 2 s."""
    budget = KeyframeBudget()
    budget.sessions = 100
    asking = [KeyframeRequests(budget) for _ in range(100)]
    sent = 0
    for step in range(20 * 50):
        for requests in asking:
            if requests.due(step / 50):
                sent += 1
                requests.keyframe_received(step / 50)
    assert sent == 100 * 10 and budget.refused == 0


def test_after_a_lost_reference_requests_are_fast_at_first() -> None:
    """Three requests within half a second, since browsers ignore requests shortly after their last
    keyframe; then fewer and fewer until a keyframe arrives.
    """
    requests = KeyframeRequests()
    requests.due(0.0)
    requests.keyframe_received(0.1)
    sent = []
    for step in range(100, 600):
        requests.reference_lost(0.03)
        if requests.due(step / 100):
            sent.append(step / 100)
    assert [moment - 1.0 for moment in sent[:5]] == pytest.approx(
        [0.0, 0.15, 0.45, 1.05, 2.05], abs=0.03
    )
    requests.keyframe_received(6.0)
    assert not requests.due(6.4)
    requests.reference_lost(0.03)
    assert requests.due(6.4)


def test_with_a_long_round_trip_requests_wait_for_an_answer() -> None:
    """With a round trip of 400 ms, the second request follows after more than that."""
    requests = KeyframeRequests()
    requests.reference_lost(0.4)
    assert requests.due(0.0) and not requests.due(0.59)


@given(st.lists(st.tuples(st.floats(0, 0.4), st.sampled_from(["ask", "key", ""])), max_size=200))
def test_never_more_than_one_in_500_ms_and_never_none_in_2_s(
    steps: list[tuple[float, str]],
) -> None:
    """Any calls: requests are at least 500 ms apart, and no keyframe gets older than 2 s without a
    request.
    """
    requests, now, last, last_key = KeyframeRequests(), 0.0, -10.0, None
    for step, kind in steps:
        now += step
        if kind == "ask":
            requests.request()
        elif kind == "key":
            requests.keyframe_received(now)
            last_key = now
        due_at = requests.due_at
        if requests.due(now):
            assert now - last >= KEYFRAME_AT_MOST
            assert now >= due_at - 1e-9
            last = now
        assert now - max(last, -10 if last_key is None else last_key) < KEYFRAME_EVERY


@given(
    st.lists(
        st.tuples(st.integers(-5, 12), st.integers(0, 5_000), st.floats(0, 0.2)),
        min_size=1,
        max_size=120,
    )
)
def test_statistics_match_those_of_aiortc(steps: list[tuple[int, int, float]]) -> None:
    """Loss, highest sequence number and fraction lost agree across wraps, losses and reordering."""
    ours, theirs = ReceptionStatistics(90_000), StreamStatistics(90_000)
    highest, now, timestamp = 65_500, 100.0, 0
    ours.add(packet(highest), now)
    theirs.add(AiortcPacket(sequence_number=highest))
    for number, (step, ticks, pause) in enumerate(steps):
        sequence = max(65_500, highest + step)
        highest, now, timestamp = max(highest, sequence), now + pause, timestamp + ticks
        ours.add(packet(sequence, timestamp), now)
        theirs.add(AiortcPacket(sequence_number=sequence & 0xFFFF, timestamp=timestamp))
        assert ours.lost == theirs.packets_lost
        assert ours.received == theirs.packets_received
        if number % 7 == 0:
            assert ours.fraction_lost() == theirs.fraction_lost
    assert ours.highest == highest


def test_jitter_follows_the_rfc() -> None:
    """RFC 3550 §6.4.1: a sixteenth of each change of the transit time. Timestamps that restart do
    not count.
    """
    statistics = ReceptionStatistics(90_000)
    statistics.add(packet(1, 0), 10.0)
    statistics.add(packet(2, 3_000), 10.0 + 3_000 / 90_000)
    assert statistics.jitter == pytest.approx(0, abs=1e-3)
    statistics.add(packet(3, 6_000), 10.0 + 6_000 / 90_000 + 0.016)
    assert statistics.jitter == pytest.approx(1_440 / 16, abs=0.1)
    before = statistics.jitter
    statistics.add(packet(4, 2_000_000_000), 10.2)
    assert statistics.jitter == before


def test_a_restarted_sender_has_lost_nothing() -> None:
    """A jump of the sequence numbers restarts the statistics."""
    statistics = ReceptionStatistics(90_000)
    for sequence in (1, 2, 3, 40_000, 40_001):
        statistics.add(packet(sequence), 1.0)
    assert (statistics.lost, statistics.received, statistics.fraction_lost()) == (0, 2, 0)
    assert ReceptionStatistics(90_000).lost == ReceptionStatistics(90_000).fraction_lost() == 0


def test_an_encoder_that_ignores_requests() -> None:
    """A recovery point ends the urgency, but not the count; only a keyframe does."""
    requests = KeyframeRequests()
    assert not requests.ignored(0.0)
    sent = [now / 10 for now in range(21) if requests.due(now / 10)]
    assert len(sent) == requests.unanswered == 5
    assert not requests.ignored(0.9) and requests.ignored(IGNORED_FOR)
    requests.recovery_point_received(2.0)
    assert requests.ignored(2.0) and not requests.due(3.9) and requests.due(4.0)
    requests.keyframe_received(4.1)
    assert not requests.ignored(9.0) and requests.unanswered == 0
