"""When a path counts as congested, and when full video is tried again."""

from relay.rtc.send.congestion import OLD_LOSS, RETRY_MAX, Allowance, Congestion


def test_loss_that_retransmission_repairs_is_no_congestion() -> None:
    congestion = Congestion(0)
    for second in range(60):
        assert not congestion.report(0.1, second, congested=False)
    assert not congestion.report(0.3, 61, congested=False), "one bad report is a burst of loss"
    assert not congestion.report(0.0, 62, congested=False)
    assert not congestion.report(0.3, 63, congested=False)
    assert congestion.report(0.3, 64, congested=False)


def test_a_congested_path_is_not_congested_again() -> None:
    congestion = Congestion(0)
    assert congestion.report(0.9, 1, congested=False)
    assert not congestion.report(0.9, 2, congested=True)


def test_pauses_grow_while_full_video_fails() -> None:
    congestion = Congestion(0)
    now, pauses = 0.0, []
    for _ in range(8):
        congestion.report(0.3, now, congested=False)
        assert congestion.report(0.3, now + 1, congested=False)
        since = now = now + 1
        while not congestion.may_resume(now):
            now += 0.5
        pauses.append(now - since)
        now += 1
    assert pauses[0] == 2 and pauses == sorted(pauses) and pauses[-1] == RETRY_MAX


def test_after_a_long_good_time_the_first_pause_is_short() -> None:
    congestion = Congestion(0)
    congestion.report(0.9, 1, congested=False)
    assert not congestion.may_resume(1.5) and congestion.may_resume(4)
    congestion.report(0.9, 100, congested=False)
    assert not congestion.may_resume(100.5) and congestion.may_resume(101)


def test_losses_of_the_former_path_do_not_count_after_a_move() -> None:
    congestion = Congestion(0)
    congestion.report(0.3, 9, congested=False)
    congestion.move(10)
    assert not congestion.report(0.9, 10 + OLD_LOSS / 2, congested=False)
    assert not congestion.report(0.3, 10 + OLD_LOSS, congested=False)
    assert congestion.report(0.9, 11 + OLD_LOSS, congested=False)
    congestion.move(14)
    assert congestion.may_resume(14), "the new path may carry full video"


def test_retransmissions_are_a_share_of_what_is_sent() -> None:
    allowance = Allowance(0.5, 1_000)
    assert sum(allowance.spend(100) for _ in range(20)) == 10
    allowance.earn(400)
    assert sum(allowance.spend(100) for _ in range(20)) == 2
    allowance.earn(1_000_000)
    assert sum(allowance.spend(100) for _ in range(20)) == 10
