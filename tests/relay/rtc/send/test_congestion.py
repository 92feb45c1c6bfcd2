"""When a viewer gets keyframes alone, and when it may have all of the video again."""

from relay.rtc.send.congestion import RETRY_MAX, Allowance, Congestion


def test_loss_that_retransmission_mends_changes_nothing() -> None:
    congestion = Congestion(0)
    for second in range(60):
        congestion.report(0.1, second)
    congestion.report(0.3, 61)  # one bad report is a burst
    congestion.report(0.0, 62)
    assert congestion.full


def test_a_network_that_does_not_carry_it_gets_keyframes_and_longer_and_longer_pauses() -> None:
    congestion = Congestion(0)
    now, pauses = 0.0, []
    for _ in range(8):
        congestion.report(0.3, now)
        congestion.report(0.3, now + 1)
        assert not congestion.full
        slowed = now = now + 1
        while not congestion.may_resume(now):
            now += 0.5
        pauses.append(now - slowed)
        now += 1
    assert pauses[0] == 2 and pauses == sorted(pauses) and pauses[-1] == RETRY_MAX


def test_after_a_long_good_time_it_is_tried_again_soon() -> None:
    congestion = Congestion(0)
    congestion.report(0.9, 1)
    assert not congestion.full and not congestion.may_resume(1.5) and congestion.may_resume(4)
    congestion.report(0.9, 100)
    assert not congestion.may_resume(100.5) and congestion.may_resume(101)


def test_what_is_sent_again_is_a_share_of_what_is_sent() -> None:
    allowance = Allowance(0.5, 1_000)
    assert sum(allowance.spend(100) for _ in range(20)) == 10
    allowance.earn(400)
    assert sum(allowance.spend(100) for _ in range(20)) == 2
    allowance.earn(1_000_000)
    assert sum(allowance.spend(100) for _ in range(20)) == 10
